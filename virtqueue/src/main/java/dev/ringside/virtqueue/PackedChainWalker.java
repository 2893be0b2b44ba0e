package dev.ringside.virtqueue;

import static dev.ringside.virtqueue.AvailableDescriptors.WORDS;
import static dev.ringside.virtqueue.PackedRingSpec.VIRTQ_DESC_F_INDIRECT;
import static dev.ringside.virtqueue.PackedRingSpec.VIRTQ_DESC_F_NEXT;
import static dev.ringside.virtqueue.PackedRingSpec.VIRTQ_DESC_F_WRITE;
import static dev.ringside.virtqueue.PackedRingSpec.VRING_PACKED_DESC_F_AVAIL;
import static dev.ringside.virtqueue.PackedRingSpec.VRING_PACKED_DESC_F_USED;

import dev.ringside.shm.GuestMemory;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Follows the descriptor chains of a packed ring (virtio 1.3, sections 2.8.5 to 2.8.7): neighbours
 * in the ring, the buffer ID in the last one. Each descriptor is read once, as two 64-bit words;
 * what is checked is what is used. Every walk ends: it is bounded by the sizes of the tables, not
 * by what they hold.
 */
final class PackedChainWalker {
    static final int AVAILABLE_BITS = VRING_PACKED_DESC_F_AVAIL | VRING_PACKED_DESC_F_USED;

    /** Which flags tell that a descriptor is available, and a chain of one buffer of some kind. */
    private static final int ONE_BUFFER =
            AVAILABLE_BITS | VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_INDIRECT | VIRTQ_DESC_F_WRITE;

    private final int queueSize;
    private final int indirectLimit;
    private final boolean indirectNegotiated;
    private final GuestBuffers buffers;
    private final IndirectTable indirect;
    private final PackedRing ring;
    private final AvailableDescriptors ahead = new AvailableDescriptors();
    private @Nullable BuffersAhead buffersAhead;
    private int id;
    private int length;

    /** Both words of each descriptor of the chain as they were read; null: nobody asks for them. */
    private final long @Nullable [] words;

    /**
     * @param keepWords whether {@link #words()} will be asked for
     */
    PackedChainWalker(
            int queueSize,
            boolean indirectNegotiated,
            boolean keepWords,
            PackedRing ring,
            GuestMemory memory,
            @Nullable IoAccess io) {
        this.words = keepWords ? new long[2 * queueSize] : null;
        this.queueSize = queueSize;
        this.indirectLimit = IndirectTable.limit(queueSize);
        this.indirectNegotiated = indirectNegotiated;
        this.buffers = new GuestBuffers(memory, io);
        this.indirect = new IndirectTable(memory, io);
        this.ring = ring;
    }

    /**
     * Descriptors, and the beginnings of buffers of one kind, are fetched before chains are walked.
     */
    void fetchAhead(int bytes, boolean writable) {
        ring.fetchAhead();
        buffersAhead = new BuffersAhead(buffers, bytes, writable);
    }

    /** What was read of descriptors whose chains were not taken. */
    ReadAhead ahead() {
        return ahead;
    }

    void remap(GuestMemory newMemory) {
        ahead.forget();
        buffers.remap(newMemory);
        indirect.remap(newMemory);
    }

    /** AVAIL and USED of a descriptor that is available in a round of the ring (section 2.8.1). */
    static int availableBits(boolean wrap) {
        return wrap ? VRING_PACKED_DESC_F_AVAIL : VRING_PACKED_DESC_F_USED;
    }

    /** Whether flags say that a descriptor is available in a round of the ring. */
    static boolean available(int flags, boolean wrap) {
        return (flags & AVAILABLE_BITS) == availableBits(wrap);
    }

    /** Whether flags say that a descriptor is used in a round of the ring. */
    static boolean used(int flags, boolean wrap) {
        return (flags & AVAILABLE_BITS) == (wrap ? AVAILABLE_BITS : 0);
    }

    /**
     * Fills {@code chain} with the chain that begins at a slot. Its name is {@link #id()}.
     *
     * @param wrap the driver's wrap counter there
     * @param seen how many descriptors were seen to be available from there on
     * @param room how many descriptors the driver can have made available from there on
     * @return null when it is valid
     */
    @Nullable RingFault walk(int slot, boolean wrap, int seen, int room, DescriptorChain chain) {
        buffers.begin(chain, 0);
        RingFault fault = walkDirect(slot, wrap, seen, room, chain);
        return fault != null ? fault : checkBytes(chain);
    }

    /**
     * Takes chains of one buffer each, see {@link Virtqueue#nextBuffers}.
     *
     * @param slot of the first one
     * @param wrap the driver's wrap counter there
     * @param seen how many descriptors were seen to be available from there on
     * @param most how many chains to take, up to {@code seen}
     */
    void takeBuffers(
            BufferBurst into, int slot, boolean wrap, int seen, int most, PackedTaken taken) {
        into.begin(buffers.nearSegment());
        int at = slot;
        int wanted = availableBits(wrap) | (into.writable() ? VIRTQ_DESC_F_WRITE : 0);
        while (into.count() < most) {
            if (ahead.isLow()) {
                ahead.read(ring, at, seen - into.count(), buffersAhead);
            }
            int run = Math.min(Math.min(most - into.count(), ahead.ready()), queueSize - at);
            int done = takeRun(into, at, wanted, run, taken);
            ahead.advance(done);
            into.added(done);
            if (done < run) {
                break;
            }
            at += done;
            if (at == queueSize) {
                at = 0;
                wanted ^= AVAILABLE_BITS;
            }
        }
    }

