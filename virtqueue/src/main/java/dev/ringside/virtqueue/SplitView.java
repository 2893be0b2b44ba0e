package dev.ringside.virtqueue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/** Reads a split ring for people. Loops of a hostile driver end at a limit. */
final class SplitView {
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int INDEX_MASK = 0xffff;
    private static final int MAX_CHAIN = 16;

    private final SplitRing ring;
    private final int size;
    private final IntPredicate held;

    /**
     * @param held whether a head's chain is in flight
     */
    SplitView(SplitRing ring, int size, IntPredicate held) {
        this.ring = ring;
        this.size = size;
        this.held = held;
    }

    RingView.Content content(boolean eventIdx, int nextAvailable, int nextUsed, int entries) {
        return new RingView.Content(
                fields(eventIdx, nextAvailable, nextUsed), entries(nextAvailable, entries));
    }

    private Map<String, Long> fields(boolean eventIdx, int nextAvailable, int nextUsed) {
        Map<String, Long> fields = new LinkedHashMap<>();
        fields.put("avail.flags", (long) ring.availableFlags());
        fields.put("avail.idx", (long) ring.acquireAvailableIndex());
        if (eventIdx) {
            fields.put("used_event", (long) ring.usedEvent());
        }
        fields.put("used.flags", (long) ring.usedFlags());
        fields.put("used.idx", (long) ring.usedIndex());
        if (eventIdx) {
            fields.put("avail_event", (long) ring.availEvent());
        }
        fields.put("next available", (long) nextAvailable);
        fields.put("next used", (long) nextUsed);
        return fields;
    }

    private List<RingView.Entry> entries(int nextAvailable, int most) {
        int available = ring.acquireAvailableIndex();
        List<RingView.Entry> entries = new ArrayList<>();
        for (int back = Math.min(most, size); back > 0; back--) {
            int position = (available - back) & INDEX_MASK;
            int head = ring.availableEntry(position & (size - 1));
            int ahead = (available - nextAvailable) & INDEX_MASK;
            boolean taken = back > ahead;
            String state = !taken ? "available" : held.test(head) ? "in flight" : "used";
            entries.add(new RingView.Entry(position, head, state, chain(head)));
        }
        return entries;
    }

    private List<RingView.Descriptor> chain(int head) {
        MemorySegment table = ring.descriptors();
        List<RingView.Descriptor> chain = new ArrayList<>();
        int slot = head;
        while (slot < size && chain.size() < MAX_CHAIN) {
            long offset = (long) SplitRingSpec.DESCRIPTOR_BYTES * slot;
            long address = table.get(LONG, offset);
            long meta = table.get(LONG, offset + SplitRingSpec.DESCRIPTOR_META);
            int flags = (int) (meta >>> Integer.SIZE) & INDEX_MASK;
            int next = (int) (meta >>> (Integer.SIZE + Short.SIZE)) & INDEX_MASK;
            chain.add(
                    new RingView.Descriptor(
                            slot,
                            "0x" + Long.toHexString(address),
                            meta & 0xffff_ffffL,
                            flags(flags),
                            next));
            slot = (flags & SplitRingSpec.VIRTQ_DESC_F_NEXT) == 0 ? size : next;
        }
        return chain;
    }

    /** The flags that both formats have. */
    static String flags(int flags) {
        List<String> names = new ArrayList<>();
        if ((flags & SplitRingSpec.VIRTQ_DESC_F_NEXT) != 0) {
            names.add("NEXT");
        }
        if ((flags & SplitRingSpec.VIRTQ_DESC_F_WRITE) != 0) {
            names.add("WRITE");
        }
        if ((flags & SplitRingSpec.VIRTQ_DESC_F_INDIRECT) != 0) {
            names.add("INDIRECT");
        }
        return String.join(" ", names);
    }
}
