package dev.ringside.server.check;

import static dev.ringside.server.check.UnmetException.unless;

import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;

/** Requests of a disk: their status, their lengths, their limits. */
final class BlkChecks {
    private static final String OPERATION = "virtio 5.2.6";
    private static final String NORMATIVE = "virtio 5.2.6.2";
    private static final String FRAMING = "virtio 2.7.4";
    private static final int UNKNOWN_TYPE = 0x5555;
    private static final int BYTES = 8 * BlkSpec.SECTOR_BYTES;
    private static final int SECTORS = BYTES / BlkSpec.SECTOR_BYTES;
    private static final long SEED = 7;

    private BlkChecks() {}

    /** Something that is asked of one disk. */
    private interface DiskProbe {
        void run(BlkRig rig, BlkIo io) throws IOException, UnmetException, InapplicableException;
    }

    static Group group() {
        Group group = Group.of("blk");
        addReads(group);
        addStatuses(group);
        addWrites(group);
        return group;
    }

    /** What changes nothing. */
    private static void addReads(Group group) {
        group.must(
                        "reads",
                        OPERATION,
                        "sectors are read, from the first to the last",
                        disk(BlkChecks::reads))
                .should(
                        "used-length",
                        "virtio 2.7.8.2",
                        "a read comes back with the length of its data and status",
                        disk(BlkChecks::usedLength))
                .must(
                        "framing",
                        FRAMING,
                        "header and data may be cut into descriptors anywhere",
                        disk(BlkChecks::framing))
                .must(
                        "joined",
                        FRAMING,
                        "data and status may be one descriptor",
                        disk(BlkChecks::joined))
                .must(
                        "mixed-indirect",
                        "virtio 2.7.5.3.2",
                        "a chain may have direct descriptors before an indirect table",
                        BlkChecks::mixedIndirect);
    }

    /** Requests that fail, and those that have no data. */
    private static void addStatuses(Group group) {
        group.must(
                        "unknown-type",
                        NORMATIVE,
                        "a request of an unknown type ends with UNSUPP",
                        disk((rig, io) -> expect(unknownType(io), BlkSpec.S_UNSUPP)))
                .must(
                        "beyond-the-end",
                        NORMATIVE,
                        "reading beyond the last sector ends with IOERR",
                        disk(BlkChecks::beyondTheEnd))
                .must(
                        "sector-overflow",
                        NORMATIVE,
                        "reading at the largest sector number ends with IOERR",
                        disk((rig, io) -> expect(io.read(-1L, new byte[512]), BlkSpec.S_IOERR)))
                .must(
                        "odd-length",
                        NORMATIVE,
                        "reading a part of a sector does not succeed",
                        disk(BlkChecks::oddLength))
                .should("serial", OPERATION, "GET_ID succeeds", disk((rig, io) -> io.id()))
                .must(
                        "flush",
                        NORMATIVE,
                        "with FLUSH a flush succeeds",
                        disk(
                                (rig, io) -> {
                                    needs(rig, BlkSpec.F_FLUSH, "FLUSH");
                                    expect(io.flush(), BlkSpec.S_OK);
                                }))
                .must(
                        "read-only",
                        NORMATIVE,
                        "with RO a write ends with IOERR",
                        disk(
                                (rig, io) -> {
                                    needs(rig, BlkSpec.F_RO, "RO");
                                    expect(io.write(0, new byte[512]), BlkSpec.S_IOERR);
                                }));
    }

    /** What changes the disk. */
    private static void addWrites(Group group) {
        group.must(
                        "writes",
                        OPERATION,
                        "what was written is read, in each size and place",
                        writing(BlkChecks::writes))
                .must(
                        "write-beyond",
                        NORMATIVE,
                        "a write that reaches beyond the end changes nothing",
                        writing(BlkChecks::writeBeyond))
                .must(
                        "discard",
                        NORMATIVE,
                        "with DISCARD a range is discarded, its neighbours are not",
                        writing(BlkChecks::discard))
                .must(
                        "write-zeroes",
                        NORMATIVE,
                        "with WRITE_ZEROES a range reads as zeroes, its neighbours do not",
                        writing(BlkChecks::writeZeroes))
                .must(
                        "discard-flags",
                        NORMATIVE,
                        "a discard with flags that are reserved ends with UNSUPP",
                        writing(BlkChecks::discardFlags));
    }

