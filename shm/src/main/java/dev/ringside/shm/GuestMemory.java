package dev.ringside.shm;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A front-end's memory table: the one gate to guest memory. Immutable; any thread. It does not own
 * its regions: whoever closes one first makes sure that no table with it is in use.
 *
 * <p>What a driver writes are guest addresses, and what a front-end says of rings are its user
 * addresses. Behind an IOMMU both are I/O virtual addresses: then the table is made by {@link
 * Iotlb#memory}, its "regions" are the translations, and "guest address" reads "I/O virtual
 * address" everywhere but in {@link #regions()}.
 *
 * <p>Every method takes any address and length that a driver can write: nothing wraps.
 */
public final class GuestMemory {
    /** Up to so many regions a search looks at all of them, the largest first. */
    private static final int LINEAR_LIMIT = 8;

    /** No guest physical address: no log covers it. */
    public static final long NOWHERE = -1;

    private static final GuestMemory EMPTY = new GuestMemory(List.of());

    private final List<MemoryRegion> regions;
    private final MemoryRegion[] byGuest;
    private final MemorySegment[] segments;
    private final long[] guestStarts;
    private final long[] sizes;
    private final long[] hostStarts;
    // The small tables' search order: most addresses lie in the largest region.
    private final int[] searchIndex;
    private final long[] searchStarts;
    private final long[] searchSizes;
    private final boolean linear;

    /** The translations that the table was made of; null: no IOMMU. */
    private final IotlbEntry @Nullable [] translations;

    /** Ranges whose pages lie apart, mapped once more side by side. */
    private final List<MemoryWindow> windows;

    private GuestMemory(List<MemoryRegion> sorted) {
        this(sorted, sorted.size(), null, List.of());
        for (int i = 0; i < byGuest.length; i++) {
            segments[i] = byGuest[i].segment();
            guestStarts[i] = byGuest[i].guestAddress();
            sizes[i] = byGuest[i].sizeBytes();
            hostStarts[i] = byGuest[i].hostAddress();
        }
        orderSearch();
    }

    private GuestMemory(
            List<MemoryRegion> sorted,
            int n,
            IotlbEntry @Nullable [] translations,
            List<MemoryWindow> windows) {
        regions = List.copyOf(sorted);
        byGuest = sorted.toArray(MemoryRegion[]::new);
        this.translations = translations;
        this.windows = windows;
        segments = new MemorySegment[n];
        guestStarts = new long[n];
        sizes = new long[n];
        hostStarts = new long[n];
        linear = n <= LINEAR_LIMIT;
        int searched = linear ? n : 0;
        searchIndex = new int[searched];
        searchStarts = new long[searched];
        searchSizes = new long[searched];
    }

    /** The same memory by I/O virtual addresses; the translations ascend and are apart. */
    GuestMemory translated(IotlbEntry[] entries, List<MemoryWindow> newWindows) {
        GuestMemory made =
                new GuestMemory(regions, entries.length, entries, List.copyOf(newWindows));
        for (int i = 0; i < entries.length; i++) {
            made.segments[i] = entries[i].segment();
            made.guestStarts[i] = entries[i].first();
            made.sizes[i] = entries[i].sizeBytes();
            made.hostStarts[i] = entries[i].hostAddress();
        }
        made.orderSearch();
        return made;
    }

    private void orderSearch() {
        Integer[] order = new Integer[searchIndex.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparingLong((Integer i) -> sizes[i]).reversed());
        for (int i = 0; i < order.length; i++) {
            searchIndex[i] = order[i];
            searchStarts[i] = guestStarts[order[i]];
            searchSizes[i] = sizes[order[i]];
        }
    }

    /** The table without regions: every address is unmapped. */
    public static GuestMemory empty() {
        return EMPTY;
    }

    /**
     * A table of regions, in any order.
     *
     * @throws IllegalArgumentException when two overlap in guest or in user addresses; it names
     *     both
     */
    public static GuestMemory of(List<MemoryRegion> regions) {
        List<MemoryRegion> byUser = new ArrayList<>(regions);
        byUser.sort((a, b) -> Long.compareUnsigned(a.userAddress(), b.userAddress()));
        for (int i = 1; i < byUser.size(); i++) {
            MemoryRegion before = byUser.get(i - 1);
            if (byUser.get(i).userAddress() - before.userAddress() < before.sizeBytes()
                    && byUser.get(i).userAddress() - before.userAddress() >= 0) {
                throw overlap("user", before, byUser.get(i));
            }
        }
        List<MemoryRegion> byGuest = new ArrayList<>(regions);
        byGuest.sort((a, b) -> Long.compareUnsigned(a.guestAddress(), b.guestAddress()));
        for (int i = 1; i < byGuest.size(); i++) {
            MemoryRegion before = byGuest.get(i - 1);
            if (byGuest.get(i).guestAddress() - before.guestAddress() < before.sizeBytes()
                    && byGuest.get(i).guestAddress() - before.guestAddress() >= 0) {
                throw overlap("guest", before, byGuest.get(i));
            }
        }
        return byGuest.isEmpty() ? EMPTY : new GuestMemory(byGuest);
    }

    private static IllegalArgumentException overlap(String space, MemoryRegion a, MemoryRegion b) {
        return new IllegalArgumentException(
                "regions overlap in " + space + " addresses: " + a + " and " + b);
    }

    /** The regions, ascending by guest address: a region's index is its place here. */
    public List<MemoryRegion> regions() {
        return regions;
    }

    /** Whether any region is {@link MemoryRegion#poisoned}. Data path: one load per region. */
    public boolean poisoned() {
        for (MemoryRegion region : byGuest) {
            if (region.poisoned()) {
                return true;
            }
        }
        for (MemoryWindow window : windows) {
            if (window.poisoned()) {
                return true;
            }
        }
        return false;
    }

    /** A guest address range as a segment; null when it does not lie wholly in one region. */
    public @Nullable MemorySegment sliceGuest(long guestAddress, long length) {
        int region = find(guestAddress);
        if (region < 0 || length < 0 || length > available(region, guestAddress)) {
            return null;
        }
        return segments[region].asSlice(offset(region, guestAddress), length);
    }

    /** A user address range as a segment; null when it does not lie wholly in one region. */
    public @Nullable MemorySegment sliceUser(long userAddress, long length) {
        for (MemoryRegion region : byGuest) {
            long offset = userAddress - region.userAddress();
            if (offset >= 0 && offset < region.sizeBytes()) {
                return length >= 0 && length <= region.sizeBytes() - offset
                        ? region.segment().asSlice(offset, length)
                        : null;
            }
        }
        return null;
    }

    /**
     * A range of a ring's memory as a segment. Its address is a user address, or with an IOMMU an
     * I/O virtual address.
     *
     * @param access what the device does there: {@link Iotlb#READ}, {@link Iotlb#WRITE} or both
     * @return null when it does not lie wholly in one region; with an IOMMU, when it is not
     *     translated, or not for that access
     */
    public @Nullable MemorySegment sliceRing(long address, long length, int access) {
        if (translations == null) {
            return sliceUser(address, length);
        }
        int region = find(address);
        if (region < 0 || length < 0 || (access(region) & access) != access) {
            return null;
        }
        if (length <= available(region, address)) {
            return segments[region].asSlice(offset(region, address), length);
        }
        for (MemoryWindow window : windows) {
            MemorySegment slice = window.slice(address, length, access);
            if (slice != null) {
                return slice;
            }
        }
        return null;
    }

    /** What a device may do in a region: {@link Iotlb#READ_WRITE}, or what an IOMMU allows. */
    public int access(int region) {
        return translations == null ? Iotlb.READ_WRITE : translations[region].access();
    }

    /**
     * The address that the driver uses for a place in a region: what {@link #offset} was made from.
     */
    public long ioAddress(int region, long offset) {
        return guestStarts[region] + offset;
    }

    /** The index of the region that a guest address lies in, or -1. Data path. */
    public int find(long guestAddress) {
        if (!linear) {
            return findByHalving(guestAddress);
        }
        for (int i = 0; i < searchStarts.length; i++) {
            // Sizes are below 2^63: an address before the start gives a negative or too large
            // offset.
            long offset = guestAddress - searchStarts[i];
            if (offset >= 0 && offset < searchSizes[i]) {
                return searchIndex[i];
            }
        }
        return -1;
    }

    private int findByHalving(long guestAddress) {
        int low = 0;
        int high = guestStarts.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (Long.compareUnsigned(guestStarts[middle], guestAddress) <= 0) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        long offset = guestAddress - guestStarts[low];
        return offset >= 0 && offset < sizes[low] ? low : -1;
    }

    /** Bytes from a guest address in a region to the region's end, more than 0. Data path. */
    public long available(int region, long guestAddress) {
        return sizes[region] - (guestAddress - guestStarts[region]);
    }

    /** A region's whole segment. Data path. */
    public MemorySegment segment(int region) {
        return segments[region];
    }

    /** Where in its region's segment a guest address lies. Data path. */
    public long offset(int region, long guestAddress) {
        return guestAddress - guestStarts[region];
    }

    /** The guest physical address of an offset in a region's segment. Data path. */
    public long guestAddress(int region, long offset) {
        return translations == null
                ? guestStarts[region] + offset
                : translations[region].physicalAddress(offset);
    }

    /** Whether drivers' addresses are I/O virtual ones. */
    public boolean translates() {
        return translations != null;
    }

    /**
     * The guest physical address of a byte of a segment that this memory gave out, by the byte's
     * address in this process; {@link #NOWHERE} when it is of another memory. Data path.
     */
    public long physicalAddress(long hostAddress) {
        for (MemoryWindow window : windows) {
            if (window.holds(hostAddress)) {
                return inRegions(window.original(hostAddress));
            }
        }
        return inRegions(hostAddress);
    }

    private long inRegions(long hostAddress) {
        for (MemoryRegion region : byGuest) {
            long offset = hostAddress - region.hostAddress();
            if (offset >= 0 && offset < region.sizeBytes()) {
                return region.guestAddress() + offset;
            }
        }
        return NOWHERE;
    }

    /** The address in this process of a guest address in a region. Data path. */
    public long hostAddress(int region, long guestAddress) {
        return hostStarts[region] + (guestAddress - guestStarts[region]);
    }
}
