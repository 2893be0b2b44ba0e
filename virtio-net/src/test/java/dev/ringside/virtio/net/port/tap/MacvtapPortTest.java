package dev.ringside.virtio.net.port.tap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.NativeBuffer;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PortUri;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.port.host.HostNet;
import dev.ringside.virtio.net.port.host.Packets;
import dev.ringside.virtio.net.port.host.TestSink;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A macvtap interface, in the host's own namespace, since /sys shows no other. */
class MacvtapPortTest {
    private static final String LOWER = "rsmv-lower";
    private static final String MACVTAP = "rsmv-tap";

    @Test
    void shouldPingThroughMacvtap() throws Exception {
        try (HostNet net = new HostNet();
                TestShard shard = new TestShard();
                NativeBuffer memory = NativeBuffer.allocate(4096, 16)) {
            net.command("ip link add far type veth peer name " + LOWER);
            net.command("ip addr add 10.9.0.1/24 dev far");
            net.command("ip link set far up");
            // Process 1 is in the namespace that this test began in.
            net.command("ip link set " + LOWER + " netns 1");
            HostNet.commandHere("ip link set " + LOWER + " up");
            HostNet.commandHere(
                    "ip link add link " + LOWER + " name " + MACVTAP + " type macvtap mode bridge");
            Map<String, String> options =
                    Map.of("mac", "02:09:09:09:09:09", "up", "on", "queues", "2");
            PortUri uri = new PortUri("macvtap", MACVTAP, options);
            try (TapPort port = TapPort.open(uri, new MetricsRegistry(), Runnable::run)) {
                assertTrue(port.describe().contains("02:09:09:09:09:09"), port.describe());
                assertEquals(2, port.maxQueuePairs());
                TestSink sink = new TestSink(Offload.ALL);
                FrameSink out = port.openTransmit(shard, 0);
                FrameSource in = port.openReceive(shard, 0, sink);
                Random random = new Random(1);
                byte[] arp = Packets.arpRequest();
                assertEquals(
                        Verdict.DONE, out.put(Packets.scattered(memory.segment(), arp, random)));
                shard.until(() -> isReply(sink), () -> in.poll(64));
                byte[] mac = Arrays.copyOfRange(sink.got.getFirst().bytes(), 22, 28);
                sink.got.clear();
                byte[] payload = Packets.pattern(1000, 1);
                byte[] ping = Packets.ping(mac, 1, payload);
                out.put(Packets.scattered(memory.segment(), ping, random));
                shard.until(() -> isReply(sink), () -> in.poll(64));
                byte[] echo = sink.got.getFirst().bytes();
                assertArrayEquals(payload, Arrays.copyOfRange(echo, 42, 1042));
                in.close();
                out.close();
                shard.until(() -> shard.handlers() == 0, () -> {});
            }
        }
    }

    /** The host's own namespace speaks IPv6 on new interfaces: that is not meant. */
    private static boolean isReply(TestSink sink) {
        sink.got.removeIf(got -> got.bytes()[12] != 8);
        return !sink.got.isEmpty();
    }
}
