package dev.ringside.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Errno;
import dev.ringside.virtio.blk.backend.BlockTraits;
import dev.ringside.virtio.blk.backend.FakeBackend;
import dev.ringside.virtio.blk.limit.BlkLimits;
import dev.ringside.virtio.blk.limit.Limit;
import dev.ringside.virtio.blk.limit.LimitKind;
import dev.ringside.virtqueue.device.DeviceStateException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Reads any bytes as what a hostile driver does to a disk: chains of any pieces that hold any
 * bytes, changes of the header while the request is under way, the configuration space, and a
 * backend that fails; at last, read once more from its first byte, as changes of the saved state.
 * Checks that the backend is asked only for what the disk has, that every chain comes back, that
 * nothing is written beside the buffers, and that what is refused changes nothing.
 */
final class BlkExerciser implements AutoCloseable {
    private static final BlockTraits TRAITS =
            new BlockTraits(512, 4096, false, false, false, true, 512, true, true, true);
    private static final long CAPACITY = 1 << 20;
    private static final int GUARD_BYTES = 8;
    private static final int MOST_PIECES = 8;
    private static final int MOST_TURNS = 10_000;
    private static final long TURN_NS = 1_000_000_000;
    private static final int[] RATES = {0, 1, 3, 1000};
    private static final LimitKind[] KINDS = LimitKind.values();
    private static final int[] RESULTS = {0, 0, -Errno.EIO, -Errno.ENOSPC};
    private static final int[] LENGTHS = {0, 1, 15, 16, 17, 511, 512, 513, 1024, 4096};

    private final ByteBuffer input;
    private final FakeBackend backend = new FakeBackend(TRAITS, CAPACITY);
    private final TestDisk disk;
    private final List<Sent> sent = new ArrayList<>();

    /** A chain under way, and what the pieces that the device may only read held. */
    private record Sent(TestDisk.Pending pending, List<byte[]> contents) {}

    private BlkExerciser(byte[] bytes) throws Exception {
        input = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        // Any features, VERSION_1 as both kinds of driver have it.
        long features = next() | (long) next() << 8 | 1L << 32;
        BlkConfig config = BlkConfig.named("disk");
        ErrorPolicy[] policies = ErrorPolicy.values();
        disk =
                new TestDisk(
                        config.withOnError(policies[next() % policies.length]), backend, features);
        disk.shard.stopClock();
    }

