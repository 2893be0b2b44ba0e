package dev.ringside.virtio.net.filter;

import dev.ringside.shm.Errno;
import dev.ringside.shm.OutputPipe;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where a capture goes. One thread at a time. */
interface CaptureTarget extends AutoCloseable {
    /** The peer read no further: what follows is for the next one. */
    int GONE = -1;

    /**
     * A named pipe when there is one at the path, else a file.
     *
     * @throws IOException when the file cannot be made
     */
    static CaptureTarget of(Path path) throws IOException {
        if (OutputPipe.isPipe(path)) {
            return new Pipe(path);
        }
        FileChannel channel =
                FileChannel.open(
                        path,
                        Set.of(
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE,
                                StandardOpenOption.TRUNCATE_EXISTING),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")));
        return new File(channel);
    }

    /** Whether there is somebody to write to; does not wait for one. */
    boolean open() throws IOException;

    /**
     * Writes what can be written without waiting for a reader.
     *
     * @return how many bytes; {@link #GONE}
     * @throws IOException when nothing can be written any more
     */
    int write(MemorySegment bytes) throws IOException;

    @Override
    void close() throws IOException;

    /** A file: there is always somebody. */
    record File(FileChannel channel) implements CaptureTarget {
        @Override
        public boolean open() {
            return true;
        }

        @Override
        public int write(MemorySegment bytes) throws IOException {
            ByteBuffer buffer = bytes.asByteBuffer();
            return channel.write(buffer);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** A named pipe: readers come and go. */
    final class Pipe implements CaptureTarget {
        private final Path path;
        private @Nullable OutputPipe pipe;

        Pipe(Path path) {
            this.path = path;
        }

        @Override
        public boolean open() throws IOException {
            if (pipe == null) {
                pipe = OutputPipe.open(path);
            }
            return pipe != null;
        }

        @Override
        public int write(MemorySegment bytes) throws IOException {
            OutputPipe to = pipe;
            if (to == null) {
                return GONE;
            }
            int written = to.write(bytes.address(), (int) bytes.byteSize());
            if (written == -Errno.EAGAIN) {
                return 0;
            }
            if (written < 0) {
                close();
                return GONE;
            }
            return written;
        }

        @Override
        public void close() {
            OutputPipe closing = pipe;
            pipe = null;
            if (closing != null) {
                closing.close();
            }
        }
    }
}
