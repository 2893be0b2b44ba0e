package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.MEMORY_BYTES;
import static dev.ringside.vhostuser.TestFrontend.QUEUE_SIZE;
import static dev.ringside.vhostuser.TestFrontend.USER_BASE;
import static dev.ringside.vhostuser.TestFrontend.bytes;
import static dev.ringside.vhostuser.TestFrontend.eventFd;
import static dev.ringside.vhostuser.TestFrontend.message;
import static dev.ringside.vhostuser.TestFrontend.ringAddr;
import static dev.ringside.vhostuser.TestFrontend.state;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Iotlb;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.Virtqueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Turns any bytes into what a hostile front-end and its driver do with an IOMMU in front of a ring
 * that runs. Holds every chain that the queue takes against a naive table of what may be read and
 * written then, and what is in flight against it whenever an invalidation was answered.
 */
final class IotlbExerciser implements AutoCloseable, FakeHost.Translated {
    private static final long ACCESS_PLATFORM = 1L << 33;
    private static final long RING_PACKED = 1L << 34;
    private static final int IOTLB_MSG = 22;
    private static final int UPDATE = 2;
    private static final int INVALIDATE = 3;
    private static final int PAGE = 4096;
    private static final int AVAILABLE = 0x5000;
    private static final int F_WRITE = 2;

    /** From here on a byte asks for what is no page of the few. */
    private static final int ODD = 0xf0;

    private static final int RING_BYTES = 0xc000;

    /** Slot 0 in the first round, for both sides. */
    private static final int PACKED_START = 0x8000_8000;

    private record Entry(long iova, long size, long user, int access) {
        long last() {
            return iova + size - 1;
        }
    }

    private final ByteBuffer input;
    private final TestFrontend f;
    private final boolean packed;
    private final MemorySegment memory;
    private List<Entry> model = new ArrayList<>();
    private final List<DescriptorChain> inFlight = new ArrayList<>();
    private int made;

    private IotlbExerciser(byte[] bytes) throws ProtocolException {
        input = ByteBuffer.wrap(bytes);
        packed = (next() & 1) != 0;
        FakeDevice device =
                new FakeDevice(1) {
                    @Override
                    public long offeredFeatures() {
                        return OFFERED | ACCESS_PLATFORM | RING_PACKED;
                    }
                };
        f = new TestFrontend(device, SessionLimits.defaults());
        f.host.thread = this;
        f.request(16, u64(TestFrontend.ALL_PROTOCOL_FEATURES));
        long features =
                FakeDevice.VERSION_1
                        | FakeDevice.INDIRECT_DESC
                        | ACCESS_PLATFORM
                        | (packed ? RING_PACKED : 0);
        f.request(2, u64(features | TestFrontend.PROTOCOL_F));
        f.flags = TestFrontend.NEED_REPLY;
        f.ok(21, new byte[0], eventFd());
        f.setMemory();
        memory = f.session.memory().regions().getFirst().segment();
    }

    /** Runs one input. Throws whatever a session must not. */
    static void run(byte[] bytes) {
        try (IotlbExerciser exerciser = new IotlbExerciser(bytes)) {
            exerciser.start();
            exerciser.steps();
        } catch (ProtocolException e) {
            // What bytes may cause.
        }
    }

    private void start() throws ProtocolException {
        f.ok(8, state(0, QUEUE_SIZE));
        f.ok(9, ringAddr(0));
        f.ok(12, u64(0), eventFd());
        f.ok(18, state(0, 1));
        for (long page : new long[] {0, 0x5000, 0x8000}) {
            tell(USER_BASE + page, PAGE, USER_BASE + page, Iotlb.READ_WRITE, UPDATE);
        }
    }

    private int next() {
        return input.hasRemaining() ? input.get() & 0xff : 0;
    }

