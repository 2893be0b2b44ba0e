package dev.ringside.virtio.blk;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Cuts the two parts of a chain at random places into buffers at random addresses. */
final class RandomLayout {
    private static final int MAX_PIECES = 20;

    private final Random random;
    private final TestDisk disk;
    private final List<TestGuest.Buffer> buffers = new ArrayList<>();

    RandomLayout(Random random, TestDisk disk) {
        this.random = random;
        this.disk = disk;
    }

    List<TestGuest.Buffer> buffers() {
        return buffers;
    }

    void readable(byte[] bytes) {
        int at = 0;
        for (int piece : pieces(bytes.length)) {
            buffers.add(disk.readable(Arrays.copyOfRange(bytes, at, at + piece), shift()));
            at += piece;
        }
    }

    void writable(int bytes) {
        for (int piece : pieces(bytes)) {
            buffers.add(disk.writable(piece, shift()));
        }
    }

    private int shift() {
        return random.nextBoolean() ? 0 : random.nextInt(4096);
    }

    private List<Integer> pieces(int total) {
        List<Integer> pieces = new ArrayList<>();
        int left = total;
        while (left > 0) {
            boolean small = random.nextBoolean();
            int most = small ? Math.min(left, 40) : left;
            int piece = pieces.size() == MAX_PIECES - 1 ? left : 1 + random.nextInt(most);
            pieces.add(piece);
            left -= piece;
        }
        return pieces;
    }
}
