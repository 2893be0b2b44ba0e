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
import java.util.ArrayList;
import java.util.List;

/**
 * The process of a FUSE file system (linux/fuse.h) that is one empty file. After the first line on
 * stdin whatever is asked of it is told on stdout and not answered, until the next one comes.
 *
 * <p>Usage: StallingFiles MOUNTPOINT, a file.
 */
final class StallingFiles {
    private static final int INIT = 26;
    private static final int OPEN = 14;
    private static final int GETATTR = 3;
    private static final int FLUSH = 25;
    private static final int MODE = 0100666;
    private static final int MOST = 1 << 17;
    private static final int EIO = 5;

    private final RandomAccessFile device;
    private final List<Long> unanswered = new ArrayList<>();
    private boolean answering = true;

    private StallingFiles(final RandomAccessFile device) {
        this.device = device;
    }

    public static void main(final String[] arguments) throws Throwable {
        try (RandomAccessFile device = new RandomAccessFile("/dev/fuse", "rw")) {
            mount(Path.of(arguments[0]), number("/dev/fuse"));
            final StallingFiles served = new StallingFiles(device);
            Thread.ofPlatform().daemon().start(served::listen);
            System.out.println("mounted");
            final byte[] request = new byte[MOST];
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
                                    arena.allocateFrom("stalling"),
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
            final ByteBuffer out = ByteBuffer.allocate(64).order(ByteOrder.nativeOrder());
            out.putInt(7).putInt(31).putInt(0).putInt(0).putShort((short) 64).putShort((short) 64);
            out.putInt(4096).putInt(1);
            reply(unique, 0, out.array());
        } else if (operation == OPEN) {
            reply(unique, 0, new byte[16]);
        } else if (answering && operation == GETATTR) {
            // Valid for no time: whoever wants to know asks again.
            final ByteBuffer out = ByteBuffer.allocate(104).order(ByteOrder.nativeOrder());
            reply(unique, 0, out.putLong(16, 1).putInt(76, MODE).putInt(80, 1).array());
        } else if (answering) {
            reply(unique, operation == FLUSH ? 0 : -EIO, new byte[0]);
        } else {
            unanswered.add(unique);
            System.out.println("operation " + operation);
        }
    }

    private void listen() {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            while (in.readLine() != null) {
                turn();
            }
            // Whoever began it has ended.
            Runtime.getRuntime().halt(0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private synchronized void turn() throws IOException {
        answering = !answering;
        System.out.println(answering ? "answers" : "stalls");
        for (final long unique : unanswered) {
            reply(unique, -EIO, new byte[0]);
        }
        unanswered.clear();
    }

    private void reply(final long unique, final int error, final byte[] body) throws IOException {
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
