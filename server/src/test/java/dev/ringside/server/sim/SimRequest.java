package dev.ringside.server.sim;

import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.FrontendMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** One request of the simulated driver: its buffers, what it asks for, what came back. Reused. */
final class SimRequest {
    static final int MAX_SECTORS = 8;

    private static final int HEADER = BlkSpec.HEADER_BYTES;
    private static final int UNTOUCHED = 0xee;
    private static final int IDLE = 0xdd;
    private static final ValueLayout.OfInt LE32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final long address;
    private final MemorySegment segment;
    private final DriverChain chain = new DriverChain();
    private static final int DATA = HEADER;
    private static final int STATUS = DATA + MAX_SECTORS * Content.SECTOR_BYTES;

    int type;
    long id;
    long asked;
    private int firstSector;
    private int sectors;
    private int dataBytes;

    /** By sector: what a discard or write-zeroes covers. */
    private long ranges;

    SimRequest(final FrontendMemory memory) {
        address = memory.allocate(STATUS + 1, 16);
        segment = memory.slice(address, STATUS + 1);
        segment.set(ValueLayout.JAVA_BYTE, STATUS, (byte) IDLE);
    }

    /** Anything that a guest may ask of a disk of so many sectors. */
    void choose(
            final SplittableRandom random,
            final int diskSectors,
            final long newId,
            final boolean mayFlush) {
        id = newId;
        final int kind = random.nextInt(100);
        if (kind < 40) {
            type = BlkSpec.T_OUT;
        } else if (kind < 75) {
            type = BlkSpec.T_IN;
        } else if (kind < 85) {
            type = mayFlush ? BlkSpec.T_FLUSH : BlkSpec.T_IN;
        } else if (kind < 90) {
            type = BlkSpec.T_DISCARD;
        } else if (kind < 95) {
            type = BlkSpec.T_WRITE_ZEROES;
        } else {
            type = BlkSpec.T_GET_ID;
        }
        sectors = 0;
        ranges = 0;
        dataBytes = 0;
        switch (type) {
            case BlkSpec.T_OUT, BlkSpec.T_IN -> {
                sectors = 1 + random.nextInt(MAX_SECTORS);
                firstSector = random.nextInt(diskSectors - sectors + 1);
                dataBytes = sectors * Content.SECTOR_BYTES;
            }
            case BlkSpec.T_DISCARD, BlkSpec.T_WRITE_ZEROES -> chooseRanges(random, diskSectors);
            case BlkSpec.T_GET_ID -> dataBytes = BlkSpec.ID_BYTES;
            default -> firstSector = 0;
        }
        writeHeader();
    }

    private void chooseRanges(final SplittableRandom random, final int diskSectors) {
        // One range only for discards: more than one is not offered by every device.
        final int count = 1;
        for (int i = 0; i < count; i++) {
            final int length = 1 + random.nextInt(MAX_SECTORS);
            final int start = random.nextInt(diskSectors - length + 1);
            ranges |= ((1L << length) - 1) << start;
            final long at = DATA + (long) i * BlkSpec.RANGE_BYTES;
            segment.set(LE64, at, start);
            segment.set(LE32, at + 8, length);
            segment.set(LE32, at + 12, 0);
        }
        dataBytes = count * BlkSpec.RANGE_BYTES;
        firstSector = 0;
    }

    /** A read. */
    void read(final int sector, final int count, final long newId) {
        id = newId;
        type = BlkSpec.T_IN;
        firstSector = sector;
        sectors = count;
        ranges = 0;
        dataBytes = count * Content.SECTOR_BYTES;
        writeHeader();
    }

    private void writeHeader() {
        final int status = status();
        if (status != IDLE) {
            throw new SimFailure("the status of an idle request became " + status);
        }
        segment.set(ValueLayout.JAVA_BYTE, STATUS, (byte) UNTOUCHED);
        segment.set(LE32, 0, type);
        segment.set(LE32, 4, 0);
        segment.set(LE64, 8, firstSector);
        for (int i = 0; i < sectors; i++) {
            final long at = DATA + (long) i * Content.SECTOR_BYTES;
            if (type == BlkSpec.T_OUT) {
                Content.fill(segment, at, Content.of(id, firstSector + i));
            } else {
                // Nothing that could pass for a sector.
                segment.asSlice(at, Content.SECTOR_BYTES).fill((byte) 0x5a);
            }
        }
    }

    /** Its buffers, cut anyhow into at most {@code most} descriptors. */
    DriverChain chain(final SplittableRandom random, final int most) {
        chain.clear();
        final boolean writable = type == BlkSpec.T_IN || type == BlkSpec.T_GET_ID;
        int left = most - 1;
        if (left > 2 && random.nextInt(8) == 0) {
            chain.readable(address, 8).readable(address + 8, HEADER - 8);
            left -= 2;
        } else {
            chain.readable(address, HEADER);
            left--;
        }
        int at = 0;
        while (at < dataBytes) {
            final boolean cut = left > 1 && dataBytes - at > 1 && random.nextInt(3) == 0;
            final int bytes = cut ? 1 + random.nextInt(dataBytes - at - 1) : dataBytes - at;
            chain.append(address + DATA + at, bytes, writable);
            at += bytes;
            left--;
        }
        chain.writable(address + STATUS, 1);
        return chain;
    }

    /** Whether it may change a sector. */
    boolean changes(final int sector) {
        return type == BlkSpec.T_OUT ? covers(sector) : (ranges >>> sector & 1) != 0;
    }

    /** Whether it reads or writes a sector. */
    boolean covers(final int sector) {
        return sector >= firstSector && sector < firstSector + sectors;
    }

    /** What it leaves in a sector that it changes. */
    long valueOf(final int sector) {
        return type == BlkSpec.T_OUT ? Content.of(id, sector) : Content.ZEROES;
    }

    /** What was read of a sector. */
    long readBack(final int sector) {
        final long at = DATA + (long) (sector - firstSector) * Content.SECTOR_BYTES;
        return Content.parse(segment, at, sector);
    }

    private int status() {
        return Byte.toUnsignedInt(segment.get(ValueLayout.JAVA_BYTE, STATUS));
    }

    /** It came back: judges all but the data, and tells the status. */
    int finish(final int usedLength) {
        final int status = status();
        if (status != BlkSpec.S_OK && status != BlkSpec.S_IOERR) {
            throw new SimFailure(this + " came back with status " + status);
        }
        final boolean fills = type == BlkSpec.T_IN || type == BlkSpec.T_GET_ID;
        final int expected = 1 + (fills && status == BlkSpec.S_OK ? dataBytes : 0);
        if (usedLength != expected) {
            throw new SimFailure(
                    this + " came back with " + usedLength + " bytes, not " + expected);
        }
        if (type == BlkSpec.T_OUT) {
            for (int i = 0; i < sectors; i++) {
                final long seen = readBack(firstSector + i);
                if (seen != Content.of(id, firstSector + i)) {
                    throw new SimFailure(this + ": the device wrote into what it should write");
                }
            }
        }
        abandon();
        return status;
    }

    /** It is not outstanding any more: from now on the device must let it alone. */
    void abandon() {
        segment.set(ValueLayout.JAVA_BYTE, STATUS, (byte) IDLE);
    }

    @Override
    public String toString() {
        return "request "
                + id
                + " (type "
                + type
                + ", sectors "
                + firstSector
                + "+"
                + sectors
                + ")";
    }
}
