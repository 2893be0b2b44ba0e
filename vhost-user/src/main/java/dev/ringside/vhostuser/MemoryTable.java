package dev.ringside.vhostuser;

import dev.ringside.shm.Fd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.vhostuser.Payloads.Region;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The front-end's memory regions. A change makes a new {@link GuestMemory}; the regions that left
 * are unmapped when the host has acknowledged that nothing uses them any more. A request that fails
 * leaves the table as it was.
 */
final class MemoryTable implements AutoCloseable {
    /** More than any device has queues. */
    private static final int MAX_REPEATS = 65_536;

    private final SessionLimits limits;
    private final SessionHost host;
    private final HostCalls calls;
    private final AddressTranslation translation;
    private GuestMemory memory = GuestMemory.empty();

    /** The front-end fills this memory: nobody may touch it, so rings wait for it. */
    private boolean withheld;

    private List<MemoryRegion> regions = List.of();

    /**
     * How often a region came again. QEMU before 8.0 sends ADD_MEM_REG and REM_MEM_REG once for
     * each queue pair of a NIC: the region stays until it was removed as often as it was added.
     */
    private final Map<MemoryRegion, Integer> repeats = new HashMap<>();

    MemoryTable(
            SessionLimits limits,
            SessionHost host,
            HostCalls calls,
            AddressTranslation translation) {
        this.translation = translation;
        this.limits = limits;
        this.host = host;
        this.calls = calls;
    }

    /** How many regions there are. */
    int count() {
        return regions.size();
    }

    /** The sum of their sizes. */
    long mappedBytes() {
        return regions.stream().mapToLong(MemoryRegion::sizeBytes).sum();
    }

    /** What rings may use: nothing while the memory is withheld. */
    GuestMemory memory() {
        return withheld ? GuestMemory.empty() : memory;
    }

    /** The memory is not there yet, though its regions may be told. No ring runs. */
    void withhold() {
        withheld = true;
        translation.withhold(true);
    }

    /** All of the memory is there: starts the rings that waited for it. */
    void release(FrontendMessage message, Vrings vrings, Runnable done) {
        if (!withheld) {
            done.run();
            return;
        }
        withheld = false;
        translation.withhold(false);
        vrings.startAllReady(message, done);
    }

    boolean isWithheld() {
        return withheld;
    }

    /** Whether a message of memory is the front-end's word that it has registered ours. */
    boolean isAcknowledgement(FrontendMessage message) {
        return withheld && message.payload().remaining() == VhostUserSpec.U64_SIZE;
    }

    /**
     * How a region or table that came while the memory is withheld is answered: by itself. The user
     * addresses in it are to be those of our mappings, by which the front-end names faults and
     * wakes who waits. Nobody here ever faults or waits, so its own addresses do, and where things
     * are in this process is nobody's business.
     */
    private Runnable accept(FrontendMessage message, Answer answer) {
        byte[] echo = message.bytes();
        return withheld ? () -> answer.reply(echo) : answer::done;
    }

    void getMaxSlots(Answer answer) {
        answer.reply(Replies.u64(limits.maxRegions()));
    }

    /** SET_MEM_TABLE: these regions instead of those before. */
    void set(FrontendMessage message, Vrings vrings, Answer answer) throws ProtocolException {
        ByteBuffer payload = message.payload();
        int count = payload.getInt();
        payload.getInt(); // padding
        int most = Math.min(VhostUserSpec.MAX_MEM_TABLE_REGIONS, limits.maxRegions());
        if (count < 0 || count > most) {
            throw new ProtocolException(
                    message.name()
                            + ": num regions is "
                            + Integer.toUnsignedString(count)
                            + ": at most "
                            + most);
        }
        if (payload.remaining() < count * VhostUserSpec.MEM_REGION_SIZE) {
            throw new ProtocolException(
                    message.name()
                            + ": num regions is "
                            + count
                            + ", but only "
                            + payload.remaining()
                            + " bytes of them came");
        }
        List<Region> wanted = new ArrayList<>();
        long total = 0;
        for (int i = 0; i < count; i++) {
            Region region = Region.decode(payload);
            total = addSize(message, region, total);
            wanted.add(region);
        }
        List<MemoryRegion> mapped = mapAll(message, wanted, message.takeFds(count));
        replace(message, vrings, mapped, mapped, regions, answer);
    }

    /** ADD_MEM_REG: one region more, or one that is there once more. */
    void add(FrontendMessage message, Vrings vrings, Answer answer) throws ProtocolException {
        Region region = single(message);
        MemoryRegion same = find(region);
        if (same != null && same.mmapOffset() == region.mmapOffset()) {
            FrontendMessage.closeAll(message.takeFds(1));
            countAgain(message, same);
            accept(message, answer).run();
            return;
        }
        if (regions.size() >= limits.maxRegions()) {
            throw new ProtocolException(
                    message.name() + ": all " + limits.maxRegions() + " memory slots are taken");
        }
        addSize(message, region, mappedBytes());
        List<MemoryRegion> added = mapAll(message, List.of(region), message.takeFds(1));
        List<MemoryRegion> all = new ArrayList<>(regions);
        all.addAll(added);
        replace(message, vrings, all, added, List.of(), answer);
    }

    /**
     * REM_MEM_REG: the region with this guest address, user address and size; the offset does not
     * count. A descriptor that came along is closed with the message.
     */
    void remove(FrontendMessage message, Vrings vrings, Answer answer) throws ProtocolException {
        Region region = single(message);
        MemoryRegion found = find(region);
        if (found == null) {
            throw new ProtocolException(
                    message.name()
                            + ": no region has "
                            + text(region)
                            + ": send back what ADD_MEM_REG sent");
        }
        int again = repeats.getOrDefault(found, 0);
        if (again > 0) {
            repeats.put(found, again - 1);
            answer.done();
            return;
        }
        List<MemoryRegion> kept = new ArrayList<>(regions);
        kept.remove(found);
        replace(message, vrings, kept, List.of(), List.of(found), answer);
    }