    private void steps() throws ProtocolException {
        while (input.hasRemaining()) {
            int choice = next();
            switch (choice & 7) {
                case 0, 1 -> tell(iova(), size(), user(), next() & 3, UPDATE);
                case 2 -> tell(iova(), size(), 0, 0, INVALIDATE);
                case 3 -> tellAnything();
                case 4 -> answer(choice);
                case 5 -> makeAvailable();
                case 6 -> poll(choice);
                default -> scribble();
            }
            runPosted();
            f.host.checkBorrowed();
            if (f.session.rings().getFirst().faulted() || brokenByTheDriver()) {
                startAnew();
            }
        }
    }

    private boolean brokenByTheDriver() {
        FakeHost.Queue running = f.host.running.get(0);
        return running != null && running.start.queue().fault() != null;
    }

    /** As a driver that resets its device, so that a mistake is not the end of it. */
    private void startAnew() throws ProtocolException {
        FakeHost.Queue running = f.host.running.get(0);
        if (running != null) {
            drain(running.start.queue());
        }
        f.ask(11, state(0, 0));
        model.clear();
        memory.asSlice(0, RING_BYTES).fill((byte) 0);
        made = 0;
        f.ok(10, state(0, packed ? PACKED_START : 0));
        start();
    }

    /** Few places, so that they meet; sometimes anything. */
    private long iova() {
        int choice = next();
        return choice >= ODD
                ? (long) next() << 56 | (long) next() << 12 | choice
                : USER_BASE + (long) (choice & 0xf) * PAGE;
    }

