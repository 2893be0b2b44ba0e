package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.Errno;
import dev.ringside.shm.HostFile;
import dev.ringside.shm.IoUring;
import dev.ringside.virtio.blk.backend.FileTask.Stage;
import dev.ringside.virtqueue.device.ShardContext;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A queue's way to a file or block device: io_uring between the file and guest memory, and inline
 * calls where the data is in memory already.
 *
 * <p>A task moves by {@link #issue}, which queues its next operation, and {@link #advance}, which
 * takes that operation's result. Tasks that found the submission queue full, no bounce buffer, or
 * were told EAGAIN wait in {@link #blocked} for the next poll.
 */
final class FileChannel implements BlockChannel, IoUring.CompletionHandler {
    /** The most that one fallocate covers: others get at the inode in between, bytes. */
    private static final long RANGE_BYTES = 1L << 30;

    /** The most that is copied inline on the shard's thread at once, bytes. */
    private static final long INLINE_BYTES = 1 << 20;

    /** The most of one direct call, bytes: its pages are pinned on the shard's thread. */
    private static final long DIRECT_BYTES = 1 << 22;

    private final FileMedium medium;
    private final HostFile file;
    private final FileRing ring;
    private final BlockCompletion completion;
    private final @Nullable HostFile own;
    private final ShardContext shard;
    private final int handler;
    private final long handlerBits;
    private final Arena arena = Arena.ofConfined();
    private final FileTask[] tasks;
    private final IoQueue blocked;
    private final BouncePool bounces;
    private final SyncGroup syncs;
    private final Waker waker;
    private final boolean direct;
    private final long memoryMask;
    private final long offsetMask;
    private final boolean inlineReads;
    private final boolean inlineWrites;
    private final int inlineFlags;
    private boolean closed;

    /**
     * Opens the channel.
     *
     * @param own this channel's own file description, closed with it; null: the medium's is shared
     */
    FileChannel(
            FileMedium medium,
            @Nullable HostFile own,
            ShardContext shard,
            FileRing ring,
            BlockIo[] requests,
            BlockCompletion completion) {
        this.medium = medium;
        this.own = own;
        this.shard = shard;
        this.ring = ring;
        this.completion = completion;
        file = own == null ? medium.file() : own;
        direct = medium.direct();
        memoryMask = medium.memoryAlign() - 1L;
        offsetMask = medium.offsetAlign() - 1L;
        inlineReads = medium.inlineReads();
        inlineWrites = medium.inlineWrites();
        inlineFlags = medium.inlineFlags();
        tasks = newTasks(requests);
        blocked = new IoQueue(requests.length);
        bounces = new BouncePool(arena, direct ? BouncePool.BUFFERS : 0);
        handler = shard.addCompletionHandler(this);
        handlerBits = (long) handler << 32;
        waker = new Waker(shard.ring(), handlerBits | (requests.length + 1));
        syncs =
                new SyncGroup(
                        ring,
                        file.fd(),
                        handlerBits | requests.length,
                        medium,
                        own == null,
                        waker,
                        requests.length,
                        completion);
    }

    private FileTask[] newTasks(BlockIo[] requests) {
        long total = 0;
        for (BlockIo io : requests) {
            total += FileTask.iovecBytes(io);
        }
        MemorySegment iovecs = arena.allocate(total, FileSpec.IOVEC_BYTES);
        FileTask[] made = new FileTask[requests.length];
        long at = 0;
        for (int i = 0; i < made.length; i++) {
            long bytes = FileTask.iovecBytes(requests[i]);
            made[i] = new FileTask(requests[i], iovecs.asSlice(at, bytes));
            at += bytes;
        }
        return made;
    }

    @Override
    public int submit(BlockIo io) {
        FileTask task = tasks[io.slot()];
        if (io.length() == 0 && io.operation() != BlockOperation.FLUSH) {
            return 0;
        }
        switch (io.operation()) {
            case READ -> {
                task.begin(stageOf(io));
                if (inlineReads && io.length() <= INLINE_BYTES) {
                    int result = readInline(task);
                    if (result != PENDING) {
                        return result;
                    }
                }
            }
            case WRITE -> {
                task.begin(stageOf(io));
                if (inlineWrites && io.length() <= INLINE_BYTES) {
                    int result = writeInline(task);
                    if (result != PENDING) {
                        return result;
                    }
                }
            }
            case DISCARD, SECURE_ERASE -> task.begin(Stage.PUNCH);
            case WRITE_ZEROES -> task.begin(zeroStage(io));
            case FLUSH -> {
                return submitFlush(io);
            }
        }
        start(task);
        return PENDING;
    }

    private int submitFlush(BlockIo io) {
        int failed = medium.flushError();
        if (failed != 0) {
            return -failed;
        }
        if (inlineWrites) {
            return file.fdatasync(); // memory is the medium: nothing to wait for
        }
        syncs.add(io);
        return PENDING;
    }

    private Stage stageOf(BlockIo io) {
        if (!direct) {
            return Stage.STRAIGHT;
        }
        if (((io.offset() | io.length()) & offsetMask) != 0) {
            return Stage.SIDE;
        }
        return io.aligned(memoryMask, offsetMask) ? Stage.STRAIGHT : Stage.BOUNCE;
    }

    private Stage zeroStage(BlockIo io) {
        if (io.unmap() && medium.canPunch()) {
            return Stage.PUNCH;
        }
        return medium.canZeroRange() ? Stage.ZERO_RANGE : Stage.ZERO_WRITE;
    }

    /** 0 when all was read without waiting, a negative error number, or PENDING for the ring. */
    private int readInline(FileTask task) {
        BlockIo io = task.io;
        int n;
        if (io.extents() == 1 && inlineFlags == 0) {
            n = file.pread(io.address(0), io.length(0), io.offset());
        } else {
            task.fillIovecs(INLINE_BYTES);
            n = file.preadv2(task.iovecAddress(), task.iovecCount(), io.offset(), inlineFlags);
        }
        if (n == io.length()) {
            return 0;
        }
        task.done = Math.max(n, 0);
        return PENDING; // misses, errors and ends of file alike: the ring tells which
    }

    private int writeInline(FileTask task) {
        BlockIo io = task.io;
        for (int i = 0; i < io.extents(); i++) {
            int n = file.pwrite(io.address(i), io.length(i), io.offset() + task.done);
            if (n > 0) {
                task.done += n;
            }
            if (n != io.length(i)) {
                return PENDING; // the ring goes on from there and tells what is wrong
            }
        }
        return 0;
    }

    private void start(FileTask task) {
        if (!blocked.isEmpty() || !issue(task)) {
            blocked.add(task.io);
        }
    }

    /** Queues the task's next operation; false: no room now. */
    private boolean issue(FileTask task) {
        long userData = handlerBits | task.io.slot();
        long at = task.io.offset() + task.done;
        switch (task.stage) {
            case STRAIGHT -> {
                return issueExtents(task, file.fd(), at, userData);
            }
            case SIDE -> {
                return issueExtents(task, medium.sideFd(), at, userData);
            }
            case BOUNCE -> {
                return issueBounce(task, at, userData);
            }
            // By the first description: a block device takes these only from who holds it.
            case PUNCH -> {
                long bytes = Math.min(task.left(), RANGE_BYTES);
                int mode = HostFile.FALLOC_FL_PUNCH_HOLE | HostFile.FALLOC_FL_KEEP_SIZE;
                return ring.fallocate(medium.file().fd(), mode, at, bytes, userData);
            }
            case ZERO_RANGE -> {
                long bytes = Math.min(task.left(), RANGE_BYTES);
                int mode = HostFile.FALLOC_FL_ZERO_RANGE | HostFile.FALLOC_FL_KEEP_SIZE;
                return ring.fallocate(medium.file().fd(), mode, at, bytes, userData);
            }
            case ZERO_WRITE -> {
                int bytes = (int) Math.min(task.left(), Zeroes.BYTES);
                boolean aligned = !direct || ((at | bytes) & offsetMask) == 0;
                int fd = aligned ? file.fd() : medium.sideFd();
                return ring.write(fd, Zeroes.address(), bytes, at, userData);
            }
        }
        throw new AssertionError(task.stage);
    }

    private boolean issueExtents(FileTask task, int fd, long at, long userData) {
        BlockIo io = task.io;
        boolean reading = io.operation() == BlockOperation.READ;
        int flags = syncedByWrite(task) ? HostFile.RWF_DSYNC : 0;
        // Through the page cache the ring copies at once, on the shard's thread.
        long limit = direct && task.stage == Stage.STRAIGHT ? DIRECT_BYTES : INLINE_BYTES;
        if (io.extents() == 1 && flags == 0) {
            long address = io.address(0) + task.done;
            int bytes = (int) Math.min(task.left(), limit);
            return reading
                    ? ring.read(fd, address, bytes, at, userData)
                    : ring.write(fd, address, bytes, at, userData);
        }
        task.fillIovecs(limit);
        return reading
                ? ring.readv(fd, task.iovecAddress(), task.iovecCount(), at, userData)
                : ring.writev(fd, task.iovecAddress(), task.iovecCount(), at, flags, userData);
    }

    /** A buffer is held only while its operation is in flight: what waits holds nothing. */
    private boolean issueBounce(FileTask task, long at, long userData) {
        int bounce = bounces.take();
        if (bounce == FileTask.NONE) {
            return false;
        }
        int bytes = (int) Math.min(task.left(), BouncePool.BYTES);
        long address = bounces.address(bounce);
        boolean queued;
        if (task.io.operation() == BlockOperation.READ) {
            queued = ring.read(file.fd(), address, bytes, at, userData);
        } else {
            task.io.gather(task.done, bounces.segment(bounce), 0, bytes);
            queued = ring.write(file.fd(), address, bytes, at, userData);
        }
        if (queued) {
            task.bounce = bounce;
        } else {
            bounces.give(bounce);
        }
        return queued;
    }

    /** A direct write carries its own durability; everything else asks for an fdatasync after. */
    private boolean syncedByWrite(FileTask task) {
        return direct
                && task.stage == Stage.STRAIGHT
                && task.io.durable()
                && task.io.operation() == BlockOperation.WRITE;
    }

    @Override
    public void onCompletion(long userData, int result, int flags) {
        int token = (int) userData;
        if (token == tasks.length) {
            syncs.onSynced(result);
            return;
        }
        if (token > tasks.length) {
            waker.onCompletion();
            return;
        }
        FileTask task = tasks[token];
        if (task.bounce != FileTask.NONE) {
            int bounce = task.bounce;
            task.bounce = FileTask.NONE;
            if (result > 0 && task.io.operation() == BlockOperation.READ) {
                long wanted = Math.min(result, task.left());
                task.io.scatter(task.done, bounces.segment(bounce), 0, wanted);
            }
            bounces.give(bounce);
        }
        advance(task, result);
    }

    private void advance(FileTask task, int result) {
        if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
            blocked.add(task.io); // poll, which comes after completions, tries again
            return;
        }
        if (result < 0) {
            if (fallBack(task, result)) {
                start(task);
            } else {
                finish(task, result);
            }
            return;
        }
        long moved =
                switch (task.stage) {
                    case PUNCH, ZERO_RANGE -> Math.min(task.left(), RANGE_BYTES);
                    case STRAIGHT, SIDE, BOUNCE, ZERO_WRITE -> result;
                };
        task.done += moved;
        if (task.left() == 0) {
            finish(task, 0);
        } else if (moved == 0 || stuckOffAlignment(task)) {
            finish(task, -Errno.EIO); // the medium ends before its size
        } else {
            start(task);
        }
    }

    /** A short direct transfer that ended inside a block cannot be continued. */
    private boolean stuckOffAlignment(FileTask task) {
        boolean needsAlignment = task.stage == Stage.STRAIGHT || task.stage == Stage.BOUNCE;
        return direct && needsAlignment && (task.done & offsetMask) != 0;
    }

    /** Chooses another way after an error; false when there is none. */
    private boolean fallBack(FileTask task, int result) {
        boolean unsupported =
                result == -Errno.EOPNOTSUPP || result == -Errno.EINVAL || result == -Errno.ENOSYS;
        if (!unsupported) {
            return false;
        }
        switch (task.stage) {
            case PUNCH -> {
                if (task.io.operation() != BlockOperation.WRITE_ZEROES) {
                    return false;
                }
                task.stage = medium.canZeroRange() ? Stage.ZERO_RANGE : Stage.ZERO_WRITE;
                return true;
            }
            case ZERO_RANGE -> {
                if (result == -Errno.EOPNOTSUPP) {
                    medium.zeroRangeFailed();
                }
                task.stage = Stage.ZERO_WRITE;
                return true;
            }
            case STRAIGHT -> {
                // Some file systems want more alignment than they tell.
                boolean possible = direct && (task.done & offsetMask) == 0;
                task.stage = possible ? Stage.BOUNCE : Stage.STRAIGHT;
                return possible;
            }
            case BOUNCE, SIDE, ZERO_WRITE -> {
                return false;
            }
        }
        return false;
    }

    private void finish(FileTask task, int result) {
        BlockIo io = task.io;
        boolean changes =
                io.operation() == BlockOperation.WRITE
                        || io.operation() == BlockOperation.WRITE_ZEROES;
        if (result == 0 && io.durable() && changes && !syncedByWrite(task)) {
            syncs.add(io);
        } else if (result == 0 && io.durable() && changes && medium.flushError() != 0) {
            completion.onComplete(io, -medium.flushError());
        } else {
            completion.onComplete(io, result);
        }
    }

    @Override
    public void poll() {
        syncs.advance();
        for (int left = blocked.size(); left > 0; left--) {
            BlockIo io = blocked.peek();
            if (io == null || !issue(tasks[io.slot()])) {
                break;
            }
            blocked.remove();
        }
        if (!blocked.isEmpty()) {
            waker.ask();
        }
    }

    @Override
    public boolean congested() {
        return !blocked.isEmpty();
    }

    @Override
    public boolean lostData() {
        return medium.flushError() != 0;
    }

    @Override
    public boolean idle() {
        return waker.idle();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        shard.removeCompletionHandler(handler);
        arena.close();
        if (own != null) {
            own.close();
        }
    }
}
