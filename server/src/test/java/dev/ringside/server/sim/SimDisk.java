package dev.ringside.server.sim;

import dev.ringside.shm.Errno;
import dev.ringside.shm.LifeTime;
import dev.ringside.virtio.blk.backend.BlockBackend;
import dev.ringside.virtio.blk.backend.BlockChannel;
import dev.ringside.virtio.blk.backend.BlockCompletion;
import dev.ringside.virtio.blk.backend.BlockIo;
import dev.ringside.virtio.blk.backend.BlockOperation;
import dev.ringside.virtio.blk.backend.BlockTraits;
import dev.ringside.virtqueue.device.ShardContext;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The host's disk, which outlives the processes that serve it: sectors with a volatile cache, and
 * requests that are carried out late, sector by sector, in any order, and told of later still.
 */
final class SimDisk {
    private final SplittableRandom random;
    private final Medium medium;
    private final boolean inOrder;
    private final int failuresIn1000;
    private final LongPredicate mayWrite;
    private final List<Request> requests = new ArrayList<>();
    private final MemorySegment scratch = MemorySegment.ofArray(new byte[Content.SECTOR_BYTES]);
    private long failures;

    /**
     * An empty disk.
     *
     * @param failuresIn1000 how many requests out of thousand end with EIO
     * @param mayWrite told the value of each sector that is about to be written; false: nobody
     *     wants that now
     */
    SimDisk(
            final SplittableRandom random,
            final int sectors,
            final boolean inOrder,
            final int failuresIn1000,
            final LongPredicate mayWrite) {
        this.random = random;
        this.medium = new Medium(sectors);
        this.inOrder = inOrder;
        this.failuresIn1000 = failuresIn1000;
        this.mayWrite = mayWrite;
    }

    /** How many requests ended with an error so far. */
    long failures() {
        return failures;
    }

    /** Requests that a process gave and was not told the end of. */
    int inFlight() {
        return requests.size();
    }

    /** One request of a process, as it was submitted: its slot may be used again afterwards. */
    private final class Request {
        final Channel channel;
        final BlockIo io;
        final BlockOperation operation;
        final int firstSector;
        final boolean durable;
        final boolean fails;
        final long[] flushTo;
        long todo;

        Request(final Channel channel, final BlockIo io) {
            this.channel = channel;
            this.io = io;
            operation = io.operation();
            firstSector = (int) (io.offset() / Content.SECTOR_BYTES);
            durable = io.durable();
            fails = random.nextInt(1000) < failuresIn1000;
            final int count = (int) (io.length() / Content.SECTOR_BYTES);
            final boolean ranged = operation != BlockOperation.FLUSH;
            flushTo = ranged ? new long[0] : medium.written();
            todo = ranged ? (1L << count) - 1 : 1;
        }

        /** Carries out a part of what is left. */
        void work() {
            final long now = random.nextInt(3) == 0 ? todo & random.nextLong() : todo;
            for (int i = 0; i < Long.SIZE; i++) {
                if ((now >>> i & 1) != 0) {
                    workOn(i);
                }
            }
            todo &= ~now;
        }

        private void workOn(final int i) {
            final int sector = firstSector + i;
            final long at = (long) i * Content.SECTOR_BYTES;
            switch (operation) {
                case READ -> {
                    Content.fill(scratch, 0, medium.read(sector));
                    io.scatter(at, scratch, 0, Content.SECTOR_BYTES);
                }
                case WRITE -> {
                    io.gather(at, scratch, 0, Content.SECTOR_BYTES);
                    final long value = Content.parse(scratch, 0, sector);
                    if (!mayWrite.test(value)) {
                        throw new SimFailure(
                                "nobody waits for what is written now: " + Content.describe(value));
                    }
                    medium.write(sector, value, durable);
                }
                case WRITE_ZEROES -> medium.write(sector, Content.ZEROES, durable);
                case DISCARD -> {
                    if (random.nextBoolean()) {
                        medium.write(sector, Content.ZEROES, durable);
                    }
                }
                case FLUSH -> medium.flush(flushTo);
                case SECURE_ERASE -> throw new SimFailure("secure erase was not offered");
            }
        }

        int result() {
            if (fails) {
                failures++;
                return -Errno.EIO;
            }
            return 0;
        }
    }

    /** The hardware goes on with any one request. */
    void work() {
        if (!requests.isEmpty()) {
            requests.get(random.nextInt(requests.size())).work();
        }
    }

    /**
     * A shard reaps completions: any number of those that are done.
     *
     * @return how many
     */
    int deliver(final int shard) {
        int delivered = 0;
        for (final Request request : List.copyOf(requests)) {
            if (request.channel.shard == shard
                    && request.todo == 0
                    && random.nextInt(4) != 0
                    && (!inOrder || isFirst(request))) {
                requests.remove(request);
                delivered++;
                request.channel.completion.onComplete(request.io, request.result());
            }
        }
        return delivered;
    }

    private boolean isFirst(final Request request) {
        for (final Request other : requests) {
            if (other.channel == request.channel) {
                return other == request;
            }
        }
        return false;
    }

    /**
     * The process that gave the requests is dead: some parts of them happened still. The kernel
     * keeps the image's lock until the last of them is over, so nothing happens later.
     */
    void processDied() {
        for (final Request request : requests) {
            if (random.nextBoolean()) {
                request.work();
            }
        }
        requests.clear();
    }

    /** What was not flushed may be lost. */
    void powerLost() {
        requests.clear();
        medium.powerLost(random);
    }

    /** The disk as a process opens it. */
    BlockBackend open() {
        return new Backend();
    }

    private final class Backend implements BlockBackend {
        @Override
        public String describe() {
            return "simulated";
        }

        @Override
        public BlockTraits traits() {
            return new BlockTraits(512, 512, false, false, inOrder, true, 512, true, false, false);
        }

        @Override
        public long capacityBytes() {
            return (long) medium.sectors() * Content.SECTOR_BYTES;
        }

        @Override
        public boolean refresh() {
            return false;
        }

        @Override
        public @Nullable LifeTime lifetime() {
            return null;
        }

        @Override
        public BlockChannel openChannel(
                final ShardContext shard, final BlockIo[] ios, final BlockCompletion completion) {
            return new Channel(shard.shardIndex(), completion);
        }

        @Override
        public void close() {}
    }

    private final class Channel implements BlockChannel {
        private final int shard;
        private final BlockCompletion completion;

        Channel(final int shard, final BlockCompletion completion) {
            this.shard = shard;
            this.completion = completion;
        }

        @Override
        public int submit(final BlockIo io) {
            final Request request = new Request(this, io);
            // Some disks are done at once, but never before those that they have in flight.
            if (random.nextInt(8) == 0 && (!inOrder || idle())) {
                while (request.todo != 0) {
                    request.work();
                }
                return request.result();
            }
            requests.add(request);
            return PENDING;
        }

        @Override
        public void poll() {}

        @Override
        public boolean congested() {
            return !idle() && random.nextInt(8) == 0;
        }

        @Override
        public boolean idle() {
            for (final Request request : requests) {
                if (request.channel == this) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public void close() {
            if (!idle()) {
                throw new SimFailure("a channel was closed with requests in flight");
            }
        }
    }
}
