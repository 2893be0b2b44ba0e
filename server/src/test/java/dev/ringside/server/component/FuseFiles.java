package dev.ringside.server.component;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The process of a FUSE file system (linux/fuse.h) that is one file. Each line on stdin is a turn:
 * it behaves in another way from then on, and says on stdout in which. It ends with stdin.
 */
abstract class FuseFiles {
    static final int GETATTR = 3;
    static final int READ = 15;
    static final int WRITE = 16;
    static final int FSYNC = 20;
    static final int FLUSH = 25;
    static final int EIO = 5;
    static final int ENOSYS = 38;

    private static final int INIT = 26;
    private static final int OPEN = 14;
    private static final int MODE = 0100666;
    private static final int MOST = 1 << 17;
    private static final int HEADERS = 4096;

    private final RandomAccessFile device;

    FuseFiles(final RandomAccessFile device) {
        this.device = device;
    }

    /** Makes a file system that talks to the kernel by {@code device}. */
    interface Maker {
        FuseFiles make(RandomAccessFile device);
    }

    /** Mounts a file system at a file and serves it, until stdin ends. */
    static void serve(final Path file, final Maker maker) throws Throwable {
        try (RandomAccessFile device = new RandomAccessFile("/dev/fuse", "rw")) {
            mount(file, number("/dev/fuse"));
            final FuseFiles served = maker.make(device);
            Thread.ofPlatform().daemon().start(served::listen);
            System.out.println("mounted");
            final byte[] request = new byte[MOST + HEADERS];
            while (true) {
                served.take(request, device.read(request));
            }
        }
    }

    /** The descriptor of this process that stands for a path. */
    static int number(final String path) throws IOException {
        try (DirectoryStream<Path> fds = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (final Path fd : fds) {
                if (Files.isSymbolicLink(fd)
                        && Files.readSymbolicLink(fd).toString().equals(path)) {
                    return Integer.parseInt(fd.getFileName().toString());
                }
            }
        }
        throw new IOException(path + " is not open");
    }

    @SuppressWarnings("restricted")
    private static void mount(final Path file, final int device) throws Throwable {
        final Linker linker = Linker.nativeLinker();
        final var mount =
                linker.downcallHandle(
                        linker.defaultLookup().findOrThrow("mount"),
                        FunctionDescriptor.of(
                                JAVA_INT,
                                ValueLayout.ADDRESS,
                                ValueLayout.ADDRESS,
                                ValueLayout.ADDRESS,
                                JAVA_LONG,
                                ValueLayout.ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment options =
                    arena.allocateFrom(
                            "fd=" + device + ",rootmode=100666,user_id=0,group_id=0,allow_other");
            final int result =
                    (int)
                            mount.invokeExact(
                                    arena.allocateFrom("ringside-test"),
                                    arena.allocateFrom(file.toString()),
                                    arena.allocateFrom("fuse"),
                                    0L,
                                    options);
            if (result != 0) {
                throw new IOException("a FUSE file cannot be mounted at " + file);
            }
        }
    }

    private synchronized void take(final byte[] request, final int length) throws IOException {
        final ByteBuffer in = ByteBuffer.wrap(request, 0, length).order(ByteOrder.nativeOrder());
        in.getInt();
        final int operation = in.getInt();
        final long unique = in.getLong();
        if (operation == INIT) {
            final byte[] out = new byte[64];
            fields(out)
                    .putInt(7)
                    .putInt(31)
                    .putInt(16, (64 << 16) | 64)
                    .putInt(20, MOST)
                    .putInt(24, 1);
            reply(unique, 0, out);
        } else if (operation == OPEN) {
            reply(unique, 0, new byte[16]);
        } else {
            // The rest of the header says for which file and for whom.
            answer(operation, unique, in.position(40));
        }
    }

    /** Answers a request, now or later; {@code in} is behind its header. */
    abstract void answer(int operation, long unique, ByteBuffer in) throws IOException;

    /** Behaves in another way from now on, and says in which. */
    abstract String turn() throws IOException;

    /** The fields of what an answer has behind its header. */
    static ByteBuffer fields(final byte[] body) {
        return ByteBuffer.wrap(body).order(ByteOrder.nativeOrder());
    }

    /** A file of so many bytes, as GETATTR tells it; valid for no time. */
    static byte[] attributes(final long bytes) {
        final byte[] out = new byte[104];
        fields(out)
                .putLong(16, 1)
                .putLong(24, bytes)
                .putInt(76, MODE)
                .putInt(80, 1)
                .putInt(96, HEADERS);
        return out;
    }

    private void listen() {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            while (in.readLine() != null) {
                synchronized (this) {
                    System.out.println(turn());
                }
            }
            // Whoever began it has ended.
            Runtime.getRuntime().halt(0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Answers a request: an error below 0, or a body. */
    final void reply(final long unique, final int error, final byte[] body) throws IOException {
        final ByteBuffer out = ByteBuffer.allocate(16 + body.length).order(ByteOrder.nativeOrder());
        out.putInt(out.capacity()).putInt(error).putLong(unique).put(body);
        try {
            device.write(out.array());
        } catch (IOException e) {
            // Nobody waits for it any more: whoever asked was killed, or needs no answer.
            System.out.println("not answered: " + e.getMessage());
        }
    }
}
