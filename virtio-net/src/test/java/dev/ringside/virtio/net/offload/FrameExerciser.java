package dev.ringside.virtio.net.offload;

import dev.ringside.metrics.Counters;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import java.util.Arrays;
import java.util.Random;

/** Does with any bytes what can be done with a frame, and checks what comes out. */
final class FrameExerciser {
    /** Bytes of an input that say what to do; the rest is the frame. */
    static final int PROLOGUE_BYTES = 10;

    private static final int[] TYPES = {
        Frame.GSO_NONE, Frame.GSO_TCPV4, Frame.GSO_UDP, Frame.GSO_TCPV6, Frame.GSO_UDP_L4
    };

    private FrameExerciser() {}

    /** Type, size, checksum's start and offset, accepted offloads, when there is no room, seed. */
    static void run(byte[] input) {
        if (input.length <= PROLOGUE_BYTES) {
            return;
        }
        byte[] prologue = Arrays.copyOf(input, PROLOGUE_BYTES);
        byte[] bytes = Arrays.copyOfRange(input, PROLOGUE_BYTES, input.length);
        Frame frame = Frames.split(bytes, new Random(prologue[9]));
        int type = TYPES[(prologue[0] & 15) % TYPES.length];
        if ((prologue[0] & 0x40) == 0) {
            frame.needChecksum(Packet.get(prologue, 3, 2), Packet.get(prologue, 5, 2));
        }
        frame.needSegmentation(type, Packet.get(prologue, 1, 2), (prologue[0] & 0x80) != 0);
        hash(bytes);
        put(frame, prologue[7] & Offload.ALL, prologue[8] & 7);
    }

    private static void hash(byte[] bytes) {
        Frame frame = Frames.of(bytes);
        Headers headers = new Headers();
        headers.parse(frame);
        FlowHash.of(frame, headers);
        Toeplitz toeplitz = new Toeplitz(new byte[] {1, 2, 3});
        toeplitz.hash(frame, headers, HashType.ALL);
        if (headers.payload() > frame.length()) {
            throw new AssertionError("headers beyond the frame");
        }
    }

    private static void put(Frame frame, int accepts, int laterEvery) {
        Counters<OffloadCounter> counters = new Counters<>(OffloadCounter.class);
        CollectSink inner = new CollectSink(accepts);
        inner.answer(n -> laterEvery > 1 && n % laterEvery == 1 ? Verdict.LATER : Verdict.DONE);
        FrameSink sink = SoftwareOffload.around(inner, counters);
        int length = frame.length();
        Verdict verdict = sink.put(frame);
        while (verdict == Verdict.LATER) {
            verdict = sink.put(frame);
        }
        long drops = 0;
        for (OffloadCounter counter : OffloadCounter.values()) {
            drops += counter.isDrop() ? counters.get(counter) : 0;
        }
        if (drops != (verdict == Verdict.DROPPED ? 1 : 0)) {
            throw new AssertionError(verdict + " with " + drops + " drops counted");
        }
        int segments = inner.bytes().size();
        if (verdict == Verdict.DONE && segments > 1) {
            long total = inner.bytes().stream().mapToLong(segment -> segment.length).sum();
            long most = length + (segments - 1L) * (Frame.MAX_HEAD_BYTES + 8);
            if (total < length || total > most + 8) {
                throw new AssertionError(length + " bytes became " + total);
            }
        }
    }
}
