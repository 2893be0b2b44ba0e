package dev.ringside.virtio.net.offload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.Counters;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A guest that writes to its frame all the time while it is worked on. */
class FlippingMemoryTest {
    private static final int ROUNDS = 4000;
    private static final int[] TYPES = {
        Frame.GSO_NONE, Frame.GSO_TCPV4, Frame.GSO_TCPV6, Frame.GSO_UDP, Frame.GSO_UDP_L4
    };

    private final Random random = new Random(7);
    private volatile boolean done;

    @Test
    void shouldStayWithinTheFrame() throws InterruptedException {
        for (int version : new int[] {4, 6}) {
            for (int protocol : new int[] {Packet.TCP, Packet.UDP}) {
                Packet packet =
                        Packet.of(Packet.Shape.random(random, version, protocol, 3000), random);
                MemorySegment memory = Frames.memory(packet.withPseudoSum().bytes());
                done = false;
                Thread guest = Thread.ofPlatform().start(() -> flip(memory, packet.payload()));
                try {
                    putAll(packet, memory);
                } finally {
                    done = true;
                    guest.join();
                }
            }
        }
    }

    /** Turns a byte of the headers, and turns it back. */
    private void flip(MemorySegment memory, int headerBytes) {
        Random own = new Random(8);
        while (!done) {
            int at = 12 + own.nextInt(headerBytes - 12);
            byte was = memory.get(ValueLayout.JAVA_BYTE, at);
            memory.set(ValueLayout.JAVA_BYTE, at, (byte) own.nextInt());
            Thread.onSpinWait();
            memory.set(ValueLayout.JAVA_BYTE, at, was);
        }
    }

    private void putAll(Packet packet, MemorySegment memory) {
        Counters<OffloadCounter> counters = new Counters<>(OffloadCounter.class);
        CollectSink inner = new CollectSink(Offload.NONE);
        FrameSink sink = SoftwareOffload.around(inner, counters);
        int length = (int) memory.byteSize();
        Frame frame = new Frame(FrameKeeper.NONE, 4);
        for (int round = 0; round < ROUNDS; round++) {
            int cut = 1 + random.nextInt(length - 1);
            frame.clear();
            frame.add(memory, 0, cut);
            frame.add(memory, cut, length - cut);
            Frames.needChecksum(frame, packet);
            int type = TYPES[random.nextInt(TYPES.length)];
            frame.needSegmentation(type, 200 + random.nextInt(2000), false);
            inner.bytes().clear();
            inner.needs().clear();
            long drops = drops(counters);
            boolean later = random.nextBoolean();
            int stop = inner.puts() + 1;
            inner.answer(n -> later && n == stop ? Verdict.LATER : Verdict.DONE);

            Verdict verdict = sink.put(frame);
            while (verdict == Verdict.LATER) {
                verdict = sink.put(frame);
            }

            assertEquals(verdict == Verdict.DROPPED ? 1 : 0, drops(counters) - drops);
            for (byte[] segment : inner.bytes()) {
                checkLength(segment, inner.bytes().size(), packet);
            }
        }
        assertTrue(counters.get(OffloadCounter.SEGMENTED) > 0);
    }

    /** What a segment says of itself is right, whatever the guest said meanwhile. */
    private static void checkLength(byte[] segment, int segments, Packet packet) {
        if (segments == 1) {
            return;
        }
        int network = 14;
        while (network < 22) {
            int type = Packet.get(segment, network - 2, 2);
            if (type != 0x8100 && type != 0x88a8) {
                break;
            }
            network += 4;
        }
        if (Packet.get(segment, network - 2, 2) == 0x0800) {
            assertEquals(segment.length - network, Packet.get(segment, network + 2, 2));
            int bytes = (segment[network] & 15) * 4;
            assertEquals(0xffff, Naive.sum(segment, network, network + bytes));
        } else {
            assertEquals(segment.length - network - 40, Packet.get(segment, network + 4, 2));
        }
        assertTrue(segment.length <= packet.bytes().length + 8);
    }

    private static long drops(Counters<OffloadCounter> counters) {
        long drops = 0;
        for (OffloadCounter counter : OffloadCounter.values()) {
            drops += counter.isDrop() ? counters.get(counter) : 0;
        }
        return drops;
    }
}
