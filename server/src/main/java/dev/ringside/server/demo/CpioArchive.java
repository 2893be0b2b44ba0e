package dev.ringside.server.demo;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Writes a cpio archive in the "newc" format, the one that Linux unpacks as an initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Regular files only. Confined to one
 * thread.
 */
final class CpioArchive {
    private static final String MAGIC = "070701";
    private static final String TRAILER = "TRAILER!!!";
    private static final int HEADER_BYTES = 110;
    private static final int ALIGNMENT_BYTES = 4;
    private static final int REGULAR_FILE = 0100000;

    private final OutputStream out;
    private int nextInode = 1;

    /** Writes to {@code out}, which stays the caller's to close. */
    CpioArchive(final OutputStream out) {
        this.out = out;
    }

    /**
     * Adds a regular file; {@code path} is relative to the root, {@code permissions} as for chmod.
     */
    void addFile(final String path, final int permissions, final byte[] content)
            throws IOException {
        writeEntry(path, REGULAR_FILE | permissions, nextInode++, content);
    }

    /** Ends the archive. */
    void finish() throws IOException {
        writeEntry(TRAILER, 0, 0, new byte[0]);
    }

    private void writeEntry(
            final String path, final int mode, final int inode, final byte[] content)
            throws IOException {
        final byte[] name = (path + '\0').getBytes(StandardCharsets.UTF_8);
        final int uid = 0;
        final int gid = 0;
        final int links = 1;
        final int modified = 0;
        final int device = 0;
        final int check = 0;
        final int[] fields = {
            inode,
            mode,
            uid,
            gid,
            links,
            modified,
            content.length,
            device,
            device,
            device,
            device,
            name.length,
            check
        };
        final StringBuilder header = new StringBuilder(MAGIC);
        for (final int field : fields) {
            header.append(String.format(Locale.ROOT, "%08X", field));
        }
        out.write(header.toString().getBytes(StandardCharsets.US_ASCII));
        out.write(name);
        pad(HEADER_BYTES + name.length);
        out.write(content);
        pad(content.length);
    }

    private void pad(final int lengthBytes) throws IOException {
        out.write(new byte[-lengthBytes & ALIGNMENT_BYTES - 1]);
    }
}
