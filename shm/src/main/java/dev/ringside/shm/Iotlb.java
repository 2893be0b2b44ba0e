package dev.ringside.shm;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a front-end's IOMMU lets a device reach: translations of I/O virtual addresses to memory
 * regions (vhost-user.rst, IOMMU support). Immutable: each change makes another one. Any thread.
 *
 * <p>Translations that go on from one another are kept as one, so that a range may be taken out
 * that cuts them. Every method takes any numbers that a front-end can send: nothing wraps.
 */
public final class Iotlb {
    /** Access of the device: it reads. */
    public static final int READ = 1;

    /** Access of the device: it writes. */
    public static final int WRITE = 2;

    /** Access of the device: it reads and writes. */
    public static final int READ_WRITE = READ | WRITE;

    /** Granularity of translations: the smallest page of an IOMMU. */
    public static final long PAGE_BYTES = 4096;

    private static final IotlbEntry[] NONE = {};

    private final GuestMemory base;
    private final IotlbEntry[] entries;

    private Iotlb(GuestMemory base, IotlbEntry[] entries) {
        this.base = base;
        this.entries = entries;
    }

    /** Where the memory of a translation lies: its address in this process and its length. */
    public record Piece(long hostAddress, long bytes) {}

    /** No translation at all, over a front-end's memory table. */
    public static Iotlb over(GuestMemory base) {
        return new Iotlb(base, NONE);
    }

    /** How many translations there are. */
    public int size() {
        return entries.length;
    }

    /**
     * With one translation more. Where it says the same as one that is there, the access of both is
     * allowed: front-ends may answer one miss for reading and another for writing. Where it says
     * something else, it takes that one's place.
     *
     * @param size in bytes, unsigned, not 0
     * @throws IllegalArgumentException with the reason, when a range wraps, when the two addresses
     *     are not equally aligned to {@link #PAGE_BYTES}, or when the user addresses do not all lie
     *     in the memory table
     */
    public Iotlb with(long iova, long size, long userAddress, int access) {
        List<IotlbEntry> fresh = resolve(iova, size, userAddress, access);
        long last = iova + (size - 1);
        List<IotlbEntry> result = new ArrayList<>(entries.length + fresh.size() + 2);
        int i = 0;
        for (; i < entries.length && Long.compareUnsigned(entries[i].last(), iova) < 0; i++) {
            result.add(entries[i]);
        }
        IotlbEntry rest = null;
        for (; i < entries.length && entries[i].overlaps(iova, last); i++) {
            append(result, entries[i].before(iova));
            fresh = allowing(fresh, entries[i]);
            rest = entries[i].behind(last);
        }
        fresh.forEach(entry -> append(result, entry));
        append(result, rest);
        for (; i < entries.length; i++) {
            append(result, entries[i]);
        }
        return new Iotlb(base, result.toArray(IotlbEntry[]::new));
    }

    /** Adds the access of an old translation to new ones where they say the same. */
    private static List<IotlbEntry> allowing(List<IotlbEntry> fresh, IotlbEntry old) {
        List<IotlbEntry> result = new ArrayList<>(fresh.size() + 2);
        for (IotlbEntry entry : fresh) {
            if (!entry.overlaps(old.first(), old.last()) || !entry.agreesWith(old)) {
                result.add(entry);
                continue;
            }
            IotlbEntry both = entry.within(old.first(), old.last());
            addIfAny(result, entry.before(both.first()));
            result.add(both.with(both.access() | old.access()));
            addIfAny(result, entry.behind(both.last()));
        }
        return result;
    }

    private List<IotlbEntry> resolve(long iova, long size, long userAddress, int access) {
        if (size == 0 || wraps(iova, size) || wraps(userAddress, size)) {
            throw new IllegalArgumentException("the size is 0 or the range ends beyond 2^64");
        }
        if ((iova ^ userAddress) % PAGE_BYTES != 0) {
            throw new IllegalArgumentException(
                    "iova and user address are not equally aligned to " + PAGE_BYTES);
        }
        List<IotlbEntry> pieces = new ArrayList<>();
        long done = 0;
        // Unsigned: a size beyond 2^63 ends at the first address that is not in the table.
        while (done != size) {
            MemoryRegion region = regionOf(userAddress + done);
            if (region == null) {
                throw new IllegalArgumentException(
                        "user address 0x"
                                + Long.toHexString(userAddress + done)
                                + " is not in the memory table");
            }
            long room = region.sizeBytes() - (userAddress + done - region.userAddress());
            long piece = Long.compareUnsigned(size - done, room) < 0 ? size - done : room;
            pieces.add(
                    new IotlbEntry(
                            iova + done,
                            iova + done + (piece - 1),
                            userAddress + done,
                            access,
                            region));
            done += piece;
        }
        return pieces;
    }

