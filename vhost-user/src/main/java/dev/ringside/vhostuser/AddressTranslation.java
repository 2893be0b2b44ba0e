package dev.ringside.vhostuser;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.Iotlb;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.MemoryWindow;
import dev.ringside.vhostuser.TranslationMisses.Page;
import dev.ringside.virtqueue.IotlbCounter;
import dev.ringside.virtqueue.VirtioSpec;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The session's IOTLB (vhost-user.rst, IOMMU support). Without VIRTIO_F_ACCESS_PLATFORM the queues'
 * memory is the memory table; with it they see that table through what the front-end translates.
 *
 * <p>Nothing is used that was taken back: an invalidation is answered when every queue has the new
 * translations, and when what could use the old ones is done. Once no ring runs all translations
 * are forgotten, because front-ends do not take any back then.
 */
final class AddressTranslation implements AutoCloseable {
    /** Beyond so many translations all of them are forgotten, and asked for as they are needed. */
    static final int MAX_ENTRIES = 8192;

    private static final long SUCCESS = 0;
    private static final long FAILURE = 1;

    private final Negotiation negotiation;
    private final SessionHost host;
    private final HostCalls calls;
    private final BackendChannel channel;
    private final TranslationMisses misses = new TranslationMisses();
    private @Nullable Vrings vrings;
    private Iotlb table = Iotlb.over(GuestMemory.empty());
    private GuestMemory base = GuestMemory.empty();
    private GuestMemory view = GuestMemory.empty();
    private boolean withheld;
    private List<MemoryWindow> windows = List.of();
    private List<MemoryWindow> retired = new ArrayList<>();

    AddressTranslation(
            Negotiation negotiation, SessionHost host, HostCalls calls, BackendChannel channel) {
        this.negotiation = negotiation;
        this.host = host;
        this.calls = calls;
        this.channel = channel;
    }

    /** Rings and translations need one another. */
    void serve(Vrings rings) {
        vrings = rings;
    }

    boolean enabled() {
        return (negotiation.features() & VirtioSpec.VIRTIO_F_ACCESS_PLATFORM) != 0;
    }

    /** The memory that queues work with. */
    GuestMemory memory() {
        return view;
    }

    /** How many translations there are. */
    int size() {
        return table.size();
    }

    /** There is another memory table; translations to what is not in it are gone. */
    GuestMemory over(GuestMemory newBase) {
        base = newBase;
        table = table.rebased(newBase);
        refresh();
        return view;
    }

    /** Whether queues see nothing of the memory, which is not there yet. No ring runs. */
    void withhold(boolean on) {
        withheld = on;
        refresh();
    }

    /** Nothing is translated any more. No ring runs. */
    void clear() {
        table = Iotlb.over(base);
        misses.clear();
        refresh();
        closeRetired();
    }

    /**
     * Makes the queues' memory of the present table. A ring whose pages lie apart is mapped side by
     * side.
     */
    void refresh() {
        if (withheld || !enabled()) {
            retired.addAll(windows);
            windows = List.of();
            view = withheld ? GuestMemory.empty() : base;
        } else {
            List<MemoryWindow> needed = new ArrayList<>();
            for (Vring ring : rings()) {
                ring.areasInUse(negotiation.features())
                        .forEach(area -> addWindow(ring, area, needed));
            }
            windows.stream().filter(window -> !needed.contains(window)).forEach(retired::add);
            windows = List.copyOf(needed);
            view = table.memory(windows);
        }
        host.translations(table.size());
    }

    private void addWindow(Vring ring, VringArea area, List<MemoryWindow> needed) {
        if (table.firstMissing(area.address(), area.last(), area.access()) != null) {
            return;
        }
        List<Iotlb.Piece> pieces = table.pieces(area.address(), area.last());
        if (pieces.size() == 1) {
            return;
        }
        for (MemoryWindow window : windows) {
            if (window.shows(area.address(), area.access(), pieces)) {
                needed.add(window);
                return;
            }
        }
        try {
            needed.add(MemoryWindow.map(area.address(), area.access(), pieces));
        } catch (LinuxException e) {
            host.refused("vring " + ring.index + " cannot be mapped in one piece: " + e);
        }
    }

    private List<Vring> rings() {
        Vrings all = vrings;
        return all == null ? List.of() : all.all();
    }