    private static Probe disk(DiskProbe probe) {
        return target -> {
            target.needs(DeviceKind.BLK);
            try (Rig rig = target.start(Setup.PLAIN)) {
                BlkRig disk = (BlkRig) rig;
                probe.run(disk, disk.io());
            }
        };
    }

    private static Probe writing(DiskProbe probe) {
        return target -> {
            target.needs(DeviceKind.BLK);
            target.needsWrites();
            if (target.offers(BlkSpec.F_RO)) {
                throw new InapplicableException("the disk is read-only");
            }
            disk(probe).run(target);
        };
    }

    private static void needs(BlkRig rig, int feature, String name) throws InapplicableException {
        if (!rig.disk().has(feature)) {
            throw new InapplicableException(name + " is not offered");
        }
    }

    private static void expect(int status, int wanted) throws UnmetException {
        unless(status == wanted, "the status is %d, not %d", status, wanted);
    }

    private static long sectors(BlkRig rig) {
        return rig.disk().capacityBytes() / BlkSpec.SECTOR_BYTES;
    }

    private static void reads(BlkRig rig, BlkIo io) throws IOException, UnmetException {
        long last = sectors(rig) - SECTORS;
        unless(last >= 0, "the disk has less than %d bytes", BYTES);
        for (long sector : new long[] {0, last / 2, last}) {
            expect(io.read(sector, new byte[BYTES]), BlkSpec.S_OK);
        }
    }

    private static void usedLength(BlkRig rig, BlkIo io) throws IOException, UnmetException {
        io.read(0, new byte[BYTES]);
        unless(io.usedLength() == BYTES + 1, "it is %d, not %d", io.usedLength(), BYTES + 1);
    }

    private static void framing(BlkRig rig, BlkIo io) throws IOException, UnmetException {
        byte[] whole = new byte[BYTES];
        expect(io.read(0, whole), BlkSpec.S_OK);
        for (int header : new int[] {1, 7, BlkSpec.HEADER_BYTES}) {
            for (int data : new int[] {BlkSpec.SECTOR_BYTES, 100, BYTES - 1}) {
                byte[] cut = new byte[BYTES];
                expect(
                        io.split(new BlkIo.Split(header, data, false, false)).read(0, cut),
                        BlkSpec.S_OK);
                unless(
                        Arrays.equals(whole, cut),
                        "header in pieces of %d, data of %d: other bytes came",
                        header,
                        data);
            }
        }
    }

    private static void joined(BlkRig rig, BlkIo io) throws IOException, UnmetException {
        BlkIo.Split split = new BlkIo.Split(BlkSpec.HEADER_BYTES, 0, false, true);
        expect(io.split(split).read(0, new byte[BYTES]), BlkSpec.S_OK);
    }

    private static void mixedIndirect(Target target)
            throws IOException, UnmetException, InapplicableException {
        target.needs(DeviceKind.BLK);
        target.needs(VirtioSpec.F_INDIRECT_DESC, "INDIRECT_DESC");
        try (Rig rig = target.start(Setup.PLAIN.withIndirect())) {
            rig.offerMixed(0, 1);
            rig.queue().publishAndKick();
            rig.collect(1);
        }
    }

    private static int unknownType(BlkIo io) throws IOException {
        return io.request(UNKNOWN_TYPE, 0, BlkSpec.SECTOR_BYTES, true);
    }

