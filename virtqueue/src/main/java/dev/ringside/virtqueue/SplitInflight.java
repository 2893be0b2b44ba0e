package dev.ringside.virtqueue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One split queue's part of an {@link InflightRegion}: notes each chain that is taken, and finds
 * out after a crash which ones had not been given back.
 *
 * <p>A process that is killed leaves every store that its processor had executed, and none after
 * it, so what counts is the order of the machine's instructions. Each store that must not come
 * before an earlier one is a release, or behind a fence that the publication needs anyway: then the
 * compiler keeps the order too. The byte order is the machine's, which is the protocol's.
 *
 * <p>Confined to its queue's thread. The steady state allocates nothing.
 */
final class SplitInflight {
    private static final ByteOrder NATIVE = ByteOrder.nativeOrder();
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(NATIVE);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(NATIVE);
    private static final VarHandle FLAG = ValueLayout.JAVA_BYTE.varHandle();
    private static final VarHandle INDEX = SHORT.varHandle();
    private static final int INDEX_MASK = 0xffff;
    private static final byte IN_FLIGHT = 1;
    private static final byte DONE = 0;

    private final MemorySegment region;
    private final int size;

    /** By used index: what was used there, until it was published. */
    private final short[] usedHeads;

    private long counter;
    private int lastBatchHead;

    private record Noted(int head, long counter) {}

    private SplitInflight(MemorySegment region, int size) {
        this.region = region;
        this.size = size;
        this.usedHeads = new short[size];
    }

    /**
     * A queue's notes.
     *
     * @param size the ring's number of entries
     * @throws InvalidRingException when what they begin with says that they are not for this ring
     */
    static SplitInflight open(InflightRegion region, int queue, int size)
            throws InvalidRingException {
        SplitInflight notes = new SplitInflight(region.part(queue, size, false), size);
        int version = Short.toUnsignedInt(notes.region.get(SHORT, InflightSpec.VERSION));
        if (version == 0) {
            notes.initialise(region.queueSize());
            return notes;
        }
        long features = notes.region.get(LONG, InflightSpec.FEATURES);
        int entries = Short.toUnsignedInt(notes.region.get(SHORT, InflightSpec.DESC_NUM));
        if (version != InflightSpec.VERSION_NOW || features != 0) {
            throw new InvalidRingException(
                    "queue %d: the in-flight region has version %d, features 0x%x: must be 1, 0"
                            .formatted(queue, version, features));
        }
        if (entries != region.queueSize()) {
            throw new InvalidRingException(
                    "queue %d: the in-flight region was made for rings of %d entries, not %d"
                            .formatted(queue, entries, region.queueSize()));
        }
        return notes;
    }

    /** Nobody wrote here yet; whether the bytes are zeroes is the front-end's word. */
    private void initialise(int entries) {
        region.fill((byte) 0);
        CrashPoint.reached();
        region.set(SHORT, InflightSpec.DESC_NUM, (short) entries);
        CrashPoint.reached();
        INDEX.setRelease(region, (long) InflightSpec.VERSION, (short) InflightSpec.VERSION_NOW);
    }

    /**
     * Brings the notes in line with the ring, as the specification says for reconnecting.
     *
     * @param usedIndex what the ring shows to the driver
     * @return the heads that are in flight, in the order in which they were taken; null when the
     *     notes contradict themselves or the ring: then nothing was changed
     */
    int @Nullable [] recover(int usedIndex) {
        BitSet inFlight = new BitSet(size);
        for (int head = 0; head < size; head++) {
            byte flag = region.get(ValueLayout.JAVA_BYTE, flagOf(head));
            if (flag != IN_FLIGHT && flag != DONE) {
                return null;
            }
            inFlight.set(head, flag == IN_FLIGHT);
        }
        // The used index is the ring's. Notes of a ring that ended well say nothing about it: it
        // may have been set up anew since.
        BitSet batch = new BitSet(size);
        if (!inFlight.isEmpty() && !findLastBatch(usedIndex, batch)) {
            return null;
        }
        inFlight.andNot(batch);
        int[] heads = inOrder(inFlight);
        if (heads != null) {
            finishLastBatch(usedIndex, batch);
        }
        return heads;
    }

