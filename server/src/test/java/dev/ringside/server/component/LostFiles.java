package dev.ringside.server.component;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A FUSE file system of one file in memory, which is lost after a turn, as a server of NFS can be:
 * reads and writes fail, until the next one.
 *
 * <p>Usage: LostFiles MOUNTPOINT BYTES ERRNO: a file, how large it shall be, and how they fail.
 */
final class LostFiles extends FuseFiles {
    private final byte[] data;
    private final int errno;
    private boolean lost;

    private LostFiles(final RandomAccessFile device, final int bytes, final int errno) {
        super(device);
        data = new byte[bytes];
        this.errno = errno;
    }

    public static void main(final String[] arguments) throws Throwable {
        final int bytes = Integer.parseInt(arguments[1]);
        final int errno = Integer.parseInt(arguments[2]);
        serve(Path.of(arguments[0]), device -> new LostFiles(device, bytes, errno));
    }

    @Override
    void answer(final int operation, final long unique, final ByteBuffer in) throws IOException {
        switch (operation) {
            case GETATTR -> reply(unique, 0, attributes(data.length));
            case READ, WRITE -> move(operation == WRITE, unique, in);
            case FLUSH, FSYNC -> reply(unique, lost ? -errno : 0, new byte[0]);
            default -> reply(unique, -ENOSYS, new byte[0]);
        }
    }

    /** fuse_read_in and fuse_write_in begin alike: handle, offset, size. */
    private void move(final boolean write, final long unique, final ByteBuffer in)
            throws IOException {
        final int at = in.position();
        final int offset = Math.toIntExact(in.getLong(at + 8));
        final int length = Math.min(in.getInt(at + 16), data.length - offset);
        if (lost) {
            reply(unique, -errno, new byte[0]);
        } else if (write) {
            in.get(at + 40, data, offset, length);
            final byte[] out = new byte[8];
            fields(out).putInt(length);
            reply(unique, 0, out);
        } else {
            reply(unique, 0, Arrays.copyOfRange(data, offset, offset + length));
        }
    }

    @Override
    String turn() {
        lost = !lost;
        return lost ? "lost" : "found";
    }
}