    private long size() {
        int choice = next();
        return switch (choice & 0x1f) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> 1L << (choice >>> 3) | 0x7ff;
            default -> (long) (1 + (choice >>> 5)) * PAGE;
        };
    }

    private long user() {
        int choice = next();
        return choice >= ODD ? choice : USER_BASE + (long) (choice & 0x1f) * PAGE;
    }

    private void tellAnything() throws ProtocolException {
        byte[] payload = new byte[32];
        for (int i = 0; i < payload.length; i++) {
            payload[i] = (byte) next();
        }
        ByteBuffer b = bytes(32).put(payload);
        tell(b.getLong(0), b.getLong(8), b.getLong(16), b.get(24) & 0xff, b.get(25) & 0xff);
    }

    private void tell(long iova, long size, long user, int access, int type)
            throws ProtocolException {
        byte[] payload =
                bytes(32)
                        .putLong(iova)
                        .putLong(size)
                        .putLong(user)
                        .put((byte) access)
                        .put((byte) type)
                        .array();
        boolean done = f.askU64(IOTLB_MSG, payload) == 0;
        if (type == INVALIDATE) {
            assertTrue(done, "an invalidation is never refused");
            long last = iova + (size - 1);
            boolean all = Long.compareUnsigned(last, iova) < 0;
            // No offset of an entry is 1.
            forget(all ? 0 : iova, all ? -1L : last, 1);
        } else if (type == UPDATE && done) {
            forget(iova, iova + (size - 1), user - iova);
            model.add(new Entry(iova, size, user, access));
        }
        inFlight.forEach(this::check);
    }

    /** What says the same as an update stays beside it. */
    private void forget(long first, long last, long offset) {
        List<Entry> left = new ArrayList<>();
        for (Entry e : model) {
            if (e.user() - e.iova() == offset
                    || Long.compareUnsigned(e.last(), first) < 0
                    || Long.compareUnsigned(e.iova(), last) > 0) {
                left.add(e);
                continue;
            }
            if (Long.compareUnsigned(e.iova(), first) < 0) {
                left.add(new Entry(e.iova(), first - e.iova(), e.user(), e.access()));
            }
            if (Long.compareUnsigned(e.last(), last) > 0) {
                long skipped = last + 1 - e.iova();
                left.add(new Entry(last + 1, e.size() - skipped, e.user() + skipped, e.access()));
            }
        }
        model = left;
    }

    /** A chain touches only what may be touched now. */
    private void check(DescriptorChain chain) {
        BitSet readable = new BitSet();
        BitSet writable = new BitSet();
        for (Entry e : model) {
            int at = (int) (e.user() - USER_BASE);
            if ((e.access() & Iotlb.READ) != 0) {
                readable.set(at, (int) (at + e.size()));
            }
            if ((e.access() & Iotlb.WRITE) != 0) {
                writable.set(at, (int) (at + e.size()));
            }
        }
        for (int i = 0; i < chain.count(); i++) {
            int at = (int) chain.guestAddress(i);
            BitSet allowed = i < chain.readableCount() ? readable : writable;
            assertTrue(
                    allowed.nextClearBit(at) >= at + chain.length(i),
                    "entry %d at 0x%x, %d bytes: not translated".formatted(i, at, chain.length(i)));
        }
    }

    private void answer(int choice) throws ProtocolException {
        byte[] reply = message(choice >>> 7 == 0 ? 1 : next(), 5, u64(choice >>> 3 & 1));
        MemorySegment all = MemorySegment.ofArray(reply);
        for (long at = 0; at < reply.length; ) {
            long n = Math.min(f.session.backendWanted(), reply.length - at);
            f.session.onBackendData(all.asSlice(at, n));
            at += n;
        }
    }

    /** One descriptor, at the place where the driver's next one is. */
    private void makeAvailable() {
        long slot = made % QUEUE_SIZE;
        boolean firstRound = made / QUEUE_SIZE % 2 == 0;
        int choice = next();
        long at = slot * 16;
        memory.set(ValueLayout.JAVA_LONG, at, iova() + (choice & 0xf0));
        memory.set(ValueLayout.JAVA_INT, at + 8, 1 + next() * 17);
        int flags = (choice & 1) != 0 ? F_WRITE : choice & 7;
        if (packed) {
            memory.set(ValueLayout.JAVA_SHORT, at + 12, (short) slot);
            int wrap = firstRound ? 1 << 7 : 1 << 15;
            memory.set(ValueLayout.JAVA_SHORT, at + 14, (short) (flags | wrap));
        } else {
            memory.set(ValueLayout.JAVA_SHORT, at + 12, (short) flags);
            memory.set(ValueLayout.JAVA_SHORT, at + 14, (short) ((slot + 1) % QUEUE_SIZE));
            memory.set(ValueLayout.JAVA_SHORT, AVAILABLE + 4 + slot * 2, (short) slot);
            memory.set(ValueLayout.JAVA_SHORT, AVAILABLE + 2, (short) (made + 1));
        }
        made++;
    }

    private void scribble() {
        long at = (long) next() << 12 | next() << 4;
        if (at < MEMORY_BYTES) {
            memory.set(ValueLayout.JAVA_BYTE, at + (next() & 0xf), (byte) next());
        }
    }

    /** A turn of the queue's thread. */
    private void poll(int choice) {
        FakeHost.Queue running = f.host.running.get(0);
        if (running == null) {
            return;
        }
        Virtqueue queue = running.start.queue();
        for (int i = 0; i < 1 + (choice >>> 6); i++) {
            DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
            if (!queue.next(chain)) {
                break;
            }
            check(chain);
            inFlight.add(chain);
        }
        if ((choice & 8) != 0) {
            drain(queue);
        }
    }

    private void drain(Virtqueue queue) {
        for (DescriptorChain chain : inFlight) {
            check(chain);
            queue.complete(chain.head(), 0);
        }
        inFlight.clear();
        queue.publish();
    }

    private void runPosted() {
        List<Runnable> posted = List.copyOf(f.host.posted);
        f.host.posted.clear();
        posted.forEach(Runnable::run);
    }

    @Override
    public void translate(Virtqueue queue, GuestMemory next) {
        queue.remap(next);
    }

    @Override
    public void invalidate(Virtqueue queue, GuestMemory next, long first, long last) {
        if (queue.touches(first, last)) {
            drain(queue);
        }
        queue.remap(next);
    }

    @Override
    public void deny(Virtqueue queue) {
        queue.fail(RingFault.ACCESS_DENIED);
    }

    @Override
    public void close() {
        f.close();
    }
}
