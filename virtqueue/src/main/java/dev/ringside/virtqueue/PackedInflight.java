package dev.ringside.virtqueue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One packed queue's part of an {@link InflightRegion}: notes each chain that is taken, with its
 * descriptors, which used ones overwrite in the ring; and finds out after a crash which ones had
 * not been given back. As {@link SplitInflight}, what counts is the order of the machine's stores.
 *
 * <p>A note is an entry for each descriptor. All entries are in the list of the free ones or belong
 * to one chain in flight. What is free and how far the ring was used is committed by two 64-bit
 * stores: {@code HEADS} and {@code POSITIONS}, each with the value in progress and the committed
 * ("old") one. The region is only written, except by {@link #recover}: its front-end is not
 * trusted.
 *
 * <p>Confined to its queue's thread. The steady state allocates nothing.
 */
final class PackedInflight {
    /**
     * Both processors that this runs on are little-endian; the protocol's order is the machine's.
     */
    private static final ByteOrder NATIVE = ByteOrder.nativeOrder();

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(NATIVE);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(NATIVE);
    private static final VarHandle ORDERED = LONG.varHandle();
    private static final int U16 = 0xffff;
    private static final byte IN_FLIGHT = 1;

    private final MemorySegment region;
    private final int entries;
    private final int size;

    /** The list of free entries and the chains' entries, as they are in the region. */
    private final int[] next;

    private int free;

    /** By buffer ID, while in flight: its first and its last entry. */
    private final int[] firstOf;

    private final int[] lastOf;

    /** First entries of the chains that were used since the last publication. */
    private final int[] batch;

    private int batched;

    private long counter;
    private int used;
    private boolean usedWrap;

    /** A chain to do again. */
    private record Noted(int entry, int id, int length, long counter) {}

    private List<Noted> replays = List.of();
    private boolean fresh;

    private PackedInflight(MemorySegment region, int entries, int size) {
        this.region = region;
        this.entries = entries;
        this.size = size;
        this.next = new int[entries];
        this.firstOf = new int[size];
        this.lastOf = new int[size];
        this.batch = new int[size];
    }

    /**
     * A queue's notes. Those that nobody wrote to yet begin at a base.
     *
     * @param size the ring's number of descriptors
     * @throws InvalidRingException when what they begin with says that they are not for this ring
     */
    static PackedInflight open(InflightRegion region, int queue, int size, PackedBase base)
            throws InvalidRingException {
        int entries = region.queueSize();
        PackedInflight notes = new PackedInflight(region.part(queue, size, true), entries, size);
        int version = Short.toUnsignedInt(notes.region.get(SHORT, InflightSpec.VERSION));
        if (version == 0) {
            notes.initialise(base);
            notes.fresh = true;
            return notes;
        }
        long features = notes.region.get(LONG, InflightSpec.FEATURES);
        int noted = Short.toUnsignedInt(notes.region.get(SHORT, InflightSpec.DESC_NUM));
        if (version != InflightSpec.VERSION_NOW || features != 0) {
            throw new InvalidRingException(
                    "queue %d: the in-flight region has version %d, features 0x%x: must be 1, 0"
                            .formatted(queue, version, features));
        }
        if (noted != entries) {
            throw new InvalidRingException(
                    "queue %d: the in-flight region was made for rings of %d entries, not %d"
                            .formatted(queue, noted, entries));
        }
        return notes;
    }

    /** Nobody wrote here yet; whether the bytes are zeroes is the front-end's word. */
    private void initialise(PackedBase base) {
        used = base.used();
        usedWrap = base.usedWrap();
        region.fill((byte) 0);
        CrashPoint.reached();
        for (int i = 0; i < entries; i++) {
            link(i, i + 1);
        }
        CrashPoint.reached();
        ORDERED.setRelease(
                region,
                (long) InflightSpec.PACKED_POSITIONS,
                positions(used, usedWrap, used, usedWrap));
        CrashPoint.reached();
        // The version comes with the heads.
        releaseHeads(0, 0);
    }

    /**
     * Brings the notes in line with the ring, as the specification says for reconnecting, and the
     * ring in line with the notes.
     *
     * @return false when the notes contradict themselves or the ring
     */
    boolean recover(PackedRing ring) {
        long heads = region.get(LONG, InflightSpec.PACKED_HEADS);
        long positions = region.get(LONG, InflightSpec.PACKED_POSITIONS);
        int oldUsed = u16(positions, 1);
        boolean oldWrap = (positions >>> 40 & 1) != 0;
        used = u16(positions, 0);
        usedWrap = (positions >>> 32 & 1) != 0;
        if (used >= size || oldUsed >= size) {
            return false;
        }
        boolean pending = used != oldUsed || usedWrap != oldWrap;
        if (pending && !PackedChainWalker.available(ring.acquireFlags(oldUsed), oldWrap)) {
            // The driver was shown the last batch: finish it.
            free = u16(heads, 2);
        } else {
            free = u16(heads, 3);
            used = oldUsed;
            usedWrap = oldWrap;
        }
        BitSet seen = new BitSet(entries);
        if (!findFree(seen) || !findReplays(seen)) {
            return false;
        }
        seen.clear();
        forEachFree(seen::set);
        seen.stream().forEach(entry -> setInFlight(entry, false));
        CrashPoint.reached();
        commit();
        hideUnpublished(ring);
        return true;
    }

    /** Follows the list of free entries. */
    private boolean findFree(BitSet seen) {
        for (int entry = free; entry < entries; entry = next[entry]) {
            if (seen.get(entry)) {
                return false;
            }
            seen.set(entry);
            next[entry] = readNext(entry);
        }
        return true;
    }

    private void forEachFree(IntConsumer each) {
        for (int entry = free; entry < entries; entry = next[entry]) {
            each.accept(entry);
        }
    }

    /** Finds the chains that are in flight: all entries that are not free belong to one. */
    private boolean findReplays(BitSet seen) {
        List<Noted> found = new ArrayList<>();
        BitSet ids = new BitSet(size);
        int descriptors = 0;
        for (int entry = 0; entry < entries; entry++) {
            if (seen.get(entry) || region.get(ValueLayout.JAVA_BYTE, flagOf(entry)) == 0) {
                continue;
            }
            Noted noted = readChain(entry, seen);
            if (noted == null || ids.get(noted.id)) {
                return false;
            }
            ids.set(noted.id);
            descriptors += noted.length;
            found.add(noted);
        }
        if (descriptors > size || seen.cardinality() != entries) {
            return false;
        }
        found.sort(Comparator.comparingLong(Noted::counter));
        long before = -1;
        for (Noted one : found) {
            if (one.counter <= before) {
                return false;
            }
            before = one.counter;
        }
        counter = before + 1;
        replays = found;
        return before != Long.MAX_VALUE;
    }

    private @Nullable Noted readChain(int first, BitSet seen) {
        int length =
                Short.toUnsignedInt(region.get(SHORT, at(first, InflightSpec.PACKED_DESC_NUM)));
        int last = Short.toUnsignedInt(region.get(SHORT, at(first, InflightSpec.PACKED_DESC_LAST)));
        int entry = first;
        for (int i = 0; i < length; i++) {
            if (entry >= entries || seen.get(entry)) {
                return null;
            }
            seen.set(entry);
            if (i == length - 1) {
                break;
            }
            next[entry] = readNext(entry);
            entry = next[entry];
        }
        int id =
                Short.toUnsignedInt(
                        region.get(SHORT, at(last % entries, InflightSpec.PACKED_DESC_ID)));
        if (length == 0 || entry != last || id >= size) {
            return null;
        }
        firstOf[id] = first;
        lastOf[id] = last;
        return new Noted(
                first, id, length, region.get(LONG, at(first, InflightSpec.PACKED_DESC_COUNTER)));
    }

    /**
     * A used descriptor that was written but not published must not be seen when the one before it
     * is: it would be taken for a chain that is only now done again. Nobody looks at these slots.
     */
    private void hideUnpublished(PackedRing ring) {
        int slot = used;
        boolean wrap = usedWrap;
        for (int left = replayedDescriptors(); left > 0; left--) {
            if (PackedChainWalker.used(ring.acquireFlags(slot), wrap)) {
                ring.setFlags(slot, PackedChainWalker.availableBits(wrap));
                CrashPoint.reached();
            }
            if (++slot == size) {
                slot = 0;
                wrap = !wrap;
            }
        }
    }

    /** The ring goes on somewhere else: it was set up anew. Nothing is in flight. */
    void moveTo(PackedBase base) {
        used = base.used();
        usedWrap = base.usedWrap();
        commit();
    }

    /** How many chains are to be done again. */
    int replays() {
        return replays.size();
    }

    /** How many descriptors of the ring they take. */
    int replayedDescriptors() {
        int sum = 0;
        for (Noted noted : replays) {
            sum += noted.length;
        }
        return sum;
    }

    /** Where the driver looks for the next used descriptor, as a base with nothing in flight. */
    PackedBase position() {
        return new PackedBase(used, usedWrap, used, usedWrap);
    }

    /** Whether nobody had written here before. */
    boolean fresh() {
        return fresh;
    }

    /** The first entry of the {@code i}-th chain to do again. */
    int replayEntry(int i) {
        return replays.get(i).entry;
    }

    /** Its number of descriptors. */
    int replayLength(int i) {
        return replays.get(i).length;
    }

    /** Its buffer ID. */
    int replayId(int i) {
        return replays.get(i).id;
    }

    /** The entry behind one of a chain. */
    int after(int entry) {
        return next[entry];
    }

    /** An entry's descriptor: its address. */
    long address(int entry) {
        return region.get(LONG, at(entry, InflightSpec.PACKED_DESC_ADDR));
    }

    /** An entry's descriptor: its second word, as it is in the ring. */
    long meta(int entry) {
        return Long.rotateLeft(
                region.get(LONG, at(entry, InflightSpec.PACKED_DESC_ID)), Integer.SIZE);
    }

    /** All of it was done again or is in flight. */
    void forgetReplays() {
        replays = List.of();
    }

    /**
     * A chain was taken: it is in flight from here on.
     *
     * @param words address and second word of each descriptor, as they were read
     */
    void taken(int id, int length, long[] words) {
        int first = free;
        int entry = first;
        int last = first;
        for (int i = 0; i < length; i++) {
            region.set(LONG, at(entry, InflightSpec.PACKED_DESC_ADDR), words[2 * i]);
            region.set(
                    LONG,
                    at(entry, InflightSpec.PACKED_DESC_ID),
                    Long.rotateLeft(words[2 * i + 1], Integer.SIZE));
            CrashPoint.reached();
            last = entry;
            entry = next[entry];
        }
        region.set(SHORT, at(first, InflightSpec.PACKED_DESC_LAST), (short) last);
        region.set(SHORT, at(first, InflightSpec.PACKED_DESC_NUM), (short) length);
        region.set(LONG, at(first, InflightSpec.PACKED_DESC_COUNTER), counter++);
        setInFlight(first, true);
        CrashPoint.reached();
        firstOf[id] = first;
        lastOf[id] = last;
        free = entry;
        releaseHeads(free, free);
        CrashPoint.reached();
    }

    /** The chain that was taken last was not taken. */
    void givenBack(int id) {
        link(lastOf[id], free);
        free = firstOf[id];
        CrashPoint.reached();
        releaseHeads(free, free);
        CrashPoint.reached();
        // Not before: an entry is free or in flight at every moment. And not left: the entry may
        // come into the middle of a chain.
        setInFlight(free, false);
        CrashPoint.reached();
    }

    /** A chain is used, which the driver does not see yet. */
    void used(int id) {
        batch[batched++] = id;
    }

    /** Before the driver is shown all that was used: how far that is. */
    void beforePublishing(int nextUsed, boolean nextWrap) {
        int oldFree = free;
        // The entries of a chain are linked already; nobody follows its last one's link but here.
        for (int i = 0; i < batched; i++) {
            link(lastOf[batch[i]], free);
            CrashPoint.reached();
            free = firstOf[batch[i]];
        }
        releaseHeads(free, oldFree);
        CrashPoint.reached();
        ORDERED.setRelease(
                region,
                (long) InflightSpec.PACKED_POSITIONS,
                positions(nextUsed, nextWrap, used, usedWrap));
        CrashPoint.reached();
        used = nextUsed;
        usedWrap = nextWrap;
    }

    /** After the driver was shown it, and a fence: the chains are in flight no more. */
    void afterPublishing() {
        CrashPoint.reached();
        for (int i = 0; i < batched; i++) {
            setInFlight(firstOf[batch[i]], false);
            CrashPoint.reached();
        }
        batched = 0;
        commit();
    }

    /** Free entries first: a batch whose positions are not committed is finished once more. */
    private void commit() {
        releaseHeads(free, free);
        CrashPoint.reached();
        ORDERED.setRelease(
                region,
                (long) InflightSpec.PACKED_POSITIONS,
                positions(used, usedWrap, used, usedWrap));
        CrashPoint.reached();
    }

    private void link(int entry, int to) {
        next[entry] = to;
        region.set(SHORT, at(entry, InflightSpec.PACKED_DESC_NEXT), (short) to);
    }

    private int readNext(int entry) {
        return Short.toUnsignedInt(region.get(SHORT, at(entry, InflightSpec.PACKED_DESC_NEXT)));
    }

    private void setInFlight(int entry, boolean value) {
        region.set(ValueLayout.JAVA_BYTE, flagOf(entry), value ? IN_FLIGHT : 0);
    }

    /** version, desc_num, free_head, old_free_head, in one store. */
    private void releaseHeads(int freeHead, int oldFreeHead) {
        long word =
                InflightSpec.VERSION_NOW
                        | (long) entries << 16
                        | (long) freeHead << 32
                        | (long) oldFreeHead << 48;
        ORDERED.setRelease(region, (long) InflightSpec.PACKED_HEADS, word);
    }

    /** used_idx, old_used_idx, used_wrap_counter, old_used_wrap_counter, in one store. */
    private static long positions(int now, boolean nowWrap, int old, boolean oldWrap) {
        return now | (long) old << 16 | (nowWrap ? 1L << 32 : 0) | (oldWrap ? 1L << 40 : 0);
    }

    private static int u16(long word, int which) {
        return (int) (word >>> (16 * which)) & U16;
    }

    private static long flagOf(int entry) {
        return at(entry, InflightSpec.PACKED_DESC_INFLIGHT);
    }

    private static long at(int entry, int field) {
        return InflightSpec.PACKED_DESC + (long) InflightSpec.PACKED_DESC_BYTES * entry + field;
    }
}
