package dev.ringside.server.check;

import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendInflight;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.VirtioDriver;
import dev.ringside.shm.Epoll;
import dev.ringside.shm.EventFd;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * A started device and one queue of it that takes harmless requests: they change nothing that
 * lasts. A request has a slot of its own in guest memory, so that many may be under way.
 *
 * <p>One thread.
 */
abstract class Rig implements AutoCloseable {
    /** Room of a slot: enough for the largest harmless request. */
    static final int SLOT_BYTES = 1024;

    /** After so long what has not come is taken not to come. */
    static final long STILL_NS = 200_000_000;

    private static final int MOST_SLOTS = 256;
    private static final long REGION_BYTES = 4L << 20;
    private static final long NS_PER_MS = 1_000_000;

    private final VirtioDriver driver;
    private final Setup setup;
    private final long timeoutNs;
    private final long[] slots;
    private final Map<Integer, Integer> slotOfHead = new HashMap<>();

    Rig(VirtioDriver driver, Setup setup, long timeoutMs) {
        this.driver = driver;
        this.setup = setup;
        this.timeoutNs = timeoutMs * NS_PER_MS;
        this.slots = new long[Math.min(setup.queueSize() / descriptorsEach(), MOST_SLOTS)];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = driver.memory().allocate(SLOT_BYTES, SLOT_BYTES);
        }
    }

    /** Fresh memory for a device. */
    static FrontendMemory memory(Setup setup) throws IOException {
        if (setup.fragile()) {
            FrontendMemory memory = new FrontendMemory();
            memory.add(FrontendRegion.fragile(REGION_BYTES, REGION_BYTES));
            return memory;
        }
        return setup.regions() == Setup.PLAIN.regions()
                ? FrontendMemory.likePc(REGION_BYTES)
                : FrontendMemory.scattered(setup.regions(), REGION_BYTES);
    }

    /** Descriptors of a harmless request. */
    abstract int descriptorsEach();

    /** Which queue takes the requests. */
    abstract int queueIndex();

    /** Writes the request of a slot at its address, and says which buffers it has. */
    abstract DriverChain request(long address);

    /**
     * Looks at what the device answered.
     *
     * @throws UnmetException when that is not the answer to this request
     */
    abstract void answered(long address, int usedLength) throws UnmetException;

    final VirtioDriver driver() {
        return driver;
    }

    final FrontendProtocol protocol() {
        return driver.protocol();
    }

    final DriverQueue queue() {
        return driver.queue(queueIndex());
    }

    /** How many requests may be under way. */
    final int slots() {
        return slots.length;
    }

    /** Where a slot is. */
    final long slot(int index) {
        return slots[index];
    }

    /** Puts a slot elsewhere. */
    final void moveSlot(int index, long address) {
        slots[index] = address;
    }

    /** Makes a slot's request available; nobody is told of it yet. */
    final void offer(int slot) throws UnmetException {
        DriverChain chain = request(slots[slot]);
        offer(slot, chain, setup.indirect() ? 0 : chain.count());
    }

    /** The same with so many direct descriptors before an indirect table. */
    final void offerMixed(int slot, int direct) throws UnmetException {
        offer(slot, request(slots[slot]), direct);
    }

    /** The same with buffers of the caller's. */
    final void offer(int slot, DriverChain chain, int direct) throws UnmetException {
        int head = queue().addMixed(chain, direct);
        UnmetException.unless(head >= 0, "the ring has no room for request %d", slot);
        slotOfHead.put(head, slot);
    }

    /** Offers so many requests at once and tells the device as it wants to be told. */
    final void offerAndKick(int count) throws UnmetException {
        for (int i = 0; i < count; i++) {
            offer(i);
        }
        queue().publishAndKick();
    }

    /** Waits until so many requests came back, each once and with its answer. */
    final void collect(int count) throws UnmetException {
        for (int done = 0; done < count; done++) {
            UnmetException.unless(
                    queue().awaitUsed(timeoutNs),
                    "%d of %d requests did not come back within %d ms",
                    count - done,
                    count,
                    timeoutNs / NS_PER_MS);
            takeOne();
        }
    }

    /** Takes one that came back; there must be one. Returns its slot. */
    final int takeOne() throws UnmetException {
        int head;
        try {
            head = queue().pollUsed();
        } catch (IllegalStateException e) {
            throw new UnmetException(String.valueOf(e.getMessage()));
        }
        Integer slot = slotOfHead.remove(head);
        if (slot == null) {
            throw new UnmetException("head " + head + " came back, which is not under way");
        }
        answered(slots[slot], queue().usedLength());
        return slot;
    }

    /** So many requests at once, there and back. */
    final void serve(int count) throws UnmetException {
        offerAndKick(count);
        collect(count);
    }

    /** Waits a while in which nothing must come back. */
    final void expectNothing(String why) throws UnmetException {
        UnmetException.unless(!queue().awaitUsed(STILL_NS), "a request was served %s", why);
    }

    /** Waits for a call on an eventfd. */
    final void expectCall(EventFd event) throws UnmetException, IOException {
        try (Epoll epoll = Epoll.create()) {
            epoll.add(event.number(), Epoll.IN, 0);
            UnmetException.unless(epoll.await(timeoutNs) > 0, "no call came there");
        }
    }

    /** Empties the rings, and keeps the in-flight region as a VMM does whose back-end is gone. */
    final void forgetButInflight() {
        FrontendInflight region = driver.inflight();
        driver.inflight(null);
        forget();
        driver.inflight(region);
    }

    /** Takes one that came back, which this device did not answer itself. */
    final void takeUnanswered() {
        slotOfHead.remove(queue().pollUsed());
    }

    /** Stops the device's rings, and empties them; {@link #startAt} goes on. */
    final void stopAndEmpty() throws IOException {
        driver.stop();
        forget();
    }

    /** Empties the rings of a device that has stopped already. */
    final void forget() {
        driver.resetQueues();
        slotOfHead.clear();
    }

    /** Starts a device whose rings are stopped and empty, its queue from another base than 0. */
    final void startAt(int base) throws IOException {
        queue().startAt(base);
        driver.base(queue(), base);
        driver.activate();
    }

    /** How long an answer may take. */
    final long timeoutNs() {
        return timeoutNs;
    }

    /** Hangs up and frees the memory. */
    @Override
    public final void close() {
        driver.close();
    }
}
