package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** A disk in memory, which misbehaves when told to. */
final class TinyDisk extends TinyBackend {
    /** How it answers. */
    enum Manner {
        HONEST,
        CORRUPT_READS,
        REFUSE,
        SILENT
    }

    private final byte[] disk;
    private final Manner manner;

    private TinyDisk(final int diskBytes, final Manner manner) throws IOException {
        super(BlkOptions.ALL_FEATURES, config(diskBytes));
        this.disk = new byte[diskBytes];
        this.manner = manner;
    }

    static TinyDisk start(final int diskBytes, final Manner manner) throws IOException {
        final TinyDisk disk = new TinyDisk(diskBytes, manner);
        disk.start();
        return disk;
    }

    private static byte[] config(final int diskBytes) {
        final byte[] config = new byte[Long.BYTES];
        ByteBuffer.wrap(config).order(ByteOrder.LITTLE_ENDIAN).putLong(diskBytes / 512);
        return config;
    }

    @Override
    void poll(final int index, final RawRing raw, final Ring ring) {
        while (manner != Manner.SILENT && ring.base != raw.availableIndex()) {
            final int head = raw.available(ring.base);
            use(raw, ring, head, serve(chain(raw, head)));
            publish(raw, ring);
        }
    }

    private int serve(final List<Piece> chain) {
        final MemorySegment header = chain.getFirst().bytes();
        final int type = header.get(JAVA_INT_UNALIGNED, 0);
        final int offset = (int) header.get(JAVA_LONG_UNALIGNED, 8) * 512;
        int done = 0;
        for (final Piece piece : chain.subList(1, chain.size() - 1)) {
            transfer(type, piece.bytes(), offset + done);
            done += (int) piece.bytes().byteSize();
        }
        chain.getLast()
                .bytes()
                .set(JAVA_BYTE, 0, (byte) (manner == Manner.REFUSE ? BlkSpec.S_IOERR : 0));
        return type == BlkSpec.T_IN ? done + 1 : 1;
    }

    private void transfer(final int type, final MemorySegment data, final int offset) {
        final int length = (int) data.byteSize();
        if (type == BlkSpec.T_OUT) {
            MemorySegment.copy(data, JAVA_BYTE, 0, disk, offset, length);
        } else if (type == BlkSpec.T_IN) {
            MemorySegment.copy(disk, offset, data, JAVA_BYTE, 0, length);
            if (manner == Manner.CORRUPT_READS) {
                data.set(JAVA_BYTE, length - 1, (byte) ~disk[offset + length - 1]);
            }
        }
    }
}
