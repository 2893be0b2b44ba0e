package dev.ringside.virtio.net.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.FakeSink;
import dev.ringside.virtio.net.TestSeeds;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.l2.SwitchPortConfig;
import dev.ringside.virtio.net.l2.SwitchSettings;
import dev.ringside.virtio.net.l2.VirtualSwitch;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtio.net.ports.PacketPorts;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Limits by a clock that the test turns. */
class RateLimitTest {
    private static final long START_NS = 77_000_000_000L;
    private static final long SECOND_NS = 1_000_000_000L;

    private final FakeSink receiveq = new FakeSink();
    private final MemorySegment memory = MemorySegment.ofArray(new byte[Frame.MAX_BYTES]);
    private final Frame frame = new Frame(FrameKeeper.NONE, 1);
    private TestShard shard;

    @BeforeEach
    void open() throws Exception {
        shard = new TestShard();
        shard.setNowNs(START_NS);
    }

    @AfterEach
    void close() {
        shard.close();
    }

    private RateLimitPort port(String uri, Rate transmit, Rate receive) throws Exception {
        return RateLimitPort.around(
                PacketPorts.open(uri, new MetricsRegistry()), transmit, receive);
    }

    private Frame frame(int bytes) {
        frame.clear();
        frame.add(memory, 0, bytes);
        return frame;
    }

    /** Puts what passes for a time, as a worker does that is woken late; checks every window. */
    private double run(Rate rate, long durationNs, Random random, FrameSink sink) {
        double perNs = rate.bitsPerSecond() / 1e9;
        long burst = Math.max(rate.effectiveBurstBits(), Frame.MAX_BYTES * 8L);
        long total = 0;
        double lowest = 0;
        long atNs = 0;
        int next = 14 + random.nextInt(1500);
        while (atNs < durationNs) {
            shard.turn(0);
            shard.setNowNs(START_NS + atNs);
            while (true) {
                if (sink.put(frame(next)) == Verdict.LATER) {
                    break;
                }
                lowest = Math.min(lowest, total - perNs * atNs);
                total += next * 8L;
                assertTrue(
                        total - perNs * atNs - lowest <= burst + 1,
                        "more than the burst by " + (total - perNs * atNs - lowest - burst));
                next = random.nextInt(20) == 0 ? 14 + random.nextInt(60_000) : 14 + next % 1500;
            }
            // What a shard is late by: the timer, other queues.
            long wakeNs = shard.wakeByNs() - START_NS;
            assertTrue(wakeNs > atNs, "it would spin");
            atNs = wakeNs + random.nextInt(1_000_000);
        }
        return total / (perNs * durationNs);
    }

    @Test
    void shouldLetASwitchKnowTheAddressOfTheNic() throws Exception {
        FakeSink other = new FakeSink();
        SwitchPortConfig config = SwitchPortConfig.nic().withAntiSpoof(true);
        try (VirtualSwitch bridge =
                        new VirtualSwitch("lan", SwitchSettings.defaults(), new MetricsRegistry());
                PacketPort port =
                        RateLimitPort.around(
                                bridge.newPort(config), Rate.UNLIMITED, Rate.UNLIMITED);
                PacketPort otherPort = bridge.newPort(SwitchPortConfig.nic());
                FrameSource source = otherPort.openReceive(shard, 0, other);
                FrameSink sink = port.openTransmit(shard, 0)) {
            source.setEnabled(true);
            port.assignMac(0x525400000001L);

            assertEquals(Verdict.DROPPED, sink.put(frame(broadcast(2))));
            assertEquals(Verdict.DONE, sink.put(frame(broadcast(1))));
            assertEquals(1, other.frames().size());
            assertThrows(
                    IllegalArgumentException.class, () -> otherPort.assignMac(0x525400000001L));
        }
    }

    /** Length of a frame to all, in the memory, from an address with this last byte. */
    private int broadcast(int from) {
        byte[] header = {-1, -1, -1, -1, -1, -1, 0x52, 0x54, 0, 0, 0, (byte) from, 8, 0};
        MemorySegment.copy(header, 0, memory, ValueLayout.JAVA_BYTE, 0, header.length);
        return 60;
    }