    private @Nullable MemoryRegion regionOf(long userAddress) {
        for (MemoryRegion region : base.regions()) {
            long offset = userAddress - region.userAddress();
            if (offset >= 0 && offset < region.sizeBytes()) {
                return region;
            }
        }
        return null;
    }

    private static boolean wraps(long address, long size) {
        return Long.compareUnsigned(address + (size - 1), address) < 0;
    }

    /** Whether some address of a range is translated now, and to another one than this says. */
    public boolean contradicts(long iova, long size, long userAddress) {
        long last = iova + (size - 1);
        for (int i = indexOf(iova); i < entries.length && entries[i].overlaps(iova, last); i++) {
            if (entries[i].userAddress() - entries[i].first() != userAddress - iova) {
                return true;
            }
        }
        return false;
    }

    /** Without the translations of a range: others are cut. */
    public Iotlb without(long first, long last) {
        List<IotlbEntry> result = new ArrayList<>(entries.length + 1);
        for (IotlbEntry entry : entries) {
            if (entry.overlaps(first, last)) {
                addIfAny(result, entry.before(first));
                addIfAny(result, entry.behind(last));
            } else {
                result.add(entry);
            }
        }
        return new Iotlb(base, result.toArray(IotlbEntry[]::new));
    }

    /** The same translations over another memory table, without those that left it. */
    public Iotlb rebased(GuestMemory newBase) {
        Iotlb result = over(newBase);
        List<IotlbEntry> kept = new ArrayList<>(entries.length);
        for (IotlbEntry entry : entries) {
            MemoryRegion region = result.regionOf(entry.userAddress());
            if (region != null
                    && entry.sizeBytes()
                            <= region.sizeBytes() - (entry.userAddress() - region.userAddress())) {
                kept.add(
                        new IotlbEntry(
                                entry.first(),
                                entry.last(),
                                entry.userAddress(),
                                entry.access(),
                                region));
            }
        }
        return new Iotlb(newBase, kept.toArray(IotlbEntry[]::new));
    }

    /**
     * The first address from {@code first} to {@code last} that is not translated for an access.
     *
     * @return null when all are
     */
    public @Nullable Long firstMissing(long first, long last, int access) {
        long at = first;
        for (int i = indexOf(first); i < entries.length; i++) {
            IotlbEntry entry = entries[i];
            if (Long.compareUnsigned(entry.first(), at) > 0
                    || (entry.access() & access) != access) {
                return at;
            }
            if (Long.compareUnsigned(entry.last(), last) >= 0) {
                return null;
            }
            at = entry.last() + 1;
        }
        return at;
    }

    /** Where a range lies, in order; it is translated. One piece: it needs no window. */
    public List<Piece> pieces(long first, long last) {
        List<Piece> pieces = new ArrayList<>();
        for (int i = indexOf(first); i < entries.length && entries[i].overlaps(first, last); i++) {
            IotlbEntry part = entries[i].within(first, last);
            pieces.add(new Piece(part.hostAddress(), part.sizeBytes()));
        }
        return pieces;
    }

    /** Guest memory by I/O virtual addresses: what a queue works with. */
    public GuestMemory memory(List<MemoryWindow> windows) {
        return base.translated(entries, windows);
    }

    /** The first entry that does not end before an address. */
    private int indexOf(long address) {
        int low = 0;
        int high = entries.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(entries[middle].last(), address) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static void addIfAny(List<IotlbEntry> to, @Nullable IotlbEntry entry) {
        if (entry != null) {
            to.add(entry);
        }
    }

    /** Adds a translation, or lengthens the last one when it goes on from there. */
    private static void append(List<IotlbEntry> to, @Nullable IotlbEntry entry) {
        if (entry == null) {
            return;
        }
        IotlbEntry joined = to.isEmpty() ? null : to.getLast().joined(entry);
        if (joined != null) {
            to.removeLast();
        }
        to.add(joined == null ? entry : joined);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("iotlb of " + entries.length);
        for (IotlbEntry entry : entries) {
            text.append(
                    " [0x%x-0x%x to 0x%x access %d]"
                            .formatted(
                                    entry.first(),
                                    entry.last(),
                                    entry.userAddress(),
                                    entry.access()));
        }
        return text.toString();
    }
}
