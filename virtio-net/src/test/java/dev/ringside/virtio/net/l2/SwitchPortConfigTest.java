package dev.ringside.virtio.net.l2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.ports.PacketPorts;
import java.io.IOException;
import org.junit.jupiter.api.Test;

final class SwitchPortConfigTest {
    private final MetricsRegistry metrics = new MetricsRegistry();
    private final Switches switches = new Switches(SwitchSettings.defaults(), metrics);

    private PacketPort open(String text) throws IOException {
        return PacketPorts.open(text, metrics, switches.scheme());
    }

    private void assertRefused(String options, String... words) {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> open("switch:lan" + options));
        String message = String.valueOf(refusal.getMessage());
        for (String word : words) {
            assertTrue(message.contains(word), message + " without " + word);
        }
    }

    @Test
    void shouldOpenPortsOfOneSwitchByItsName() throws IOException {
        PacketPort a = open("switch:lan");
        PacketPort b = open("switch:lan,vlan=7,isolated=on,anti-spoof=on,port=vm7");
        PacketPort c = open("switch:dmz,trunk=10+20,native=30,mac=52:54:00:00:00:09");

        assertSame(switches.get("lan"), switches.get("lan"));
        assertEquals(2, switches.get("lan").ports());
        assertEquals("switch lan, port 0, VLAN 1", a.describe());
        assertEquals("switch lan, port vm7, VLAN 7, isolated, anti-spoof", b.describe());
        assertEquals("switch dmz, port 0, trunk of VLANs 10+20, native 30", c.describe());
        assertEquals(
                "switch dmz, port 1, trunk of all VLANs", open("switch:dmz,trunk=all").describe());
        assertEquals(128, a.maxQueuePairs());
        assertEquals(65535, a.mtu());
        a.close();
        a.close();
        assertEquals(1, switches.get("lan").ports());
    }

    @Test
    void shouldNameWhatIsWrong() throws IOException {
        assertRefused(",vlan=0", "vlan=0", "1 to 4094");
        assertRefused(",vlan=4095", "vlan=4095");
        assertRefused(",vlan=x", "vlan=x");
        assertRefused(",trunk=", "trunk=", "10+20");
        assertRefused(",trunk=1+5000", "trunk=1+5000", "4094");
        assertRefused(",trunk=1+", "trunk=1+");
        assertRefused(",native=5", "native=5", "trunk=");
        assertRefused(",vlan=5,trunk=all", "vlan=5", "native=5");
        assertRefused(",isolated=yes", "isolated=yes", "on or off");
        assertRefused(",mac=52:54:00", "mac=52:54:00:", "station");
        assertRefused(",mac=ff:ff:ff:ff:ff:ff", "mac=ff:ff:ff:ff:ff:ff", "station");
        assertRefused(",mac=00:00:00:00:00:00", "station");
        assertRefused(",max-addresses=0", "max-addresses=0");
        assertRefused(",colour=red", "colour", "anti-spoof");
        assertThrows(IllegalArgumentException.class, () -> open("switch:"));
        open("switch:lan,port=a,mac=52:54:00:00:00:01");
        assertRefused(",port=a", "port a");
        assertRefused(",mac=52:54:00:00:00:01", "52:54:00:00:00:01", "port a");
    }

    @Test
    void shouldBeATrunkOfAllForAnUplink() {
        PortVlans vlans = SwitchPortConfig.uplink().vlans();

        assertTrue(vlans.contains(4094));
        assertFalse(vlans.contains(4095));
        assertTrue(vlans.isUntagged(1));
        assertFalse(vlans.isUntagged(2));
    }

    @Test
    void shouldRefuseSettingsThatCannotBe() {
        SwitchSettings good = SwitchSettings.defaults();

        assertThrows(IllegalArgumentException.class, () -> good.withAgeingSeconds(0));
        assertThrows(IllegalArgumentException.class, () -> good.withMaxPorts(1025));
        assertThrows(IllegalArgumentException.class, () -> good.withInbox(100, 10));
        assertThrows(IllegalArgumentException.class, () -> good.withInbox(64, 65));
        assertEquals(10, good.withAgeingSeconds(10).ageingSeconds());
    }
}
