package dev.ringside.server.check;

import static dev.ringside.server.check.UnmetException.unless;

import dev.ringside.frontend.BaseConvention;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendInflight;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VhostUserSpec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** What a back-end notes in the in-flight region, and what it makes of a predecessor's notes. */
final class InflightChecks {
    private static final String TRACKING = "vhost-user, Inflight I/O tracking";
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.nativeOrder());
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.nativeOrder());

    // struct QueueRegionSplit
    private static final int VERSION = 8;
    private static final int DESC_NUM = 10;
    private static final int LAST_BATCH_HEAD = 12;
    private static final int USED_INDEX = 14;
    private static final int ENTRIES = 16;
    private static final int ENTRY_BYTES = 16;
    private static final long ALIGNMENT = 64;
    private static final int COUNTER = 8;
    private static final int REQUESTS = 8;

    private InflightChecks() {}

    static Group group() {
        return Group.of("inflight")
                .must(
                        "region",
                        "vhost-user, GET_INFLIGHT_FD",
                        "GET_INFLIGHT_FD gives a descriptor and the size of a region that it holds",
                        InflightChecks::region)
                .must(
                        "cleared",
                        TRACKING,
                        "what came back is not in flight any more, and the used index is noted",
                        InflightChecks::cleared)
                .must(
                        "resubmits",
                        TRACKING,
                        "a request that a predecessor left in flight is served, once",
                        InflightChecks::resubmits)
                .must(
                        "finished",
                        TRACKING,
                        "a request whose used index was published is not served again",
                        InflightChecks::finished)
                .must(
                        "goes-on-behind",
                        TRACKING,
                        "behind what was in flight it goes on with what is available",
                        InflightChecks::goesOnBehind)
                .should(
                        "too-small",
                        "vhost-user, SET_INFLIGHT_FD",
                        "a region that is smaller than its queues need is refused",
                        InflightChecks::tooSmall);
    }

    private static Setup setup(Target target) {
        StartOrder order =
                target.kind() == DeviceKind.NET ? StartOrder.CLOUD_HYPERVISOR : StartOrder.QEMU;
        return Setup.PLAIN.order(order).withInflight();
    }

    private static FrontendInflight regionOf(Rig rig) throws UnmetException {
        FrontendInflight region = rig.driver().inflight();
        if (region == null) {
            throw new UnmetException("GET_INFLIGHT_FD gave no region");
        }
        return region;
    }

    private static void region(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(setup(target));
                Arena arena = Arena.ofConfined()) {
            FrontendInflight region = regionOf(rig);
            long least = (long) ENTRY_BYTES * rig.queue().layout().size();
            unless(region.sizeBytes() >= least, "it has %d bytes", region.sizeBytes());
            region.map(arena).get(ValueLayout.JAVA_BYTE, region.sizeBytes() - 1);
            rig.serve(REQUESTS);
        }
    }

    /** The notes of the queue that takes the requests; those of each queue begin a cache line. */
    private static MemorySegment notes(Rig rig, FrontendInflight region, Arena arena)
            throws IOException {
        long bytes = ENTRIES + (long) ENTRY_BYTES * rig.queue().layout().size();
        long aligned = (bytes + ALIGNMENT - 1) & -ALIGNMENT;
        return region.map(arena).asSlice(rig.queueIndex() * aligned, bytes);
    }

    private static void cleared(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(setup(target));
                Arena arena = Arena.ofConfined()) {
            rig.serve(REQUESTS);
            rig.driver().stop();
            MemorySegment notes = notes(rig, regionOf(rig), arena);
            int version = notes.get(SHORT, VERSION);
            unless(version == 1, "its version is %d", version);
            int used = notes.get(SHORT, USED_INDEX) & 0xffff;
            unless(used == REQUESTS, "used_idx is %d after %d requests", used, REQUESTS);
            for (int i = 0; i < rig.queue().layout().size(); i++) {
                byte inflight = notes.get(ValueLayout.JAVA_BYTE, ENTRIES + i * (long) ENTRY_BYTES);
                unless(inflight == 0, "head %d is noted as in flight", i);
            }
        }
    }

    /** A ring and notes as a back-end leaves them that was killed with one request under way. */
    private static int leaveInFlight(Rig rig, Arena arena) throws IOException, UnmetException {
        rig.protocol().getVringBase(rig.queueIndex());
        rig.forgetButInflight();
        DriverQueue queue = rig.queue();
        rig.offer(0);
        queue.publish();
        int head = queue.ring().available(0);
        MemorySegment notes = notes(rig, regionOf(rig), arena);
        notes.fill((byte) 0);
        notes.set(SHORT, VERSION, (short) 1);
        notes.set(SHORT, DESC_NUM, (short) queue.layout().size());
        notes.set(SHORT, LAST_BATCH_HEAD, (short) head);
        long entry = ENTRIES + head * (long) ENTRY_BYTES;
        notes.set(ValueLayout.JAVA_BYTE, entry, (byte) 1);
        notes.set(LONG, entry + COUNTER, 1);
        return head;
    }

    private static void comeBack(Target target, Rig rig, BaseConvention base) throws IOException {
        rig.driver().reconnect(target.connect().connection(), base);
    }

    private static void resubmits(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(setup(target));
                Arena arena = Arena.ofConfined()) {
            leaveInFlight(rig, arena);
            // This base is behind the request: the region alone says that it is to be done.
            comeBack(target, rig, BaseConvention.AVAILABLE_INDEX);
            rig.collect(1);
            rig.expectNothing("a second time");
            rig.serve(REQUESTS);
        }
    }

    private static void finished(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(setup(target));
                Arena arena = Arena.ofConfined()) {
            int head = leaveInFlight(rig, arena);
            // Killed between the used index and its note; the last batch's head says which it was.
            rig.queue().ring().used(0, head, 1);
            rig.queue().ring().usedIndex(1);
            rig.takeUnanswered();
            comeBack(target, rig, BaseConvention.USED_INDEX);
            rig.expectNothing("again");
            rig.serve(REQUESTS);
        }
    }

    private static void goesOnBehind(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(setup(target));
                Arena arena = Arena.ofConfined()) {
            leaveInFlight(rig, arena);
            rig.offer(1);
            rig.offer(2);
            rig.queue().publish();
            comeBack(target, rig, BaseConvention.USED_INDEX);
            rig.collect(3);
            rig.expectNothing("a second time");
        }
    }

    private static void tooSmall(Target target)
            throws IOException, UnmetException, InapplicableException {
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD, "INFLIGHT_SHMFD");
        try (Session session = target.session();
                FrontendInflight region = FrontendInflight.create(64, 0, 1, 128)) {
            byte[] payload = Session.payload(64L, 0L, (short) 1, (short) 128, 0);
            session.expectRefusal(
                    "SET_INFLIGHT_FD of 64 bytes for a ring of 128",
                    session.send(VhostUserSpec.SET_INFLIGHT_FD, payload, region.fd()));
        }
    }
}
