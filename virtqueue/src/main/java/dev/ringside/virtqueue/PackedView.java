package dev.ringside.virtqueue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads a packed ring for people. */
final class PackedView {
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int SHORT_MASK = 0xffff;

    private final PackedRing ring;
    private final int size;
    private final PackedTaken taken;

    /**
     * @param taken the chains that are in flight
     */
    PackedView(PackedRing ring, int size, PackedTaken taken) {
        this.ring = ring;
        this.size = size;
        this.taken = taken;
    }

    RingView.Content content(PackedBase base, int entries) {
        return new RingView.Content(fields(base), entries(base, entries));
    }

    private Map<String, Long> fields(PackedBase base) {
        Map<String, Long> fields = new LinkedHashMap<>();
        event(fields, "driver", ring.driverEvent());
        event(fields, "device", ring.deviceEvent());
        fields.put("next available", (long) base.available());
        fields.put("available wrap", base.availableWrap() ? 1L : 0L);
        fields.put("next used", (long) base.used());
        fields.put("used wrap", base.usedWrap() ? 1L : 0L);
        return fields;
    }

    private static void event(Map<String, Long> fields, String side, int event) {
        fields.put(side + ".desc", (long) (event & (PackedRingSpec.EVENT_WRAP - 1)));
        fields.put(side + ".wrap", (event & PackedRingSpec.EVENT_WRAP) == 0 ? 0L : 1L);
        fields.put(side + ".flags", (long) (event >>> Short.SIZE));
    }

    /** The slots before the next one to take, and as many from there on as are available. */
    private List<RingView.Entry> entries(PackedBase base, int most) {
        List<RingView.Entry> entries = new ArrayList<>();
        int count = Math.min(most, size);
        int ahead = Math.min(count, available(base));
        for (int i = ahead - count; i < ahead; i++) {
            int slot = Math.floorMod(base.available() + i, size);
            entries.add(entry(slot, i >= 0));
        }
        return entries;
    }

    private int available(PackedBase base) {
        return (int) ring.scan(base.available(), base.availableWrap(), size);
    }

    private RingView.Entry entry(int slot, boolean available) {
        MemorySegment table = ring.descriptors();
        long offset = (long) PackedRingSpec.DESCRIPTOR_BYTES * slot;
        long address = table.get(LONG, offset);
        long meta = table.get(LONG, offset + PackedRingSpec.DESCRIPTOR_META);
        int id = (int) (meta >>> Integer.SIZE) & SHORT_MASK;
        int flags = (int) (meta >>> (Integer.SIZE + Short.SIZE)) & SHORT_MASK;
        String state = available ? "available" : taken.has(id) ? "in flight" : "used";
        RingView.Descriptor descriptor =
                new RingView.Descriptor(
                        slot,
                        "0x" + Long.toHexString(address),
                        meta & 0xffff_ffffL,
                        flags(flags),
                        0);
        return new RingView.Entry(slot, id, state, List.of(descriptor));
    }

    private static String flags(int flags) {
        String common = SplitView.flags(flags);
        String avail = (flags & PackedRingSpec.VRING_PACKED_DESC_F_AVAIL) == 0 ? "" : " AVAIL";
        String used = (flags & PackedRingSpec.VRING_PACKED_DESC_F_USED) == 0 ? "" : " USED";
        return (common + avail + used).strip();
    }
}