    /** No queue uses windows that were replaced before the call that was just acknowledged. */
    void closeRetired() {
        retired.forEach(MemoryWindow::close);
        retired = new ArrayList<>();
    }

    /** IOTLB_MSG: an update or an invalidation. */
    void onMessage(FrontendMessage message, Vrings all, Answer answer) {
        IotlbMessage iotlb = IotlbMessage.decode(message.payload());
        if (!enabled()) {
            refuse(message, answer, "VIRTIO_F_ACCESS_PLATFORM (bit 33) was not negotiated");
            return;
        }
        switch (iotlb.type()) {
            case VhostUserSpec.IOTLB_UPDATE -> update(iotlb, message, all, answer);
            case VhostUserSpec.IOTLB_INVALIDATE -> invalidate(iotlb, all, answer);
            default ->
                    refuse(
                            message,
                            answer,
                            "type %d is no message of a front-end".formatted(iotlb.type()));
        }
    }

    private static void refuse(FrontendMessage message, Answer answer, String reason) {
        answer.refuse(message.name() + ": " + reason, Replies.u64(FAILURE));
    }

    private void update(IotlbMessage iotlb, FrontendMessage message, Vrings all, Answer answer) {
        if (iotlb.access() > Iotlb.READ_WRITE) {
            refuse(message, answer, "permissions flags are " + iotlb.access() + ": at most 3");
            return;
        }
        Iotlb next;
        try {
            next = table.with(iotlb.iova(), iotlb.size(), iotlb.userAddress(), iotlb.access());
        } catch (IllegalArgumentException e) {
            refuse(message, answer, String.valueOf(e.getMessage()));
            return;
        }
        host.count(IotlbCounter.UPDATES);
        Runnable after =
                () -> {
                    resolve(iotlb, all);
                    all.startAllReady(message, () -> answer.reply(Replies.u64(SUCCESS)));
                };
        if (next.size() > MAX_ENTRIES) {
            host.count(IotlbCounter.OVERFLOWS);
            Iotlb few =
                    Iotlb.over(base)
                            .with(iotlb.iova(), iotlb.size(), iotlb.userAddress(), iotlb.access());
            takeBack(few, 0, -1L, all, after);
        } else if (table.contradicts(iotlb.iova(), iotlb.size(), iotlb.userAddress())) {
            takeBack(next, iotlb.iova(), iotlb.last(), all, after);
        } else {
            table = next;
            refresh();
            after.run();
        }
    }

    private void invalidate(IotlbMessage iotlb, Vrings all, Answer answer) {
        host.count(IotlbCounter.INVALIDATIONS);
        // What wraps takes back everything: too much is safe.
        long first = iotlb.wraps() ? 0 : iotlb.iova();
        long last = iotlb.wraps() ? -1L : iotlb.last();
        takeBack(
                table.without(first, last),
                first,
                last,
                all,
                () -> answer.reply(Replies.u64(SUCCESS)));
    }

    /** Goes over to a table that lacks a range, or has it otherwise. */
    private void takeBack(Iotlb next, long first, long last, Vrings all, Runnable after) {
        table = next;
        refresh();
        if (!all.anyStarted()) {
            closeRetired();
            after.run();
            return;
        }
        host.invalidate(
                view,
                first,
                last,
                calls.then(
                        () -> {
                            closeRetired();
                            wantRunningRings();
                            after.run();
                        }));
    }

    /** Rings that run and are not translated any more are asked for; until then they pause. */
    void wantRunningRings() {
        for (Vring ring : rings()) {
            if (ring.started) {
                List<Page> missing = missing(ring);
                if (!missing.isEmpty()) {
                    ask(ring.index, missing);
                }
            }
        }
    }

    /**
     * A ring could start if its areas were translated: asks for them.
     *
     * @return whether that is what it lacks
     */
    boolean wantStart(Vring ring) {
        List<Page> missing = missing(ring);
        if (!missing.isEmpty()) {
            ask(ring.index, missing);
        }
        return !missing.isEmpty();
    }

