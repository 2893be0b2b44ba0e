package dev.ringside.frontend;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The memory that a front-end shares with its back-end: regions at chosen addresses, with holes
 * where the caller leaves them, and a simple allocator over them.
 *
 * <p>Confined to one thread, except that many threads may use the segments. Closing it closes its
 * regions.
 */
public final class FrontendMemory implements AutoCloseable {
    private static final long HUGE_PAGE_BYTES = 2 << 20;
    private static final long HIGH_GUEST_ADDRESS = 0x1_0000_0000L;

    private final List<FrontendRegion> regions = new ArrayList<>();
    private final Map<FrontendRegion, Long> usedBytes = new HashMap<>();
    private int nextRegion;

    /** No memory yet. */
    public FrontendMemory() {}

    /** What a PC has: memory from 0, a hole, memory from 4 GiB; {@code sizeBytes} in each half. */
    public static FrontendMemory likePc(final long sizeBytes) throws IOException {
        final FrontendMemory memory = new FrontendMemory();
        try {
            memory.add(FrontendRegion.create(0, sizeBytes));
            memory.add(FrontendRegion.create(HIGH_GUEST_ADDRESS, sizeBytes));
            return memory;
        } catch (IOException e) {
            memory.close();
            throw e;
        }
    }

    /** One region from 0 of huge pages of 2 MiB; the system must have reserved them. */
    public static FrontendMemory huge(final long sizeBytes) throws IOException {
        final FrontendMemory memory = new FrontendMemory();
        memory.add(FrontendRegion.createHuge(0, sizeBytes, HUGE_PAGE_BYTES));
        return memory;
    }

    /** {@code count} regions of {@code sizeBytes}, each followed by a hole of the same size. */
    public static FrontendMemory scattered(final int count, final long sizeBytes)
            throws IOException {
        final FrontendMemory memory = new FrontendMemory();
        try {
            for (int i = 0; i < count; i++) {
                // User addresses run the other way round, so that mixing them up cannot go unseen.
                memory.add(
                        FrontendRegion.create(
                                (2L * i + 1) * sizeBytes,
                                (1L << 41) - 2L * i * sizeBytes,
                                sizeBytes,
                                0));
            }
            return memory;
        } catch (IOException e) {
            memory.close();
            throw e;
        }
    }

    /** Takes a region in and owns it from now on; the back-end hears of it from the caller. */
    public FrontendRegion add(final FrontendRegion region) {
        regions.add(region);
        usedBytes.put(region, 0L);
        return region;
    }

    /** Gives a region up; the caller closes it. */
    public void remove(final FrontendRegion region) {
        regions.remove(region);
        usedBytes.remove(region);
    }

    /** The regions, in the order in which they came. */
    public List<FrontendRegion> regions() {
        return Collections.unmodifiableList(regions);
    }

    /**
     * Takes room for good, from one region after the other in turn.
     *
     * @param alignment a power of two
     * @return the guest address; the bytes there are zero the first time
     * @throws IllegalStateException when no region has so much room left
     */
    public long allocate(final long bytes, final long alignment) {
        for (int i = 0; i < regions.size(); i++) {
            final FrontendRegion region = regions.get((nextRegion + i) % regions.size());
            final long address = allocateIn(region, bytes, alignment);
            if (address >= 0) {
                nextRegion = (nextRegion + i + 1) % regions.size();
                return address;
            }
        }
        throw new IllegalStateException(
                "no region has " + bytes + " bytes left: make the memory larger");
    }

    /** Like {@link #allocate}, in one region; -1 when it has no room. */
    public long allocateIn(final FrontendRegion region, final long bytes, final long alignment) {
        final Long used = usedBytes.get(region);
        if (used == null) {
            throw new IllegalArgumentException("the region is not part of this memory");
        }
        final long start = (region.guestAddress() + used + alignment - 1) & -alignment;
        if (!region.contains(start, bytes)) {
            return -1;
        }
        usedBytes.put(region, start + bytes - region.guestAddress());
        return start;
    }

    /** How much was taken so far, to go back to with {@link #release}. */
    public List<Long> mark() {
        return regions.stream().map(usedBytes::get).toList();
    }

    /** Gives back everything taken since {@link #mark}; the regions must be the same. */
    public void release(final List<Long> mark) {
        for (int i = 0; i < mark.size(); i++) {
            usedBytes.put(regions.get(i), mark.get(i));
        }
    }

    /**
     * The region that holds an address.
     *
     * @throws IllegalArgumentException when none does
     */
    public FrontendRegion regionOf(final long guestAddress) {
        for (final FrontendRegion region : regions) {
            if (region.contains(guestAddress, 1)) {
                return region;
            }
        }
        throw new IllegalArgumentException(
                "guest address 0x" + Long.toHexString(guestAddress) + " is in no region");
    }

    /** The bytes at a guest address; they must lie in one region. */
    public MemorySegment slice(final long guestAddress, final long bytes) {
        final FrontendRegion region = regionOf(guestAddress);
        return region.segment().asSlice(guestAddress - region.guestAddress(), bytes);
    }

    /** The user address of a guest address. */
    public long userAddress(final long guestAddress) {
        final FrontendRegion region = regionOf(guestAddress);
        return guestAddress - region.guestAddress() + region.userAddress();
    }

    /** Closes every region. */
    @Override
    public void close() {
        regions.forEach(FrontendRegion::close);
        regions.clear();
        usedBytes.clear();
    }
}
