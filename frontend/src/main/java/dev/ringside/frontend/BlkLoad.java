package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.ringside.shm.Epoll;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps the queues of a disk full and measures what comes back. The loop allocates nothing, takes
 * no lock, and never waits while polling.
 *
 * <p>{@link #run} works on the calling thread, {@link #start} on one of its own. {@link #stop} and
 * {@link #completed} may be called by any thread. A load is used once.
 */
public final class BlkLoad {
    private static final ValueLayout.OfLong LE64 = JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LE32 = JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final int PENDING_STATUS = 0xee;
    // How often an idle polling loop looks at the clock and at stop().
    private static final int IDLE_LOOKS = 1024;
    private static final long SLEEP_NS = 1_500_000;

    private final LoadOptions options;
    private final DriverQueue[] queues;
    private final BlkSlots[] slots;
    private final BlkLedger ledger;
    private final boolean[] busy;
    private final int blocks;
    private final long sectorsPerBlock;
    private final LatencyRecorder readLatency = new LatencyRecorder();
    private final LatencyRecorder writeLatency = new LatencyRecorder();
    private final double intervalNs;
    private final AtomicLong completed = new AtomicLong();
    private volatile boolean stopped;
    private volatile boolean abandoned;

    // The loop's clock: read once for each burst of answers, when the first of it is seen.
    private long nowNs;
    private boolean clockFresh;
    private long random;
    private int nextBlock;
    private int nextQueue;
    private long beganNs;
    private long issued;
    private long reads;
    private long writes;
    private long errors;
    private long mismatches;

    /** On every queue of a driver, with a fresh ledger. */
    public BlkLoad(final BlkDriver driver, final LoadOptions options) {
        this(driver, options, ledger(driver, options));
    }

    /**
     * On every queue of a driver, going on from what a ledger knows. Takes memory of the driver for
     * its buffers.
     *
     * @throws IllegalArgumentException when the range or the ledger does not fit
     */
    public BlkLoad(final BlkDriver driver, final LoadOptions options, final BlkLedger ledger) {
        if (ledger.blockBytes() != options.blockBytes()) {
            throw new IllegalArgumentException("the ledger's block size is another one");
        }
        this.options = options;
        this.ledger = ledger;
        this.blocks = ledger.blocks();
        this.sectorsPerBlock = options.blockBytes() / BlkSpec.SECTOR_BYTES;
        this.random = options.seed() | 1;
        this.intervalNs = options.rate() == 0 ? 0 : 1e9 / options.rate();
        this.queues = driver.queues().toArray(DriverQueue[]::new);
        this.slots = new BlkSlots[queues.length];
        this.busy = new boolean[options.verify() ? blocks : 0];
        if (options.verify() && (long) options.depth() * queues.length > blocks) {
            throw new IllegalArgumentException(
                    "a verified load needs at least as many blocks as requests in flight: "
                            + blocks
                            + " blocks");
        }
        for (int i = 0; i < queues.length; i++) {
            slots[i] =
                    new BlkSlots(
                            driver.memory(),
                            queues[i].layout().size(),
                            options.depth(),
                            options.blockBytes());
        }
    }

    /** A ledger for the range that some options name on a driver's disk. */
    public static BlkLedger ledger(final BlkDriver driver, final LoadOptions options) {
        final long start = options.firstSector() * BlkSpec.SECTOR_BYTES;
        final long bytes =
                options.rangeBytes() == 0 ? driver.capacityBytes() - start : options.rangeBytes();
        final long blocks = Math.min(bytes / options.blockBytes(), Integer.MAX_VALUE - 8);
        if (blocks < 1) {
            throw new IllegalArgumentException(
                    "a range of " + bytes + " bytes holds no block of " + options.blockBytes());
        }
        return new BlkLedger(
                options.firstSector(),
                (int) blocks,
                options.blockBytes(),
                options.seed(),
                options.verify());
    }

    /** What the load knows of the disk; look when it does not run. */
    public BlkLedger ledger() {
        return ledger;
    }

    /** Lets the load end once its requests are back. */
    public void stop() {
        stopped = true;
    }

    /** Ends the load at once, when nothing more is to come: {@link #run} throws. */
    public void abandon() {
        abandoned = true;
        for (final DriverQueue queue : queues) {
            queue.callFd().signal();
        }
    }

    /** Requests that came back so far. */
    public long completed() {
        return completed.getOpaque();
    }

    /** A load at work on its own thread. */
    public final class Running {
        private final LoadThread<LoadResult> thread;

        private Running(final int... cpus) {
            thread = LoadThread.start(BlkLoad.this::run, cpus);
        }

        /** The load, to stop it or see how far it is. */
        public BlkLoad load() {
            return BlkLoad.this;
        }

        /** Whether it ended, well or not. */
        public boolean ended() {
            return thread.ended();
        }

        /** Stops it and waits for its result. */
        public LoadResult stopAndJoin() throws IOException {
            stop();
            return join();
        }

        /** Waits for its result; throws what the load threw. */
        public LoadResult join() throws IOException {
            return thread.join();
        }
    }

    /** Runs on a thread of its own, pinned to the given processors if there are any. */
    public Running start(final int... cpus) {
        return new Running(cpus);
    }

    /**
     * Runs until the time, the number of requests or {@link #stop} ends it, then waits for what is
     * in flight.
     *
     * @throws IOException when the device stops answering
     */
    public LoadResult run() throws IOException {
        long kicks = 0;
        long calls = 0;
        for (final DriverQueue queue : queues) {
            queue.suppressCalls();
            kicks -= queue.kicks();
            calls -= queue.calls();
        }
        final long startNs = System.nanoTime();
        final long endNs;
        try (Epoll epoll = Epoll.create()) {
            for (final DriverQueue queue : queues) {
                epoll.add(queue.callFd().number(), Epoll.IN, queue.layout().index());
            }
            endNs = loop(epoll, startNs);
        } finally {
            forgetInFlight();
        }
        for (final DriverQueue queue : queues) {
            kicks += queue.kicks();
            calls += queue.calls();
        }
        return new LoadResult(
                reads,
                writes,
                errors,
                mismatches,
                options.blockBytes(),
                endNs - startNs,
                readLatency,
                writeLatency,
                kicks,
                calls);
    }

    private long loop(final Epoll epoll, final long startNs) throws IOException {
        final long deadlineNs =
                options.durationNs() == 0 ? Long.MAX_VALUE : startNs + options.durationNs();
        final long limit = options.requests() == 0 ? Long.MAX_VALUE : options.requests();
        long lastProgressNs = startNs;
        int idle = 0;
        beganNs = startNs;
        nowNs = startNs;
        fillAll(limit);
        while (true) {
            clockFresh = false;
            int reaped = 0;
            for (int i = 0; i < queues.length; i++) {
                reaped += reap(queues[i], slots[i]);
            }
            if (reaped > 0) {
                lastProgressNs = nowNs;
                idle = 0;
                completed.setOpaque(reads + writes);
            } else {
                pause(epoll, ++idle);
            }
            final boolean over = nowNs >= deadlineNs || stopped || issued >= limit;
            if (over && inFlight() == 0) {
                return nowNs;
            }
            if (!over && (reaped > 0 || paced())) {
                fillAll(limit);
            }
            if (reaped == 0) {
                lastProgressNs = inFlight() == 0 ? nowNs : lastProgressNs;
                checkStall(nowNs - lastProgressNs);
            }
        }
    }

    private boolean paced() {
        return intervalNs > 0;
    }

    /** When the next request is to be given to the device. */
    private long dueNs() {
        return paced() ? beganNs + (long) (issued * intervalNs) : nowNs;
    }

    /** Nothing came back: waits a little, or until something does. */
    private void pause(final Epoll epoll, final int idle) {
        if (!options.polled()) {
            sleep(epoll);
            nowNs = System.nanoTime();
        } else if (paced() || idle % IDLE_LOOKS == 0) {
            nowNs = System.nanoTime();
        } else {
            Thread.onSpinWait();
        }
    }

    private void checkStall(final long silentNs) throws IOException {
        if (abandoned || silentNs > options.stallNs()) {
            throw new IOException(
                    "the device answered nothing for "
                            + silentNs / 1_000_000
                            + " ms with "
                            + inFlight()
                            + " requests in flight");
        }
    }

    private void sleep(final Epoll epoll) {
        boolean ready = false;
        for (final DriverQueue queue : queues) {
            ready |= queue.requestCalls();
        }
        final long freeNs = paced() ? dueNs() - System.nanoTime() : Long.MAX_VALUE;
        // What is due within a sleep's own lateness would be late: rather look again at once.
        if (!ready && freeNs > SLEEP_NS) {
            epoll.await(Math.min(Math.min(options.stallNs(), 100_000_000L), freeNs - SLEEP_NS));
        }
        for (final DriverQueue queue : queues) {
            queue.suppressCalls();
            queue.drainCalls();
        }
    }

    private int inFlight() {
        int count = 0;
        for (final BlkSlots s : slots) {
            count += s.free.length - s.freeCount;
        }
        return count;
    }

    // From another queue each time: what is due one by one goes to all of them.
    private void fillAll(final long limit) {
        for (int i = 0; i < queues.length; i++) {
            final int queue = (nextQueue + i) % queues.length;
            fill(queues[queue], slots[queue], limit);
        }
        nextQueue = (nextQueue + 1) % queues.length;
    }

    private void fill(final DriverQueue queue, final BlkSlots s, final long limit) {
        boolean added = false;
        while (s.freeCount > 0 && issued < limit) {
            final long dueNs = dueNs();
            if (dueNs > nowNs) {
                break;
            }
            final int slot = s.free[s.freeCount - 1];
            final boolean write = prepare(s, slot);
            final DriverChain chain = write ? s.writeChains[slot] : s.readChains[slot];
            final int head = options.indirect() ? queue.addIndirect(chain) : queue.add(chain);
            if (head < 0) {
                release(s, slot);
                break;
            }
            s.freeCount--;
            s.slotOfHead[head] = slot;
            s.startNs[slot] = dueNs;
            issued++;
            added = true;
        }
        if (added) {
            queue.publishAndKick();
        }
    }

    private boolean prepare(final BlkSlots s, final int slot) {
        final boolean write =
                options.readPercent() < 100
                        && (options.readPercent() == 0
                                || Long.remainderUnsigned(nextRandom() >>> 8, 100)
                                        >= options.readPercent());
        final int block = options.verify() ? chooseIdleBlock() : chooseBlock();
        s.block[slot] = block;
        s.writing[slot] = write;
        if (options.verify()) {
            busy[block] = true;
            if (write) {
                s.generation[slot] = ledger.nextGeneration(block);
                ledger.fill(s.data[slot], block, s.generation[slot]);
            }
        }
        final MemorySegment control = s.control[slot];
        control.set(LE32, 0, write ? BlkSpec.T_OUT : BlkSpec.T_IN);
        control.set(LE32, 4, 0);
        control.set(LE64, 8, ledger.firstSector() + block * sectorsPerBlock);
        control.set(JAVA_BYTE, BlkSlots.STATUS_OFFSET, (byte) PENDING_STATUS);
        return write;
    }

    private void release(final BlkSlots s, final int slot) {
        if (options.verify()) {
            busy[s.block[slot]] = false;
        }
    }

    // Two requests on one block at a time would make its content a matter of luck.
    private int chooseIdleBlock() {
        int block = chooseBlock();
        while (busy[block]) {
            block = block + 1 == blocks ? 0 : block + 1;
        }
        return block;
    }

    private int chooseBlock() {
        if (options.random()) {
            return (int) Math.unsignedMultiplyHigh(nextRandom(), blocks);
        }
        final int block = nextBlock;
        nextBlock = block + 1 == blocks ? 0 : block + 1;
        return block;
    }

    // xorshift64*: cheap and good enough to scatter blocks.
    private long nextRandom() {
        random ^= random >>> 12;
        random ^= random << 25;
        random ^= random >>> 27;
        return random * 0x2545_f491_4f6c_dd1dL;
    }

    private int reap(final DriverQueue queue, final BlkSlots s) {
        int count = 0;
        int head = queue.pollUsed();
        if (head >= 0 && !clockFresh) {
            nowNs = System.nanoTime();
            clockFresh = true;
        }
        while (head >= 0) {
            complete(s, s.slotOfHead[head]);
            count++;
            head = queue.pollUsed();
        }
        return count;
    }

    private void complete(final BlkSlots s, final int slot) {
        final boolean ok = s.control[slot].get(JAVA_BYTE, BlkSlots.STATUS_OFFSET) == BlkSpec.S_OK;
        final int block = s.block[slot];
        if (s.writing[slot]) {
            writes++;
            if (options.verify()) {
                acknowledge(block, s.generation[slot], ok);
            }
        } else {
            reads++;
            if (options.verify() && ok && !ledger.matches(s.data[slot], block)) {
                mismatches++;
            }
        }
        if (!ok) {
            errors++;
        }
        (s.writing[slot] ? writeLatency : readLatency).record(nowNs - s.startNs[slot]);
        release(s, slot);
        s.free[s.freeCount++] = slot;
    }

    private void acknowledge(final int block, final int generation, final boolean ok) {
        if (ok) {
            ledger.acknowledge(block, generation);
        } else {
            ledger.forget(block);
        }
    }

    private void forgetInFlight() {
        VarHandle.fullFence();
        for (final BlkSlots s : slots) {
            final boolean[] idle = new boolean[s.free.length];
            for (int i = 0; i < s.freeCount; i++) {
                idle[s.free[i]] = true;
            }
            for (int slot = 0; slot < idle.length; slot++) {
                if (!idle[slot] && s.writing[slot]) {
                    ledger.forget(s.block[slot]);
                }
            }
        }
    }
}