    @Test
    void shouldPassOnEverythingThatPortsAreAsked() throws Exception {
        for (Method method : PacketPort.class.getMethods()) {
            if (Modifier.isStatic(method.getModifiers())) {
                continue;
            }
            Method own =
                    PortDecorator.class.getDeclaredMethod(
                            method.getName(), method.getParameterTypes());
            assertEquals(method.getReturnType(), own.getReturnType());
        }
    }

    @Test
    void shouldKeepBitRatesWithinThreePercent() throws Exception {
        Random random = TestSeeds.random("rate limit");
        for (String text : new String[] {"5M", "100M", "1.5G", "10G,burst=200Mb", "777777k"}) {
            Rate rate = Rate.parse("rate", text);
            try (RateLimitPort port = port("null", rate, Rate.UNLIMITED);
                    FrameSink sink = port.openTransmit(shard, 0)) {
                long durationNs = rate.bitsPerSecond() < 10_000_000 ? 60 * SECOND_NS : SECOND_NS;
                double share = run(rate, durationNs, random, sink);
                // A burst may be on top.
                double burst =
                        rate.effectiveBurstBits() / (rate.bitsPerSecond() * (durationNs / 1e9));
                assertTrue(share > 0.97 && share < 1.03 + burst, text + ": " + share);
            }
        }
    }

    @Test
    void shouldKeepPacketRatesExactly() throws Exception {
        Rate rate = Rate.parse("rate", "10kpps");
        try (RateLimitPort port = port("generator", Rate.UNLIMITED, rate);
                FrameSource source = port.openReceive(shard, 0, receiveq)) {
            Random random = TestSeeds.random("packet rate");
            long atNs = 0;
            while (atNs < 5 * SECOND_NS) {
                shard.setNowNs(START_NS + atNs);
                shard.turn(0);
                while (source.poll(64) > 0) {
                    assertTrue(receiveq.frames().size() <= 101 + atNs / 100_000, "too many");
                }
                assertTrue(shard.wakeByNs() > START_NS + atNs);
                atNs = shard.wakeByNs() - START_NS + random.nextInt(2_000_000);
            }
            int count = receiveq.frames().size();
            assertTrue(count > 49_700 && count <= 50_200, "passed " + count);
        }
    }

    private static void assertClose(long expectedNs, long actualNs) {
        assertTrue(Math.abs(expectedNs - actualNs) <= 2, expectedNs + " is not " + actualNs);
    }

    @Test
    void shouldWakeJustWhenTheFrameMayPass() throws Exception {
        try (RateLimitPort port = port("null", Rate.parse("r", "8M"), Rate.UNLIMITED);
                FrameSink sink = port.openTransmit(shard, 0)) {
            // The burst is 80000 bits: six frames of 1500 bytes, and 8000 bits are left.
            for (int i = 0; i < 6; i++) {
                assertEquals(Verdict.DONE, sink.put(frame(1500)));
            }
            assertEquals(Verdict.LATER, sink.put(frame(1500)));
            long wakeNs = shard.wakeByNs();
            assertClose(START_NS + 500_000, wakeNs);
            assertTrue(sink.hasRoom());
            shard.setNowNs(wakeNs - 1000);
            assertEquals(Verdict.LATER, sink.put(frame(1500)));
            shard.setNowNs(wakeNs);
            assertEquals(Verdict.DONE, sink.put(frame(1500)));
            shard.turn(0);
            assertFalse(sink.hasRoom());
            assertClose(wakeNs + 60_000, shard.wakeByNs()); // a frame of 60 bytes
        }
    }

    @Test
    void shouldLetALongerFrameThanTheBurstPassAndWaitForItAfterwards() throws Exception {
        try (RateLimitPort port = port("null", Rate.parse("r", "1M"), Rate.UNLIMITED);
                FrameSink sink = port.openTransmit(shard, 0)) {
            assertEquals(Verdict.DONE, sink.put(frame(60_000)));
            assertEquals(Verdict.LATER, sink.put(frame(60)));
            // 480000 bits less the burst of 12176, and then a frame of 480 bits.
            assertClose(START_NS + 480_000_000 - 12_176_000 + 480_000, shard.wakeByNs());
            shard.setNowNs(START_NS + 48 * SECOND_NS / 100);
            assertEquals(Verdict.DONE, sink.put(frame(60_000)));
        }
    }

