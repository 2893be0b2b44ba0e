package dev.ringside.virtio.net.offload;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Frames of bytes, in any number of pieces. */
final class Frames {
    private Frames() {}

    /** A frame in one extent. */
    static Frame of(byte[] bytes) {
        return fill(new Frame(FrameKeeper.NONE, 1), bytes);
    }

    static Frame fill(Frame frame, byte[] bytes) {
        frame.clear();
        MemorySegment memory = memory(bytes);
        frame.add(memory, 0, bytes.length);
        return frame;
    }

    /** A frame in random pieces that do not lie side by side, some of it pulled. */
    static Frame split(byte[] bytes, Random random) {
        Frame frame = new Frame(FrameKeeper.NONE, 1);
        int most = 1 + random.nextInt(random.nextBoolean() ? 40 : 3000);
        // A gap before each piece, and exact bounds around it.
        MemorySegment memory = Arena.ofAuto().allocate(9L * bytes.length + 9, 1);
        long place = 0;
        int at = 0;
        while (at < bytes.length) {
            int piece = Math.min(bytes.length - at, 1 + random.nextInt(most));
            int gap = random.nextInt(9);
            MemorySegment part = memory.asSlice(place, gap + piece);
            MemorySegment.copy(MemorySegment.ofArray(bytes), at, part, gap, piece);
            frame.add(part, gap, piece);
            place += gap + piece;
            at += piece;
        }
        if (random.nextBoolean()) {
            frame.pull(random.nextInt(Math.min(bytes.length, Frame.MAX_HEAD_BYTES) + 1));
        }
        return frame;
    }

    static MemorySegment memory(byte[] bytes) {
        MemorySegment memory = Arena.ofAuto().allocate(Math.max(1, bytes.length), 1);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory, 0, bytes.length);
        return memory;
    }

    static byte[] bytes(Frame frame) {
        byte[] bytes = new byte[frame.length()];
        frame.copyTo(0, MemorySegment.ofArray(bytes), 0, bytes.length);
        return bytes;
    }

    /** Says of a frame that its packet needs its checksum. */
    static Frame needChecksum(Frame frame, Packet packet) {
        frame.needChecksum(packet.transport(), packet.checksumOffset());
        return frame;
    }
}
