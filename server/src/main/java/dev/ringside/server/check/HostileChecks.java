package dev.ringside.server.check;

import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.RawRing;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.shm.EventFd;
import java.io.IOException;

/**
 * Drivers and front-ends that mean harm. A back-end may stop the queue or end the session; it has
 * to serve the next, honest front-end.
 */
final class HostileChecks {
    private static final String CHAINS = "virtio 2.7.5";
    private static final String AVAILABLE = "virtio 2.7.6";
    private static final int SIZE = Setup.PLAIN.queueSize();
    private static final long SUFFER_NS = 300_000_000;
    private static final int SECTOR_BYTES = 512;
    private static final long NOWHERE = 1L << 44;
    private static final long REGION_BYTES = 2L << 20;

    private HostileChecks() {}

    /** What a driver does to its ring before it kicks. */
    private interface Attack {
        void prepare(Rig rig, RawRing ring);
    }

    static Group group() {
        Group group = Group.hostile("hostile");
        addChains(group);
        addTables(group);
        addMemory(group);
        return group;
    }

    /** Broken chains. */
    private static void addChains(Group group) {
        group.must(
                        "chain-loops",
                        CHAINS,
                        survives("a chain that is a circle"),
                        ring(
                                (rig, ring) -> {
                                    ring.descriptor(0, rig.slot(0), 16, VirtioSpec.DESC_F_NEXT, 1);
                                    ring.descriptor(1, rig.slot(1), 16, VirtioSpec.DESC_F_NEXT, 0);
                                }))
                .must(
                        "next-beyond",
                        CHAINS,
                        survives("a chain that leads out of the table"),
                        ring(
                                (rig, ring) ->
                                        ring.descriptor(
                                                0,
                                                rig.slot(0),
                                                16,
                                                VirtioSpec.DESC_F_NEXT,
                                                0xffff)))
                .must(
                        "head-beyond",
                        AVAILABLE,
                        survives("a head that is no descriptor"),
                        ring((rig, ring) -> ring.available(0, 0xffff)))
                .must(
                        "index-jumps",
                        AVAILABLE,
                        survives("an available index that jumps by 40,000"),
                        ring((rig, ring) -> ring.availableIndex(40_000)))
                .must(
                        "unmapped",
                        CHAINS,
                        survives("a buffer that is in no region"),
                        ring((rig, ring) -> ring.descriptor(0, NOWHERE, SECTOR_BYTES, 0, 0)))
                .must(
                        "crosses",
                        CHAINS,
                        survives("a buffer that runs out of its region"),
                        ring(
                                (rig, ring) -> {
                                    FrontendRegion region =
                                            rig.driver().memory().regions().getFirst();
                                    long end = region.guestAddress() + region.sizeBytes();
                                    ring.descriptor(0, end - 8, 1 << 20, 0, 0);
                                }))
                .must(
                        "address-wraps",
                        CHAINS,
                        survives("a buffer whose end is beyond the last address"),
                        ring((rig, ring) -> ring.descriptor(0, -8, -1, VirtioSpec.DESC_F_WRITE, 0)))
                .must(
                        "empty-buffer",
                        CHAINS,
                        survives("buffers of no bytes"),
                        ring((rig, ring) -> ring.descriptor(0, rig.slot(0), 0, 0, 0)))
                .must(
                        "all-writable",
                        CHAINS,
                        survives("a request whose header the device is to write"),
                        ring(
                                (rig, ring) ->
                                        ring.descriptor(
                                                0, rig.slot(0), 16, VirtioSpec.DESC_F_WRITE, 0)));
    }

    /** Broken indirect tables, and rings. */
    private static void addTables(Group group) {
        group.must(
                        "indirect-in-indirect",
                        "virtio 2.7.5.3",
                        survives("a table within a table"),
                        indirect(16, VirtioSpec.DESC_F_INDIRECT))
                .must(
                        "indirect-odd",
                        "virtio 2.7.5.3",
                        survives("a table of 17 bytes"),
                        indirect(17, 0))
                .must(
                        "indirect-loops",
                        "virtio 2.7.5.3",
                        survives("a table that is a circle"),
                        indirect(32, VirtioSpec.DESC_F_NEXT))
                .should(
                        "reports",
                        "vhost-user, SET_VRING_ERR",
                        "a broken ring is told on its err eventfd",
                        HostileChecks::reports);
    }

