package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.IoUring;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A ring whose operations fail, fall short or find no room, by script or at random. */
final class ScriptedRing implements FileRing {
    /** An operation that passed through. */
    record Call(String operation, int fd, long offset, long bytes, int flags) {}

    /** The result is what the kernel says. */
    static final int PASS = Integer.MAX_VALUE;

    private final FileRing inner;
    private final IoUring ring;
    private final TestShard shard;
    private final Random random;
    private final boolean troubled;
    private final Deque<Integer> script = new ArrayDeque<>();
    private final List<Call> calls = new ArrayList<>();

    /** With random trouble that goes away by itself, or with none. */
    ScriptedRing(IoUring ring, @Nullable Random random) {
        this.inner = new FileRing.Uring(ring);
        this.ring = ring;
        this.shard = TestShard.of(ring);
        this.random = random == null ? new Random(0) : random;
        troubled = random != null;
    }

    /** Results of the next operations, in their order. */
    void script(int... results) {
        for (int result : results) {
            script.add(result);
        }
    }

    List<Call> calls() {
        return calls;
    }

    long count(String operation) {
        return calls.stream().filter(call -> call.operation().equals(operation)).count();
    }

    /** What shall happen: PASS, a result, or null for no room. */
    private @Nullable Integer fate() {
        if (!script.isEmpty()) {
            return script.remove();
        }
        if (!troubled) {
            return PASS;
        }
        return switch (random.nextInt(10)) {
            case 0 -> null;
            case 1 -> -11;
            case 2 -> -4;
            default -> PASS;
        };
    }

    private interface Operation {
        boolean queue();
    }

    private boolean run(Call call, long userData, Operation operation) {
        Integer fate = fate();
        if (fate == null) {
            return false;
        }
        if (fate == PASS) {
            calls.add(call);
            return operation.queue();
        }
        if (!ring.nop(userData)) {
            script.addFirst(fate);
            return false;
        }
        calls.add(call);
        shard.force(userData, fate);
        return true;
    }

    /** A shorter length, sometimes: still whole blocks. */
    private int shorten(int bytes) {
        boolean whole = !troubled || bytes <= 4096 || random.nextInt(3) > 0;
        return whole ? bytes : (1 + random.nextInt(bytes / 4096)) * 4096;
    }

    /** Fewer extents, sometimes. */
    private int fewer(int count) {
        boolean all = !troubled || count == 1 || random.nextInt(3) > 0;
        return all ? count : 1 + random.nextInt(count);
    }

    @Override
    public boolean read(int fd, long address, int bytes, long offset, long userData) {
        int less = shorten(bytes);
        return run(
                new Call("read", fd, offset, bytes, 0),
                userData,
                () -> inner.read(fd, address, less, offset, userData));
    }

    @Override
    public boolean write(int fd, long address, int bytes, long offset, long userData) {
        int less = shorten(bytes);
        return run(
                new Call("write", fd, offset, bytes, 0),
                userData,
                () -> inner.write(fd, address, less, offset, userData));
    }

    @Override
    public boolean readv(int fd, long iovecs, int count, long offset, long userData) {
        int less = fewer(count);
        return run(
                new Call("readv", fd, offset, count, 0),
                userData,
                () -> inner.readv(fd, iovecs, less, offset, userData));
    }

    @Override
    public boolean writev(int fd, long iovecs, int count, long offset, int flags, long userData) {
        int less = fewer(count);
        return run(
                new Call("writev", fd, offset, count, flags),
                userData,
                () -> inner.writev(fd, iovecs, less, offset, flags, userData));
    }

    @Override
    public boolean fdatasync(int fd, long userData) {
        return run(
                new Call("fdatasync", fd, 0, 0, 0), userData, () -> inner.fdatasync(fd, userData));
    }

    @Override
    public boolean fallocate(int fd, int mode, long offset, long bytes, long userData) {
        return run(
                new Call("fallocate", fd, offset, bytes, mode),
                userData,
                () -> inner.fallocate(fd, mode, offset, bytes, userData));
    }
}
