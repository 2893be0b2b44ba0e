package dev.ringside.virtqueue;

import dev.ringside.shm.GuestMemory;
import org.jspecify.annotations.Nullable;

/**
 * One virtqueue as the device sees it (virtio 1.3, section 2.6). {@link Virtqueues} makes the kind
 * that was negotiated.
 *
 * <p>Confined to one thread at a time. No method allocates, locks or blocks, and none throws for
 * anything that a driver wrote: a violation of the specification stops the queue, see {@link
 * #fault()}. A burst is {@link #next} until it says no or the budget is used, {@link #complete} for
 * whatever is done, then one {@link #publish}.
 */
public sealed interface Virtqueue permits RingQueue {
    /** Which queue of its device. */
    int index();

    /** Queue Size: the most chains that can be in flight. Any number for a packed ring. */
    int size();

    /**
     * Entries that a {@link DescriptorChain} needs so that no chain which this queue accepts is too
     * long for it.
     */
    int maxChainEntries();

    /**
     * Takes the next available chain. Every field of it is read once and validated once.
     *
     * @param chain filled when the answer is true; empty otherwise
     * @return false when none is available now, or when {@link #fault()} says that the queue
     *     stopped
     */
    boolean next(DescriptorChain chain);

    /**
     * Takes chains that come next, as long as each is one buffer of the burst's kind in the region
     * of the last ones: together they cost a part of what they cost one by one. Every field is read
     * once and validated once.
     *
     * @param into empty before, or {@link #settleBuffers settled}
     * @param most the most chains; {@link BufferBurst#room} if that is less
     * @return how many; 0: ask {@link #next}, which takes what this method does not, and knows when
     *     nothing is available
     */
    int nextBuffers(BufferBurst into, int most);

    /**
     * Ends a burst: completes its first chains in their order, but those that are {@link
     * BufferBurst#keep kept}, and gives the others back, which are the last ones that were taken.
     * The burst is empty then.
     *
     * @param end the first chain that is given back
     */
    void settleBuffers(BufferBurst burst, int end);

    /**
     * Chains that the driver has made available and that were not taken yet. Looks at the ring only
     * when all that were seen before have been taken. Zero after a fault.
     */
    int pending();

    /**
     * Hands a chain back. The driver sees it after {@link #publish}. With VIRTIO_F_IN_ORDER it is
     * held until all that were taken before it are completed.
     *
     * @param head {@link DescriptorChain#head()} of a chain that is in flight
     * @param writtenBytes how many bytes, from the start of the device-writable part, were written
     *     (unsigned)
     * @throws IllegalArgumentException when that chain is not in flight: a device's bug
     */
    default void complete(int head, int writtenBytes) {
        complete(head, writtenBytes, Long.MAX_VALUE);
    }

    /**
     * As {@link #complete(int, int)}, by a device that knows what it left alone: a dirty log then
     * gets fewer pages.
     *
     * @param touchedBytes how many bytes, from the start of the device-writable part, may have
     *     changed; all of them when it is larger
     */
    void complete(int head, int writtenBytes, long touchedBytes);

    /**
     * Makes the chain that was taken last available again, as if it had not been taken. Several are
     * given back in the reverse order of {@link #next}. The chain may look different when it is
     * taken again.
     *
     * @param head {@link DescriptorChain#head()} of the chain that was taken last and neither
     *     completed nor given back
     * @throws IllegalArgumentException when that chain is not in flight, or was not the last: a
     *     device's bug
     */
    void giveBack(int head);

    /** Completed chains that the next {@link #publish} will show to the driver. */
    int unpublished();

    /**
     * Shows everything completed since the last publish to the driver, by one release store, and
     * looks after one full fence whether it wants a call (used index of a split ring; the first
     * used descriptor of a packed one).
     *
     * @return true when the driver is to be called; false when it wants no call, or when {@link
     *     #unpublished()} was zero
     */
    boolean publish();

    /** Asks the driver not to kick. It may still do. */
    void suppressKicks();

    /**
     * Asks the driver to kick for the next chain that it makes available, then, after a full fence,
     * looks again.
     *
     * @return true when something is available already: poll, do not sleep
     */
    boolean requestKicks();

    /** Chains taken and not completed. */
    int inFlight();

    /**
     * Why the queue stopped, or null while it works. After a fault nothing more is taken; what is
     * in flight may still be completed and published.
     */
    @Nullable RingFault fault();

    /** Stops the queue for good. The first fault stays. */
    void fail(RingFault fault);

    /**
     * From now on has the processor fetch the beginnings of chains' first buffers before the chains
     * are taken, as far as they are known by then: for devices that copy them themselves.
     *
     * @param bytes how many bytes of each, more than 0
     * @param writable whether those that the device writes; else those that it reads
     */
    void fetchAhead(int bytes, boolean writable);

    /**
     * Says whom to ask for translations that are missing, before the first {@link #next}. Without
     * VIRTIO_F_ACCESS_PLATFORM nobody is asked.
     */
    void onMiss(TranslationListener listener);

    /**
     * Whether the ring, or a chain that is in flight, lies in a range of addresses of the driver's.
     * Without VIRTIO_F_ACCESS_PLATFORM always true.
     */
    boolean touches(long first, long last);

    /**
     * Goes on in another guest memory: translates the ring areas anew. Chains that were handed out
     * keep the memory they were found in.
     *
     * <p>With VIRTIO_F_ACCESS_PLATFORM the ring may be not translated for a while: then nothing is
     * taken, and the ring is not touched, until another memory has it. Such a memory may come only
     * while nothing is in flight or unpublished.
     *
     * @return false, with {@link RingFault#MEMORY_GONE}, when the ring is not there any more: then
     *     it is not touched again
     */
    boolean remap(GuestMemory memory);

    /**
     * Where to go on, for GET_VRING_BASE. Split ring: the index of the next chain to take. Packed
     * ring: see {@link PackedBase}.
     */
    int base();

    /** What was left over from a back-end before, when the queue was made. */
    default Resumption resumption() {
        return Resumption.CLEAN;
    }

    /**
     * Whether chains that are in flight when the queue is stopped are done by who goes on with it:
     * the front-end keeps notes of them. Not while there is a dirty log: a guest that moves to
     * another host leaves the notes behind.
     */
    boolean remembersInFlight();

    /**
     * Marks from now on in a front-end's log what is written to guest memory: the buffers of each
     * chain when it is completed, and the ring; a page that the log does not cover stops the queue
     * with {@link RingFault#DIRTY_LOG}. Allocates when the queue had none before.
     *
     * @param log null: marks nothing. Nothing may be in flight when the queue had none before; the
     *     log before is not used any more
     */
    void log(@Nullable QueueLog log);

    /** Where it marks; null: nowhere. */
    @Nullable QueueLog log();

    /**
     * What stands in the ring now, for people. Allocates. While the ring is not to be touched
     * nothing is read.
     *
     * @param entries the most entries, up to {@link RingView#MAX_ENTRIES}
     */
    RingView view(int entries);
}
