package dev.ringside.server.check;

import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.shm.Fd;
import dev.ringside.shm.Memfd;
import java.io.IOException;

/** The front-end's memory: how it is shared, how it changes while rings run. */
final class MemoryChecks {
    private static final String TABLE = "vhost-user, SET_MEM_TABLE";
    private static final String SLOTS = "vhost-user, ADD_MEM_REG";
    private static final int TABLE_REGIONS = 8;
    private static final long REGION_BYTES = 2L << 20;
    private static final long FAR_ADDRESS = 1L << 36;
    private static final int SOME_SLOTS = 16;

    private MemoryChecks() {}

    static Group group() {
        return Group.of("memory")
                .must(
                        "table",
                        TABLE,
                        "8 regions with holes between, and user addresses of another order, are"
                                + " served",
                        MemoryChecks::table)
                .must(
                        "offset",
                        TABLE,
                        "a region may begin anywhere in its file",
                        MemoryChecks::offset)
                .must(
                        "grows",
                        TABLE,
                        "memory that comes while rings run is served, and what ran goes on",
                        target -> grows(target, StartOrder.CLOUD_HYPERVISOR))
                .must(
                        "slots-grow",
                        SLOTS,
                        "the same by ADD_MEM_REG and REM_MEM_REG",
                        MemoryChecks::slotsGrow)
                .should(
                        "slots-count",
                        "vhost-user, GET_MAX_MEM_SLOTS",
                        "there are as many slots as GET_MAX_MEM_SLOTS says (16 are tried)",
                        MemoryChecks::slotsCount)
                .should(
                        "unknown-slot",
                        "vhost-user, REM_MEM_REG",
                        "a region that is not there cannot be removed",
                        MemoryChecks::unknownSlot)
                .should(
                        "no-descriptor",
                        TABLE,
                        "a region without a descriptor is refused",
                        target -> refused(target, table(1, REGION_BYTES, 0)))
                .should(
                        "fewer-descriptors",
                        TABLE,
                        "two regions with one descriptor are refused",
                        MemoryChecks::fewerDescriptors)
                .should(
                        "wraps",
                        TABLE,
                        "a region whose end is beyond the last address is refused",
                        MemoryChecks::wraps)
                .should(
                        "longer-than-file",
                        TABLE,
                        "a region that is longer than its file is refused",
                        MemoryChecks::longerThanFile)
                .should(
                        "overlapping",
                        TABLE,
                        "regions that overlap in guest addresses are refused",
                        MemoryChecks::overlapping);
    }

    private static void table(Target target)
            throws IOException, UnmetException, InapplicableException {
        Setup setup = Setup.PLAIN.order(StartOrder.CLOUD_HYPERVISOR).regions(TABLE_REGIONS);
        try (Rig rig = target.start(setup)) {
            rig.serve(rig.slots());
        }
    }

    private static void offset(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN.order(StartOrder.CLOUD_HYPERVISOR))) {
            FrontendRegion region =
                    FrontendRegion.create(
                            FAR_ADDRESS, 3 * FAR_ADDRESS, REGION_BYTES, 2 * REGION_BYTES);
            rig.driver().addMemory(region);
            serveIn(rig, region);
        }
    }

    /** Moves the requests' buffers into a region, which then has to be read and written. */
    private static void serveIn(Rig rig, FrontendRegion region) throws UnmetException {
        FrontendMemory memory = rig.driver().memory();
        rig.moveSlot(0, memory.allocateIn(region, Rig.SLOT_BYTES, Rig.SLOT_BYTES));
        rig.serve(1);
    }

    private static void grows(Target target, StartOrder order)
            throws IOException, UnmetException, InapplicableException {
        try (Rig rig = target.start(Setup.PLAIN.order(order))) {
            rig.serve(1);
            long home = rig.slot(0);
            for (int i = 1; i <= 3; i++) {
                FrontendRegion region = FrontendRegion.create(i * FAR_ADDRESS, REGION_BYTES);
                rig.driver().addMemory(region);
                serveIn(rig, region);
                rig.serve(rig.slots());
                rig.moveSlot(0, home);
                rig.driver().removeMemory(region);
                rig.serve(rig.slots());
            }
        }
    }

    private static void slotsGrow(Target target)
            throws IOException, UnmetException, InapplicableException {
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS, "CONFIGURE_MEM_SLOTS");
        grows(target, StartOrder.QEMU);
    }

    private static void slotsCount(Target target)
            throws IOException, UnmetException, InapplicableException {
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS, "CONFIGURE_MEM_SLOTS");
        try (Session session = target.session();
                FrontendMemory memory = new FrontendMemory()) {
            FrontendProtocol protocol = session.protocol();
            long count = Math.min(SOME_SLOTS, protocol.getMaxMemSlots());
            protocol.needReply(session.acknowledges());
            for (long i = 0; i < count; i++) {
                FrontendRegion region = FrontendRegion.create(i * FAR_ADDRESS, REGION_BYTES);
                protocol.addMemory(memory.add(region));
            }
            for (FrontendRegion region : memory.regions()) {
                protocol.removeMemory(region);
            }
        }
    }

    private static void unknownSlot(Target target)
            throws IOException, UnmetException, InapplicableException {
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS, "CONFIGURE_MEM_SLOTS");
        try (Session session = target.session()) {
            byte[] nowhere = Session.payload(0L, FAR_ADDRESS, REGION_BYTES, FAR_ADDRESS, 0L);
            session.expectRefusal("REM_MEM_REG", session.send(VhostUserSpec.REM_MEM_REG, nowhere));
        }
    }

    private static void fewerDescriptors(Target target)
            throws IOException, UnmetException, InapplicableException {
        byte[] table =
                Session.payload(
                        2,
                        0,
                        0L,
                        REGION_BYTES,
                        FAR_ADDRESS,
                        0L,
                        FAR_ADDRESS,
                        REGION_BYTES,
                        2 * FAR_ADDRESS,
                        0L);
        try (Fd file = file()) {
            refused(target, table, file);
        }
    }

    private static void wraps(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Fd file = file()) {
            refused(target, table(1, REGION_BYTES, -REGION_BYTES / 2), file);
        }
    }

    private static void longerThanFile(Target target)
            throws IOException, UnmetException, InapplicableException {
        try (Fd file = file()) {
            refused(target, table(1, 4 * REGION_BYTES, 0), file);
        }
    }

    private static void overlapping(Target target)
            throws IOException, UnmetException, InapplicableException {
        byte[] table =
                Session.payload(
                        2,
                        0,
                        0L,
                        REGION_BYTES,
                        FAR_ADDRESS,
                        0L,
                        REGION_BYTES / 2,
                        REGION_BYTES,
                        2 * FAR_ADDRESS,
                        0L);
        try (Fd one = file();
                Fd other = file()) {
            refused(target, table, one, other);
        }
    }

    private static Fd file() throws IOException {
        return Memfd.create("ringside-check", REGION_BYTES);
    }

    private static byte[] table(int count, long bytes, long address) {
        return Session.payload(count, 0, address, bytes, FAR_ADDRESS, 0L);
    }

    private static void refused(Target target, byte[] table, Fd... fds)
            throws IOException, UnmetException, InapplicableException {
        try (Session session = target.session()) {
            session.expectRefusal(
                    "SET_MEM_TABLE", session.send(VhostUserSpec.SET_MEM_TABLE, table, fds));
        }
    }
}