    /** A loop of its own, so that what is the same for all chains is looked up once. */
    private int takeRun(BufferBurst into, int slot, int wanted, int run, PackedTaken taken) {
        long[] words = ahead.words;
        int next = ahead.next;
        long start = buffers.nearStart();
        long bytes = buffers.nearBytes();
        int count = into.count();
        for (int i = 0; i < run; i++) {
            long offset = words[next + WORDS * i] - start;
            long meta = words[next + WORDS * i + 1];
            int name = id(meta);
            long length = bytes(meta);
            if ((flags(meta) & ONE_BUFFER) != wanted
                    || offset < 0
                    || offset > bytes - length
                    || length > DescriptorChain.MAX_ENTRY_BYTES
                    || length == 0
                    || !taken.isFree(name)) {
                return i;
            }
            taken.add(name, slot + i, 1);
            into.put(count + i, name, offset, (int) length);
        }
        return run;
    }

    /**
     * Fills {@code chain} with a chain that was noted in flight, whose descriptors may be in the
     * ring no more. They are checked as if they were.
     *
     * @param which of the chains to do again
     * @return null when it is valid
     */
    @Nullable RingFault walkNoted(PackedInflight notes, int which, DescriptorChain chain) {
        buffers.begin(chain, 0);
        int count = notes.replayLength(which);
        int entry = notes.replayEntry(which);
        RingFault fault = null;
        for (int walked = 1; walked <= count && fault == null; walked++) {
            long address = notes.address(entry);
            long meta = notes.meta(entry);
            id = id(meta);
            length = count;
            if ((flags(meta) & VIRTQ_DESC_F_INDIRECT) == 0) {
                fault = append(address, meta, chain);
            } else {
                fault =
                        count == 1
                                ? walkIndirect(address, meta, walked, chain)
                                : RingFault.INDIRECT_CHAINED;
            }
            entry = notes.after(entry);
        }
        if (fault == null && id != notes.replayId(which)) {
            // Whoever holds the region changed it after it was checked.
            fault = RingFault.INFLIGHT_REGION;
        }
        return fault != null ? fault : checkBytes(chain);
    }

    private static @Nullable RingFault checkBytes(DescriptorChain chain) {
        return chain.readableBytes() + chain.writableBytes() > PackedRingSpec.MAX_CHAIN_BYTES
                ? RingFault.CHAIN_BYTES
                : null;
    }

    /** Both words of each of its {@link #length()} descriptors, as they were read. */
    long[] words() {
        return Objects.requireNonNull(words);
    }

    /** The buffer ID of the chain that was walked: 0 to 65535. */
    int id() {
        return id;
    }

    /** How many descriptors of the ring the chain has that was walked. */
    int length() {
        return length;
    }

    private @Nullable RingFault walkDirect(
            int slot, boolean wrap, int seen, int room, DescriptorChain chain) {
        int index = slot;
        int wanted = availableBits(wrap);
        for (int walked = 1; walked <= room; walked++) {
            if (ahead.isLow()) {
                // A driver's chain may be longer than what was seen: that is found out here.
                ahead.read(ring, index, Math.max(seen - (walked - 1), 1), buffersAhead);
            }
            long address = ahead.address();
            long meta = ahead.meta();
            ahead.advance();
            int flags = flags(meta);
            if (words != null) {
                words[2 * walked - 2] = address;
                words[2 * walked - 1] = meta;
            }
            if ((flags & AVAILABLE_BITS) != wanted) {
                return RingFault.DESCRIPTOR_NOT_AVAILABLE;
            }
            if ((flags & VIRTQ_DESC_F_INDIRECT) != 0) {
                return walkIndirect(address, meta, walked, chain);
            }
            RingFault fault = append(address, meta, chain);
            if (fault != null || (flags & VIRTQ_DESC_F_NEXT) == 0) {
                id = id(meta);
                length = walked;
                return fault;
            }
            if (++index == queueSize) {
                index = 0;
                wanted ^= AVAILABLE_BITS;
            }
        }
        return room == queueSize ? RingFault.DESCRIPTOR_LOOP : RingFault.AVAILABLE_INDEX;
    }

    /**
     * Section 2.8.7: an indirect descriptor is a chain of its own; in its table only WRITE has a
     * meaning, and the table is used to its end.
     */
    private @Nullable RingFault walkIndirect(
            long tableAddress, long tableMeta, int walked, DescriptorChain chain) {
        if (!indirectNegotiated) {
            return RingFault.INDIRECT_NOT_NEGOTIATED;
        }
        if (walked != 1 || (flags(tableMeta) & VIRTQ_DESC_F_NEXT) != 0) {
            return RingFault.INDIRECT_CHAINED;
        }
        RingFault refusal = indirect.open(tableAddress, bytes(tableMeta));
        if (refusal != null) {
            return refusal;
        }
        if (indirect.entries() > indirectLimit) {
            return RingFault.CHAIN_TOO_LONG;
        }
        int entries = (int) indirect.entries();
        for (int i = 0; i < entries; i++) {
            RingFault fault = append(indirect.address(i), indirect.meta(i), chain);
            if (fault != null) {
                return fault;
            }
        }
        id = id(tableMeta);
        length = 1;
        return null;
    }

    private @Nullable RingFault append(long address, long meta, DescriptorChain chain) {
        boolean writable = (flags(meta) & VIRTQ_DESC_F_WRITE) != 0;
        return buffers.append(address, bytes(meta), writable, chain);
    }

    private static long bytes(long meta) {
        return meta & 0xffff_ffffL;
    }

    private static int id(long meta) {
        return (int) (meta >>> 32) & 0xffff;
    }

    private static int flags(long meta) {
        return (int) (meta >>> 48);
    }
}