    @Test
    void shouldCountWhatAFrameBecomesOnTheWire() {
        Frame tcp = frame(54 + 10_000);
        tcp.pull(60);
        tcp.setHeadByte(34 + 12, 5 << 4);
        tcp.needChecksum(34, 16);
        tcp.needSegmentation(Frame.GSO_TCPV4, 1448, false);
        assertEquals(7, WireSize.packets(tcp));
        assertEquals(10_000 + 7 * 54, WireSize.bytes(tcp, 7));

        Frame udp = frame(42 + 10_000);
        udp.needChecksum(34, 6);
        udp.needSegmentation(Frame.GSO_UDP_L4, 5000, false);
        assertEquals(2, WireSize.packets(udp));
        assertEquals(10_000 + 2 * 42, WireSize.bytes(udp, 2));

        // What a hostile guest may say.
        Frame odd = frame(60);
        odd.needChecksum(58, 0);
        odd.needSegmentation(Frame.GSO_TCPV6, 65535, true);
        assertEquals(1, WireSize.packets(odd));
        assertEquals(60, WireSize.bytes(odd, 1));
        assertEquals(1, WireSize.packets(frame(1500)));
    }

    @Test
    void shouldGiveBackWhatDidNotPass() throws Exception {
        try (RateLimitPort port =
                        port("loopback", Rate.parse("r", "8M,100pps,burst=3p"), Rate.UNLIMITED);
                FrameSink sink = port.openTransmit(shard, 0);
                FrameSource source = port.openReceive(shard, 0, receiveq)) {
            receiveq.setRoom(0);
            for (int i = 0; i < 100; i++) {
                assertEquals(Verdict.LATER, sink.put(frame(1500)));
            }
            receiveq.setRoom(100);
            for (int i = 0; i < 3; i++) {
                assertEquals(Verdict.DONE, sink.put(frame(1500)));
            }
            assertEquals(Verdict.LATER, sink.put(frame(1500)));
            assertEquals(0, source.poll(1));
        }
    }

    @Test
    void shouldChangeWhileItRuns() throws Exception {
        RateLimitPort port = port("null", Rate.UNLIMITED, Rate.UNLIMITED);
        try (port;
                FrameSink sink = port.openTransmit(shard, 0)) {
            assertEquals("null, frames vanish", port.describe());
            for (int i = 0; i < 1000; i++) {
                assertEquals(Verdict.DONE, sink.put(frame(Frame.MAX_BYTES)));
            }
            port.limitTransmit(Rate.parse("r", "1000,1pps"));
            assertEquals(1, shard.doorbellRings());
            assertTrue(port.describe().endsWith(", transmit up to 1000 bit/s and 1 packets/s"));
            assertEquals(Verdict.DONE, sink.put(frame(1500)));
            assertEquals(Verdict.LATER, sink.put(frame(1500)));
            port.limitTransmit(Rate.UNLIMITED);
            assertEquals(2, shard.doorbellRings());
            assertEquals(Verdict.DONE, sink.put(frame(1500)));
            port.limitReceive(Rate.parse("r", "1G"));
            assertEquals(Rate.parse("r", "1G"), port.receiveRate());
        }
        port.limitTransmit(Rate.parse("r", "1M"));
        assertEquals(2, shard.doorbellRings());
    }

    @Test
    void shouldLimitAllQueuePairsTogether() throws Exception {
        try (TestShard other = new TestShard(1);
                RateLimitPort port =
                        port("null", Rate.parse("r", "10pps,burst=4p"), Rate.UNLIMITED);
                FrameSink first = port.openTransmit(shard, 0);
                FrameSink second = port.openTransmit(other, 1)) {
            other.setNowNs(START_NS);
            assertEquals(Verdict.DONE, first.put(frame(60)));
            assertEquals(Verdict.DONE, second.put(frame(60)));
            assertEquals(Verdict.DONE, second.put(frame(60)));
            assertEquals(Verdict.DONE, first.put(frame(60)));
            assertEquals(Verdict.LATER, first.put(frame(60)));
            assertEquals(Verdict.LATER, second.put(frame(60)));
        }
    }
}
