package dev.ringside.server.component;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Traffic by which a device writes all kinds of places in guest memory, while the driver writes
 * only where {@link PageCopies} was told that it does. Runs on a thread of its own until it is
 * stopped.
 */
final class LoggedLoad {
    private static final int SLOTS = 16;
    private static final int DATA_BYTES = 1 << 16;
    private static final int PAGE = 4096;
    private static final int RECEIVE_BYTES = 700;
    private static final int MAX_FRAME = 1514;
    private static final long USED_WAIT_NS = 20_000_000;
    private static final ValueLayout.OfLong LE64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LE32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Random random;
    private final FutureTask<Void> task;
    private volatile boolean stopping;
    private final AtomicLong done = new AtomicLong();

    private LoggedLoad(final long seed) {
        random = new Random(seed);
        task = new FutureTask<>(this::run, null);
    }

    private Runnable turn = () -> {};

    private void run() {
        while (!stopping) {
            turn.run();
        }
    }

    private LoggedLoad start(final Runnable oneTurn) {
        turn = oneTurn;
        new Thread(task, "logged-load").start();
        return this;
    }

    /** Reads, failing reads and GET_ID on the first queue of a disk, many at once. */
    static LoggedLoad ofDisk(final BlkDriver driver, final PageCopies copies, final long seed) {
        final LoggedLoad load = new LoggedLoad(seed);
        final DiskSlots slots = load.new DiskSlots(driver, copies);
        return load.start(slots::turn);
    }

    /** Frames from one NIC to another, or to itself, in buffers smaller than the frames. */
    static LoggedLoad ofNics(
            final NetDriver from, final NetDriver to, final PageCopies copies, final long seed) {
        final LoggedLoad load = new LoggedLoad(seed);
        final Frames frames = load.new Frames(from, to, copies);
        return load.start(frames::turn);
    }

    /** Returns when so many more requests or frames have come back. */
    void awaitMore(final int count) throws Exception {
        final long before = done.get();
        Await.until("traffic goes on", () -> task.isDone() || done.get() >= before + count);
        if (task.isDone()) {
            task.get();
        }
    }

    /** Ends it after its present turn; what is in flight stays so. */
    void stop() throws InterruptedException, ExecutionException {
        stopping = true;
        task.get();
    }

    private void finished() {
        done.incrementAndGet();
    }

    private final class DiskSlots {
        private final DriverQueue queue;
        private final FrontendMemory memory;
        private final long sectors;
        private final long[] headers = new long[SLOTS];
        private final long[] data = new long[SLOTS];
        private final long[] statuses = new long[SLOTS];
        private final int[] slotOfHead;
        private final DriverChain chain = new DriverChain();

        DiskSlots(final BlkDriver driver, final PageCopies copies) {
            queue = driver.queue(0);
            memory = driver.memory();
            sectors = driver.capacityBytes() / BlkSpec.SECTOR_BYTES;
            slotOfHead = new int[queue.layout().size()];
            copies.ring(queue.layout());
            for (int i = 0; i < SLOTS; i++) {
                headers[i] = memory.allocate(PAGE, PAGE);
                data[i] = memory.allocate(DATA_BYTES + PAGE, PAGE);
                statuses[i] = memory.allocate(PAGE, PAGE);
                copies.driver(headers[i], PAGE);
                copies.device(data[i], DATA_BYTES + PAGE);
                copies.device(statuses[i], PAGE);
            }
            for (int i = 0; i < SLOTS; i++) {
                send(i);
            }
            queue.publishAndKick();
        }

        private void send(final int slot) {
            final int kind = random.nextInt(8);
            final boolean id = kind == 0;
            final int count = random.nextInt(DATA_BYTES / BlkSpec.SECTOR_BYTES) + 1;
            final int bytes = id ? BlkSpec.ID_BYTES : count * BlkSpec.SECTOR_BYTES;
            final MemorySegment header = memory.slice(headers[slot], BlkSpec.HEADER_BYTES);
            header.set(LE32, 0, id ? BlkSpec.T_GET_ID : BlkSpec.T_IN);
            header.set(LE64, 8, kind == 1 ? sectors : random.nextLong(sectors - count));
            chain.clear().readable(headers[slot], BlkSpec.HEADER_BYTES);
            final long at = data[slot] + random.nextInt(PAGE);
            final int first = random.nextInt(bytes) + 1;
            chain.writable(at, first);
            if (first < bytes) {
                chain.writable(at + first, bytes - first);
            }
            chain.writable(statuses[slot] + random.nextInt(PAGE), 1);
            slotOfHead[queue.add(chain)] = slot;
        }

        void turn() {
            if (!queue.awaitUsed(USED_WAIT_NS)) {
                return;
            }
            for (int head = queue.pollUsed(); head >= 0; head = queue.pollUsed()) {
                finished();
                send(slotOfHead[head]);
            }
            queue.publishAndKick();
        }
    }

    private final class Frames {
        private final DriverQueue receive;
        private final DriverQueue transmit;
        private final long frame;
        private final MemorySegment frameBytes;
        private final int headerBytes;
        private final DriverChain chain = new DriverChain();

        Frames(final NetDriver from, final NetDriver to, final PageCopies copies) {
            receive = to.receiveq(0);
            transmit = from.transmitq(0);
            headerBytes = from.headerBytes();
            frame = from.memory().allocate(PAGE, PAGE);
            frameBytes = from.memory().slice(frame, PAGE);
            copies.ring(receive.layout());
            if (from == to) {
                copies.driver(frame, PAGE);
                copies.ring(transmit.layout());
            }
            for (int i = 0; i < receive.layout().size() / 2; i++) {
                final long buffer = to.memory().allocate(RECEIVE_BYTES, 1);
                copies.device(buffer, RECEIVE_BYTES);
                final int half = RECEIVE_BYTES / 2;
                chain.clear().writable(buffer, half).writable(buffer + half, RECEIVE_BYTES - half);
                receive.offer(receive.reserve(chain, chain.count()));
            }
            receive.publishAndKick();
        }

        void turn() {
            final int length = 60 + random.nextInt(MAX_FRAME - 60);
            final byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            for (int i = 0; i < NetSpec.MAC_BYTES; i++) {
                bytes[i] = -1; // to everybody
            }
            bytes[NetSpec.MAC_BYTES] = 2;
            bytes[2 * NetSpec.MAC_BYTES] = (byte) 0x88; // a private EtherType
            bytes[2 * NetSpec.MAC_BYTES + 1] = (byte) 0xb5;
            frameBytes.asSlice(0, headerBytes).fill((byte) 0);
            MemorySegment.copy(
                    bytes, 0, frameBytes, ValueLayout.JAVA_BYTE, headerBytes, bytes.length);
            transmit.add(chain.clear().readable(frame, headerBytes + length));
            transmit.publishAndKick();
            while (!stopping && transmit.pollUsed() < 0) {
                transmit.awaitUsed(USED_WAIT_NS);
            }
            for (int head = receive.takeUsed(); head >= 0; head = receive.takeUsed()) {
                finished();
                receive.offer(head);
            }
            receive.publishAndKick();
        }
    }
}
