package dev.ringside.server.guest;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Capture files in libpcap's format, as DPDK's net_pcap reads and writes them. */
final class Pcap {
    private static final int MAGIC = 0xa1b2_c3d4;
    private static final int FILE_HEADER_BYTES = 24;
    private static final int RECORD_HEADER_BYTES = 16;
    private static final int SNAP_BYTES = 65_535;
    private static final int ETHERNET = 1;

    private Pcap() {}

    static void write(final Path file, final List<byte[]> frames) throws IOException {
        final int size =
                FILE_HEADER_BYTES
                        + frames.stream().mapToInt(f -> RECORD_HEADER_BYTES + f.length).sum();
        final byte[] bytes = new byte[size];
        final ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(MAGIC).putShort((short) 2).putShort((short) 4).putLong(0);
        out.putInt(SNAP_BYTES).putInt(ETHERNET);
        for (final byte[] frame : frames) {
            out.putLong(0).putInt(frame.length).putInt(frame.length).put(frame);
        }
        Files.write(file, bytes);
    }

    static List<byte[]> read(final Path file) throws IOException {
        final ByteBuffer in =
                ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        in.position(FILE_HEADER_BYTES);
        final List<byte[]> frames = new ArrayList<>();
        while (in.hasRemaining()) {
            in.getLong();
            final byte[] frame = new byte[in.getInt()];
            if (in.getInt() != frame.length || in.remaining() < frame.length) {
                throw new EOFException(file + " is cut off in frame " + frames.size());
            }
            in.get(frame);
            frames.add(frame);
        }
        return frames;
    }
}
