package dev.ringside.virtio.net.ports;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.PortScheme;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.bench.NullPort;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Ports as text. */
class PacketPortsTest {
    private final MetricsRegistry metrics = new MetricsRegistry();

    private static PortUri parse(String text) {
        return PortUri.parse(text, "tap"::equals);
    }

    private void assertRefused(String uri, String... words) {
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> PacketPorts.open(uri, metrics).close());
        for (String word : words) {
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains(word), () -> "\"" + word + "\" in: " + message);
        }
    }

    @Test
    void shouldTakeNameAndOptionsApart() {
        assertEquals(
                new PortUri("tap", "t:a=p", Map.of("queues", "4", "x", "1=2")),
                parse("tap:t:a=p,queues=4,x=1=2"));
        assertEquals(new PortUri("tap", "a,b", Map.of("c", "d,e")), parse("tap:a,,b,c=d,,e"));
        assertEquals(new PortUri("tap", "", Map.of()), parse("tap"));
        assertEquals(new PortUri("tap", "", Map.of()), parse("tap:"));
        assertEquals(new PortUri("null", "", Map.of()), parse("null:"));
        assertEquals(new PortUri("g", "", Map.of("size", "64")), parse("g:size=64"));
        assertEquals("tap:a", parse("tap:a,b=c").label());
        assertEquals("null", parse("null").label());
    }

    @Test
    void shouldReadValues() {
        PortUri uri = parse("tap:x,a=on,b=off,n=42,w=trunk,e=");
        assertTrue(uri.flag("a", false));
        assertEquals(false, uri.flag("b", true));
        assertTrue(uri.flag("missing", true));
        assertEquals(42, uri.number("n", 7, 42, 42));
        assertEquals(7, uri.intNumber("missing", 7, 8, 9));
        assertEquals("trunk", uri.choice("w", "access", "access", "trunk"));
        assertEquals("access", uri.choice("missing", "access", "access", "trunk"));
        assertEquals("x", uri.requireName("NAME"));
        for (String wrong : new String[] {"a", "e"}) {
            assertThrows(IllegalArgumentException.class, () -> uri.number(wrong, 0, 0, 99));
        }
        assertThrows(IllegalArgumentException.class, () -> uri.number("n", 0, 43, 99));
        assertThrows(IllegalArgumentException.class, () -> uri.number("n", 0, 0, 41));
        assertThrows(IllegalArgumentException.class, () -> uri.flag("n", true));
        assertThrows(IllegalArgumentException.class, () -> parse("tap:,a=b").requireName("NAME"));
    }

    @Test
    void shouldNameWhatIsWrong() {
        assertRefused("", "no scheme", "tap:NAME");
        assertRefused(":x", "no scheme");
        assertRefused("a,b", "no scheme");
        assertRefused("tun:x", "unknown scheme \"tun\"", "null; loopback; generator");
        assertRefused("null:size=1", "unknown option \"size\"", "there are none");
        assertRefused("loopback:x", "\"x\" is not KEY=VALUE");
        assertRefused("generator:sise=64", "\"sise\"", "burst, pps, size");
        assertRefused("generator:size=64,size=65", "size= is given twice");
        assertRefused("generator:size=59", "generator: size=59", "from 60 to 65549");
        assertRefused("generator:size=-1", "size=-1", "from 60");
        assertRefused("generator:size=99999999999999999999", "from 60 to 65549");
        assertRefused("generator:pps=0", "pps=0", "from 1 to 1000000000");
        assertRefused("generator:,", "\"\" is not KEY=VALUE");
    }

    @Test
    void shouldOpenWhatTheTableHoldsAndWhatTheCallerAdds() throws Exception {
        for (String uri : new String[] {"null", "loopback:", "generator", "generator:size=60"}) {
            try (PacketPort port = PacketPorts.open(uri, metrics)) {
                assertTrue(port.describe().startsWith(uri.replaceAll(":.*", "")));
                assertTrue(port.maxQueuePairs() >= 1);
            }
        }
        PortScheme more =
                new PortScheme(
                        "house",
                        true,
                        "house:NAME",
                        (uri, registry) -> {
                            assertEquals("a=b", uri.requireName("NAME"));
                            return new NullPort();
                        });
        PacketPorts.open("house:a=b", metrics, more).close();
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> PacketPorts.open("hose:a=b", metrics, more));
        assertTrue(String.valueOf(refused.getMessage()).contains("house:NAME"));
    }
}