    private static void beyondTheEnd(BlkRig rig, BlkIo io) throws IOException, UnmetException {
        long end = sectors(rig);
        expect(io.read(end, new byte[BlkSpec.SECTOR_BYTES]), BlkSpec.S_IOERR);
        expect(io.read(end - 1, new byte[2 * BlkSpec.SECTOR_BYTES]), BlkSpec.S_IOERR);
    }

    private static void oddLength(BlkRig rig, BlkIo io) throws IOException, UnmetException {
        int status = io.request(BlkSpec.T_IN, 0, 100, true);
        unless(status != BlkSpec.S_OK, "100 bytes were read");
    }

    private static byte[] pattern(int bytes) {
        byte[] data = new byte[bytes];
        new Random(SEED).nextBytes(data);
        return data;
    }

    private static byte[] read(BlkIo io, long sector, int bytes)
            throws IOException, UnmetException {
        byte[] data = new byte[bytes];
        expect(io.read(sector, data), BlkSpec.S_OK);
        return data;
    }

    private static void writes(BlkRig rig, BlkIo io) throws IOException, UnmetException {
        for (int count : new int[] {1, 3, 8, 100}) {
            byte[] data = pattern(count * BlkSpec.SECTOR_BYTES);
            for (long sector : new long[] {0, 1, sectors(rig) - count}) {
                expect(io.write(sector, data), BlkSpec.S_OK);
                unless(
                        Arrays.equals(data, read(io, sector, data.length)),
                        "%d sectors at %d are not what was written",
                        count,
                        sector);
            }
        }
    }

    private static void writeBeyond(BlkRig rig, BlkIo io) throws IOException, UnmetException {
        long last = sectors(rig) - 1;
        byte[] before = read(io, last, BlkSpec.SECTOR_BYTES);
        byte[] other = before.clone();
        other[0]++;
        expect(io.write(last, Arrays.copyOf(other, 2 * BlkSpec.SECTOR_BYTES)), BlkSpec.S_IOERR);
        unless(
                Arrays.equals(before, read(io, last, BlkSpec.SECTOR_BYTES)),
                "the last sector was written");
    }

    private static void discard(BlkRig rig, BlkIo io)
            throws IOException, UnmetException, InapplicableException {
        needs(rig, BlkSpec.F_DISCARD, "DISCARD");
        byte[] data = pattern(3 * BYTES);
        expect(io.write(0, data), BlkSpec.S_OK);
        expect(io.ranges(BlkSpec.T_DISCARD, new BlkIo.Range(SECTORS, SECTORS, 0)), BlkSpec.S_OK);
        expectNeighbours(io, data);
    }

    private static void expectNeighbours(BlkIo io, byte[] data) throws IOException, UnmetException {
        byte[] after = read(io, 0, data.length);
        unless(
                Arrays.equals(data, 0, BYTES, after, 0, BYTES)
                        && Arrays.equals(data, 2 * BYTES, 3 * BYTES, after, 2 * BYTES, 3 * BYTES),
                "what is beside it was changed");
    }

    private static void writeZeroes(BlkRig rig, BlkIo io)
            throws IOException, UnmetException, InapplicableException {
        needs(rig, BlkSpec.F_WRITE_ZEROES, "WRITE_ZEROES");
        byte[] data = pattern(3 * BYTES);
        expect(io.write(0, data), BlkSpec.S_OK);
        expect(
                io.ranges(BlkSpec.T_WRITE_ZEROES, new BlkIo.Range(SECTORS, SECTORS, 0)),
                BlkSpec.S_OK);
        expectNeighbours(io, data);
        unless(
                Arrays.equals(new byte[BYTES], read(io, SECTORS, BYTES)),
                "it does not read as zeroes");
    }

    private static void discardFlags(BlkRig rig, BlkIo io)
            throws IOException, UnmetException, InapplicableException {
        needs(rig, BlkSpec.F_DISCARD, "DISCARD");
        expect(io.ranges(BlkSpec.T_DISCARD, new BlkIo.Range(0, 1, 2)), BlkSpec.S_UNSUPP);
    }
}