    /**
     * The chains that the driver was shown as used by the last publication, if it was not noted to
     * the end.
     *
     * @return false when the list cannot be one
     */
    private boolean findLastBatch(int usedIndex, BitSet batch) {
        int noted = Short.toUnsignedInt(region.get(SHORT, InflightSpec.SPLIT_USED_IDX));
        int left = (usedIndex - noted) & INDEX_MASK;
        int head = Short.toUnsignedInt(region.get(SHORT, InflightSpec.SPLIT_LAST_BATCH_HEAD));
        for (; left > 0; left--) {
            // Each head once: so the list ends, whatever it holds.
            if (head >= size || batch.get(head)) {
                return false;
            }
            batch.set(head);
            head = Short.toUnsignedInt(region.get(SHORT, nextOf(head)));
        }
        return true;
    }

    private int @Nullable [] inOrder(BitSet inFlight) {
        List<Noted> noted = new ArrayList<>();
        inFlight.stream()
                .forEach(head -> noted.add(new Noted(head, region.get(LONG, counterOf(head)))));
        noted.sort(Comparator.comparingLong(Noted::counter));
        long before = -1;
        for (Noted one : noted) {
            // They count from 0 and never repeat; 2^63 takes longer than machines last.
            if (one.counter <= before) {
                return null;
            }
            before = one.counter;
        }
        if (before == Long.MAX_VALUE) {
            return null;
        }
        counter = before + 1;
        return noted.stream().mapToInt(Noted::head).toArray();
    }

    private void finishLastBatch(int usedIndex, BitSet batch) {
        batch.stream()
                .forEach(
                        head -> {
                            CrashPoint.reached();
                            FLAG.setRelease(region, flagOf(head), DONE);
                        });
        CrashPoint.reached();
        INDEX.setRelease(region, (long) InflightSpec.SPLIT_USED_IDX, (short) usedIndex);
        lastBatchHead = Short.toUnsignedInt(region.get(SHORT, InflightSpec.SPLIT_LAST_BATCH_HEAD));
    }

    /** A chain was taken: it is in flight from here on. */
    void taken(int head) {
        region.set(LONG, counterOf(head), counter++);
        CrashPoint.reached();
        FLAG.setRelease(region, flagOf(head), IN_FLIGHT);
        CrashPoint.reached();
    }

    /** The chain that was taken last was not taken. */
    void givenBack(int head) {
        FLAG.setRelease(region, flagOf(head), DONE);
        CrashPoint.reached();
    }

    /** A used entry was written for a chain, which the driver does not see yet. */
    void used(int usedIndex, int head) {
        usedHeads[usedIndex & (size - 1)] = (short) head;
    }

    /**
     * Before the driver is shown the used index {@code to}: lists the chains that this makes used.
     */
    void beforePublishing(int from, int to) {
        // The list of the batch before was needed until its used index was noted.
        VarHandle.storeStoreFence();
        int last = lastBatchHead;
        for (int i = from; i != to; i = (i + 1) & INDEX_MASK) {
            int head = usedHeads[i & (size - 1)];
            region.set(SHORT, nextOf(head), (short) last);
            CrashPoint.reached();
            last = head;
        }
        lastBatchHead = last;
        region.set(SHORT, InflightSpec.SPLIT_LAST_BATCH_HEAD, (short) last);
        CrashPoint.reached();
    }

    /** After the driver was shown the used index, and a fence: the chains are in flight no more. */
    void afterPublishing(int from, int to) {
        CrashPoint.reached();
        for (int i = from; i != to; i = (i + 1) & INDEX_MASK) {
            region.set(ValueLayout.JAVA_BYTE, flagOf(usedHeads[i & (size - 1)]), DONE);
            CrashPoint.reached();
        }
        INDEX.setRelease(region, (long) InflightSpec.SPLIT_USED_IDX, (short) to);
        CrashPoint.reached();
    }

    private static long flagOf(int head) {
        return entry(head) + InflightSpec.SPLIT_DESC_INFLIGHT;
    }

    private static long nextOf(int head) {
        return entry(head) + InflightSpec.SPLIT_DESC_NEXT;
    }

    private static long counterOf(int head) {
        return entry(head) + InflightSpec.SPLIT_DESC_COUNTER;
    }

    private static long entry(int head) {
        return InflightSpec.SPLIT_DESC + (long) InflightSpec.SPLIT_DESC_BYTES * head;
    }
}