    /** What is not translated of a ring's own areas. A driver without an IOMMU lacks nothing. */
    private List<Page> missing(Vring ring) {
        List<Page> pages = new ArrayList<>();
        if (!enabled()) {
            return pages;
        }
        for (VringArea area : ring.areasInUse(negotiation.features())) {
            long at = area.address() & -Iotlb.PAGE_BYTES;
            long end = area.last() & -Iotlb.PAGE_BYTES;
            for (; Long.compareUnsigned(at, end) <= 0; at += Iotlb.PAGE_BYTES) {
                Page page = new Page(at, area.access());
                if (!page.isIn(table)) {
                    pages.add(page);
                }
                if (at == end) {
                    break;
                }
            }
        }
        return pages;
    }

    /** A running queue lacks translations. */
    void missed(int index, long[] pages, byte[] access) {
        Vring ring = rings().get(index);
        if (!enabled() || !ring.started) {
            return;
        }
        List<Page> lacking = new ArrayList<>(missing(ring));
        for (int i = 0; i < pages.length; i++) {
            Page page = new Page(pages[i], access[i]);
            if (!page.isIn(table)) {
                lacking.add(page);
            }
        }
        if (lacking.isEmpty()) {
            misses.forget(index);
            host.translate(index, view);
        } else {
            ask(index, lacking);
        }
    }

    private void ask(int ring, List<Page> pages) {
        misses.want(ring, pages);
        askOn();
    }

    /** Asks for as much as may be unanswered. */
    private void askOn() {
        while (channel.open()) {
            Page page = misses.next(channel.answers());
            if (page == null) {
                return;
            }
            host.count(IotlbCounter.MISSES);
            channel.ask(IotlbMessage.about(page, VhostUserSpec.IOTLB_MISS));
        }
    }

    /** There is a channel, or another one. */
    void channelOpened() {
        misses.askAgain();
        askOn();
    }

    /** What is asked and not answered, of a session that goes on elsewhere. */
    List<SavedChannel.Question> unanswered() {
        return misses.unanswered().stream()
                .map(page -> new SavedChannel.Question(page.iova(), page.access()))
                .toList();
    }

    /**
     * Goes on where another session was. Its translations did not come along: nothing is in flight,
     * so they are asked for as they are needed, the rings' own first.
     */
    void restore(List<SavedChannel.Question> asked) {
        misses.restore(asked.stream().map(q -> new Page(q.iova(), q.access())).toList());
    }

    /** The front-end answered the oldest question; a translation came before, if at all. */
    void answered(boolean success) throws ProtocolException {
        Page page = misses.answered();
        if (page == null) {
            throw new ProtocolException("back-end channel: a reply came that was not asked for");
        }
        if (!success) {
            deny(page);
        }
        askOn();
    }

    /** Goes on with rings that waited for what an update brought. */
    private void resolve(IotlbMessage update, Vrings all) {
        BitSet ready = new BitSet();
        for (Page page : misses.within(update.iova(), update.last())) {
            if (page.isIn(table)) {
                ready.or(misses.resolve(page));
            } else if (table.firstMissing(page.iova(), page.iova(), 0) == null) {
                deny(page);
            }
        }
        ready.stream()
                .filter(ring -> !misses.waits(ring) && all.all().get(ring).started)
                .forEach(ring -> host.translate(ring, view));
    }

    /** The front-end does not allow what rings need. */
    private void deny(Page page) {
        BitSet denied = misses.resolve(page);
        if (denied.isEmpty()) {
            return;
        }
        if (channel.open()) {
            channel.tell(IotlbMessage.about(page, VhostUserSpec.IOTLB_ACCESS_FAIL));
        }
        denied.stream().forEach(ring -> deny(rings().get(ring), page));
    }

    private void deny(Vring ring, Page page) {
        misses.forget(ring.index);
        host.count(IotlbCounter.ACCESS_FAILURES);
        host.refused(
                "vring %d: the IOMMU allows no %s at iova 0x%x"
                        .formatted(
                                ring.index,
                                page.access() == Iotlb.WRITE ? "writing" : "reading",
                                page.iova()));
        if (ring.started) {
            host.denyAccess(ring.index);
        } else {
            ring.broken();
        }
    }

    /** Closes what no queue uses any more: all of them are stopped. */
    @Override
    public void close() {
        misses.clear();
        retired.addAll(windows);
        windows = List.of();
        closeRetired();
        host.translations(0);
    }
}
