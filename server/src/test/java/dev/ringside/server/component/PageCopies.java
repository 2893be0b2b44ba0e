package dev.ringside.server.component;

import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.QueueLayout;
import dev.ringside.frontend.RawRing;
import dev.ringside.frontend.VhostUserSpec;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The memory of a virtual machine at the end of a migration: copied once, and then page by page as
 * the log says. Only pages that nobody but the device writes are compared: the driver's writes are
 * for the VMM to see.
 */
final class PageCopies {
    private static final int PAGE = VhostUserSpec.LOG_PAGE_BYTES;

    private final Map<FrontendRegion, MemorySegment> copies = new LinkedHashMap<>();
    private final BitSet devicePages = new BitSet();
    private final BitSet driverPages = new BitSet();

    PageCopies(final FrontendMemory memory) {
        for (final FrontendRegion region : memory.regions()) {
            copies.put(region, MemorySegment.ofArray(new byte[(int) region.sizeBytes()]));
        }
    }

    private static void set(final BitSet pages, final long address, final long bytes) {
        pages.set((int) (address / PAGE), (int) ((address + bytes - 1) / PAGE) + 1);
    }

    /** Says that the device writes there and the driver does not. */
    void device(final long address, final long bytes) {
        set(devicePages, address, bytes);
    }

    /** Says that the driver writes there: pages of both are not compared. */
    void driver(final long address, final long bytes) {
        set(driverPages, address, bytes);
    }

    void ring(final QueueLayout layout) {
        device(layout.deviceGuestAddress(), RawRing.deviceAreaBytes(layout.size()));
        driver(layout.driverGuestAddress(), RawRing.driverAreaBytes(layout.size()));
        driver(layout.descriptorGuestAddress(), RawRing.descriptorAreaBytes(layout.size()));
    }

    /** The first round of a migration: everything, while the device goes on. */
    void copyAll() {
        copies.forEach((region, copy) -> copy.copyFrom(region.segment()));
    }

    /** A later round: what the log says. */
    void copy(final BitSet pages) {
        copies.forEach(
                (region, copy) -> {
                    final int first = (int) (region.guestAddress() / PAGE);
                    final int end = first + (int) (region.sizeBytes() / PAGE);
                    for (int page = pages.nextSetBit(first);
                            page >= 0 && page < end;
                            page = pages.nextSetBit(page + 1)) {
                        final long at = (long) (page - first) * PAGE;
                        MemorySegment.copy(region.segment(), at, copy, at, PAGE);
                    }
                });
    }

    /** The pages of the device's that are not as they are in the source's memory. */
    BitSet stale() {
        final BitSet stale = new BitSet();
        copies.forEach(
                (region, copy) -> {
                    final int first = (int) (region.guestAddress() / PAGE);
                    for (long at = 0; at < copy.byteSize(); at += PAGE) {
                        final long end = at + PAGE;
                        if (MemorySegment.mismatch(copy, at, end, region.segment(), at, end) >= 0) {
                            stale.set(first + (int) (at / PAGE));
                        }
                    }
                });
        stale.and(devicePages);
        stale.andNot(driverPages);
        return stale;
    }

    /** How many pages are compared. */
    int compared() {
        final BitSet compared = (BitSet) devicePages.clone();
        compared.andNot(driverPages);
        return compared.cardinality();
    }
}