    /** Runs one input. */
    static void run(byte[] bytes) {
        try (BlkExerciser exerciser = new BlkExerciser(bytes)) {
            exerciser.steps();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void steps() {
        while (input.hasRemaining()) {
            int choice = next();
            switch (choice & 7) {
                case 0 -> configure();
                case 1 -> change();
                case 2 -> complete();
                default -> send((choice & 8) != 0);
            }
            if ((choice & 16) != 0) {
                disk.turn();
                check();
            }
        }
        for (int turns = 0; !sent.isEmpty(); turns++) {
            assertTrue(turns < MOST_TURNS, "a chain that does not come back");
            disk.shard.advance(TURN_NS);
            disk.turn();
            complete();
            check();
        }
    }

    /** A chain of pieces whose bytes come from the input: often a request, often not. */
    private void send(boolean indirect) {
        List<TestGuest.Buffer> buffers = new ArrayList<>();
        List<byte[]> contents = new ArrayList<>();
        boolean writable = false;
        for (int i = 1 + next() % MOST_PIECES; i > 0; i--) {
            int kind = next();
            writable |= (kind & 1) != 0 && !buffers.isEmpty();
            int length = Math.max(1, LENGTHS[(kind >> 1) % LENGTHS.length]);
            byte[] content = new byte[length];
            if (!writable) {
                fill(content);
            }
            long at = disk.guest.allocate(length + GUARD_BYTES, kind >> 5);
            disk.guest.put(at, content);
            disk.guest.put(at + length, new byte[GUARD_BYTES]);
            buffers.add(new TestGuest.Buffer(at, length, writable));
            contents.add(content);
        }
        if (disk.guest.room() < buffers.size()) {
            return;
        }
        int head = indirect ? disk.guest.addIndirect(buffers) : disk.guest.add(buffers);
        sent.add(new Sent(new TestDisk.Pending(head, buffers), contents));
    }

    private void fill(byte[] content) {
        if (content.length >= BlkSpec.HEADER_BYTES && (next() & 3) != 0) {
            // A header with a known type, somewhere on the disk or not far behind it.
            ByteBuffer header = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
            header.putInt(next() & 15).putInt(0).putLong((long) next() << 4 | (next() & 15));
            return;
        }
        int given = Math.min(content.length, Math.min(input.remaining(), 32));
        input.get(content, 0, given);
    }

    /** The driver changes a piece while the device has it. */
    private void change() {
        if (sent.isEmpty()) {
            return;
        }
        Sent one = sent.get(next() % sent.size());
        int piece = next() % one.contents.size();
        byte[] content = one.contents.get(piece);
        TestGuest.Buffer buffer = one.pending.buffers().get(piece);
        if (!buffer.writable()) {
            fill(content);
            disk.guest.put(buffer.address(), content);
        }
    }

    /** What is refused changes nothing, and only the write cache's byte is ever taken. */
    private void configure() {
        byte[] bytes = new byte[next() % 16];
        int offset = next() % 80;
        byte[] before = space();
        if ((next() & 1) == 0) {
            boolean taken = disk.device.writeConfig(offset, bytes);
            assertTrue(!taken || (offset == BlkSpec.CONFIG_WCE && bytes.length == 1));
            before[BlkSpec.CONFIG_WCE] = taken ? bytes[0] : before[BlkSpec.CONFIG_WCE];
        }
        byte[] after = space();
        assertArrayEquals(before, after);
        byte[] piece = new byte[next()];
        disk.device.readConfig(offset, piece);
        for (int i = 0; i < piece.length; i++) {
            assertEquals(offset + i < after.length ? after[offset + i] : 0, piece[i]);
        }
        disk.device.limits().set(new BlkLimits(Map.of(KINDS[next() % KINDS.length], limit())));
    }

    private byte[] space() {
        byte[] all = new byte[disk.device.configSize()];
        disk.device.readConfig(0, all);
        return all;
    }

    /** The saved state with bytes of the input here and there in it. */
    private void loadState() {
        byte[] before = disk.device.saveState();
        byte[] state = before.clone();
        for (int changes = next() & 7; changes > 0; changes--) {
            state[next() % state.length] = (byte) next();
        }
        try {
            disk.device.loadState(Arrays.copyOf(state, state.length - (next() & 3)));
            byte[] loaded = disk.device.saveState();
            disk.device.loadState(loaded);
            assertArrayEquals(loaded, disk.device.saveState());
        } catch (DeviceStateException e) {
            assertArrayEquals(before, disk.device.saveState(), e.getMessage());
        }
    }

    /** Of bytes so many sectors a second. */
    private Limit limit() {
        return new Limit(RATES[next() % RATES.length] * 512L, 0);
    }

    private void complete() {
        if (backend.submitted().isEmpty()) {
            return;
        }
        FakeBackend.Submitted asked = backend.submitted().getFirst();
        assertTrue(
                asked.offset() >= 0
                        && asked.length() >= 0
                        && asked.length() <= CAPACITY - asked.offset(),
                asked.offset() + " + " + asked.length());
        backend.complete(RESULTS[next() % RESULTS.length]);
    }

    private void check() {
        for (Sent one : List.copyOf(sent)) {
            if (disk.guest.isDone(one.pending.head())) {
                sent.remove(one);
                check(one, Objects.requireNonNull(disk.guest.take(one.pending.head())));
            }
        }
    }

    private void check(Sent one, int used) {
        long room = 0;
        for (int i = 0; i < one.contents.size(); i++) {
            TestGuest.Buffer buffer = one.pending.buffers().get(i);
            room += buffer.writable() ? buffer.bytes() : 0;
            byte[] found = disk.guest.get(buffer.address(), buffer.bytes() + GUARD_BYTES);
            ByteBuffer beside = ByteBuffer.wrap(found);
            assertEquals(0, beside.getLong(buffer.bytes()), "written behind piece " + i);
            if (!buffer.writable()) {
                byte[] content = one.contents.get(i);
                assertArrayEquals(content, Arrays.copyOf(found, content.length));
            }
        }
        assertTrue(used >= 0 && used <= room, used + " of " + room + " bytes written");
    }

    private int next() {
        return input.hasRemaining() ? Byte.toUnsignedInt(input.get()) : 0;
    }

    @Override
    public void close() {
        disk.worker.beginDrain();
        drain();
        input.rewind();
        loadState();
        drain();
        disk.close();
    }

    /** The worker sees in its next turn that the write cache was switched off, and flushes it. */
    private void drain() {
        disk.turn();
        for (int turns = 0; turns < MOST_TURNS && !disk.worker.drained(); turns++) {
            disk.turn();
            if (!backend.submitted().isEmpty()) {
                backend.complete(0);
            }
        }
    }
}