    /** Memory that is not there. */
    private static void addMemory(Group group) {
        group.must(
                        "ring-outside",
                        "vhost-user, SET_VRING_ADDR",
                        survives("a ring that is in no region"),
                        HostileChecks::ringOutside)
                .must(
                        "removed-under-load",
                        "vhost-user, SET_MEM_TABLE",
                        survives("memory that goes while requests are under way"),
                        HostileChecks::removedUnderLoad)
                .must(
                        "truncated",
                        "vhost-user, SET_MEM_TABLE",
                        survives("a file that is cut to nothing while requests are under way"),
                        HostileChecks::truncated);
    }

    private static String survives(String attack) {
        return attack + " does no harm to the next front-end";
    }

    private static Probe ring(Attack attack) {
        return target -> {
            try (Rig rig = target.start(Setup.PLAIN)) {
                rig.serve(1);
                rig.stopAndEmpty();
                rig.startAt(0);
                RawRing ring = rig.queue().ring();
                ring.descriptor(0, rig.slot(0), 16, 0, 0);
                ring.available(0, 0);
                ring.availableIndex(1);
                attack.prepare(rig, ring);
                rig.queue().kick();
                rig.queue().awaitCall(SUFFER_NS);
            }
            servesNext(target);
        };
    }

    /** A head that is a table in slot 1, of which the second entry, if any, leads to the first. */
    private static Probe indirect(int bytes, int flags) {
        return target -> {
            target.needs(VirtioSpec.F_INDIRECT_DESC, "INDIRECT_DESC");
            ring((rig, ring) -> {
                        var table = rig.driver().memory().slice(rig.slot(1), Rig.SLOT_BYTES);
                        RawRing.descriptor(table, 0, rig.slot(1), 16, flags, 1);
                        RawRing.descriptor(table, 16, rig.slot(1), 16, flags, 0);
                        ring.descriptor(0, rig.slot(1), bytes, VirtioSpec.DESC_F_INDIRECT, 0);
                    })
                    .run(target);
        };
    }

    private static void servesNext(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            rig.serve(rig.slots());
        }
    }

    private static void reports(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN);
                EventFd err = EventFd.create()) {
            rig.protocol().setVringErr(rig.queueIndex(), err);
            rig.protocol().getFeatures();
            RawRing ring = rig.queue().ring();
            ring.available(0, 0xffff);
            ring.availableIndex(1);
            rig.queue().kick();
            rig.expectCall(err);
        }
    }

    private static void ringOutside(Target target)
            throws IOException, UnmetException, InapplicableException {
        for (long address : new long[] {NOWHERE, -16, 0}) {
            try (Session session = target.session();
                    EventFd kick = EventFd.create();
                    FrontendMemory memory = new FrontendMemory()) {
                memory.add(FrontendRegion.create(REGION_BYTES, REGION_BYTES));
                session.protocol().setFeatures(VhostUserSpec.bit(VirtioSpec.F_VERSION_1));
                session.protocol().setMemTable(memory.regions());
                session.send(VhostUserSpec.SET_VRING_NUM, Session.payload(0, SIZE));
                session.send(VhostUserSpec.SET_VRING_BASE, Session.payload(0, 0));
                session.send(
                        VhostUserSpec.SET_VRING_ADDR,
                        Session.payload(0, 0, address, address, address, 0L));
                session.send(VhostUserSpec.SET_VRING_KICK, Session.payload(0L), kick.fd());
                session.send(VhostUserSpec.SET_VRING_ENABLE, Session.payload(0, 1));
                kick.signal();
            }
        }
        servesNext(target);
    }

    private static void removedUnderLoad(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN)) {
            rig.offerAndKick(rig.slots());
            byte[] none = Session.payload(0, 0);
            rig.protocol().connection().send(VhostUserSpec.SET_MEM_TABLE, 0, none);
            rig.queue().awaitCall(SUFFER_NS);
        }
        servesNext(target);
    }

    private static void truncated(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN.withFragileMemory())) {
            DriverQueue queue = rig.queue();
            rig.serve(1);
            rig.offer(0);
            queue.publish();
            for (FrontendRegion region : rig.driver().memory().regions()) {
                region.truncate(0);
            }
            queue.kick();
            queue.awaitCall(SUFFER_NS);
        }
        servesNext(target);
    }
}