    private void countAgain(FrontendMessage message, MemoryRegion region) throws ProtocolException {
        int again = repeats.getOrDefault(region, 0) + 1;
        if (again > MAX_REPEATS) {
            throw new ProtocolException(
                    message.name() + ": the same region came " + again + " times again");
        }
        repeats.put(region, again);
    }

    private @Nullable MemoryRegion find(Region region) {
        for (MemoryRegion candidate : regions) {
            if (matches(candidate, region)) {
                return candidate;
            }
        }
        return null;
    }

    private static Region single(FrontendMessage message) throws ProtocolException {
        ByteBuffer payload = message.payload();
        if (payload.remaining() != VhostUserSpec.SINGLE_MEM_REGION_SIZE) {
            throw new ProtocolException(
                    message.name()
                            + ": payload is "
                            + payload.remaining()
                            + " bytes: must be "
                            + VhostUserSpec.SINGLE_MEM_REGION_SIZE);
        }
        payload.getLong(); // padding
        return Region.decode(payload);
    }

    private static boolean matches(MemoryRegion mapped, Region region) {
        return mapped.guestAddress() == region.guestAddress()
                && mapped.userAddress() == region.userAddress()
                && mapped.sizeBytes() == region.sizeBytes();
    }

    private long addSize(FrontendMessage message, Region region, long total)
            throws ProtocolException {
        long size = region.sizeBytes();
        if (size <= 0 || size > limits.maxMappedBytes() - total) {
            throw new ProtocolException(
                    message.name()
                            + ": region with "
                            + text(region)
                            + ": at most "
                            + limits.maxMappedBytes()
                            + " bytes can be mapped, of which "
                            + total
                            + " are taken");
        }
        return total + size;
    }

    /** Maps all or none. */
    private static List<MemoryRegion> mapAll(
            FrontendMessage message, List<Region> wanted, List<Fd> fds) throws ProtocolException {
        List<MemoryRegion> mapped = new ArrayList<>();
        try {
            for (int i = 0; i < wanted.size(); i++) {
                Region r = wanted.get(i);
                mapped.add(
                        MemoryRegion.map(
                                fds.get(i),
                                r.guestAddress(),
                                r.userAddress(),
                                r.sizeBytes(),
                                r.mmapOffset()));
            }
            return mapped;
        } catch (LinuxException e) {
            closeAll(mapped);
            FrontendMessage.closeAll(fds);
            throw new ProtocolException(message.name() + ": " + e.getMessage(), e);
        }
    }

    private void replace(
            FrontendMessage message,
            Vrings vrings,
            List<MemoryRegion> wanted,
            List<MemoryRegion> added,
            List<MemoryRegion> removed,
            Answer answer)
            throws ProtocolException {
        GuestMemory next;
        try {
            next = GuestMemory.of(wanted);
        } catch (IllegalArgumentException e) {
            closeAll(added);
            throw new ProtocolException(message.name() + ": " + e.getMessage(), e);
        }
        memory = next;
        regions = List.copyOf(wanted);
        repeats.keySet().removeAll(removed);
        Runnable accepted = added.isEmpty() ? answer::done : accept(message, answer);
        Runnable after = () -> vrings.startAllReady(message, accepted);
        GuestMemory seen = translation.over(memory);
        Runnable release =
                () -> {
                    translation.closeRetired();
                    closeAll(removed);
                };
        if (vrings.anyStarted()) {
            Runnable resume =
                    () -> {
                        translation.wantRunningRings();
                        after.run();
                    };
            host.replaceMemory(seen, !removed.isEmpty(), calls.then(release, resume));
        } else {
            release.run();
            after.run();
        }
    }

    /** The regions as they are; the descriptors stay theirs. */
    List<SavedRegion> save() {
        List<SavedRegion> saved = new ArrayList<>();
        for (MemoryRegion region : regions) {
            saved.add(
                    new SavedRegion(
                            region.fd(),
                            region.guestAddress(),
                            region.userAddress(),
                            region.sizeBytes(),
                            region.mmapOffset(),
                            repeats.getOrDefault(region, 0)));
        }
        return saved;
    }

    /** Maps what was saved. */
    void restore(List<SavedRegion> saved) throws LinuxException {
        List<MemoryRegion> mapped = new ArrayList<>();
        for (SavedRegion region : saved) {
            MemoryRegion one =
                    MemoryRegion.map(
                            region.file(),
                            region.guestAddress(),
                            region.userAddress(),
                            region.sizeBytes(),
                            region.mmapOffset());
            mapped.add(one);
            regions = List.copyOf(mapped);
            if (region.repeats() > 0) {
                repeats.put(one, region.repeats());
            }
        }
        memory = GuestMemory.of(mapped);
        translation.over(memory);
    }

    private static String text(Region region) {
        return "guest address 0x"
                + Long.toHexString(region.guestAddress())
                + ", user address 0x"
                + Long.toHexString(region.userAddress())
                + ", size 0x"
                + Long.toHexString(region.sizeBytes())
                + ", offset 0x"
                + Long.toHexString(region.mmapOffset());
    }

    private static void closeAll(List<MemoryRegion> regions) {
        regions.forEach(MemoryRegion::close);
    }

    @Override
    public void close() {
        memory = GuestMemory.empty();
        closeAll(regions);
        regions = List.of();
        repeats.clear();
    }
}
