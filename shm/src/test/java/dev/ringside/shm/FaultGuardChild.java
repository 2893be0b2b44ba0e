package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** The program that FaultGuardIT runs in JVMs of its own, since it may kill them. */
final class FaultGuardChild {
    private static final long GUEST = 0x100000;
    // Enough for the compilers; the interpreter needs none.
    private static final int WARM_UP = Integer.getInteger("warmUp", 30_000);

    private FaultGuardChild() {}

    /**
     * Runs one scenario.
     *
     * @param args its name; for "shape" and "unguarded" the shape's name follows
     */
    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "shapes" -> {
                for (FaultShape shape : FaultShape.values()) {
                    shape(shape);
                }
            }
            case "unguarded" -> {
                FaultGuard.withhold();
                shape(FaultShape.valueOf(args[1]));
            }
            case "kernel" -> kernel();
            case "several" -> several();
            case "race" -> race();
            case "huge" -> huge();
            case "elsewhere" -> elsewhere();
            default -> throw new IllegalArgumentException(args[0]);
        }
        System.out.println("survived " + args[0]);
    }

    private static void shape(FaultShape shape) throws Exception {
        try (Fd file = Memfd.create("shape", FaultShape.BYTES);
                MemoryRegion region = region(file, FaultShape.BYTES)) {
            for (int i = 0; i < WARM_UP; i++) {
                shape.touch(region.segment());
            }
            check(!region.poisoned(), shape + " poisoned an intact region");
            Memfd.truncate(file, 0);
            shape.touch(region.segment());
            check(region.poisoned(), shape + " did not poison its region");
            region.segment().set(JAVA_LONG, 0, 4711);
            check(region.segment().get(JAVA_LONG, 0) == 4711, "the region is zero pages now");
        }
    }

    /** The kernel meets the hole itself: it says EFAULT or what it could copy; nothing faults. */
    private static void kernel() throws Exception {
        Path path = Files.createTempFile("fault-guard", ".img");
        Files.write(path, new byte[FaultShape.BYTES]);
        try (Fd file = Memfd.create("kernel", FaultShape.BYTES);
                MemoryRegion region = region(file, FaultShape.BYTES);
                HostFile host = HostFile.open(path, false, false);
                IoUring ring = IoUring.create(8)) {
            Memfd.truncate(file, 0);
            long address = region.hostAddress();
            check(host.pread(address, 4096, 0) == -Errno.EFAULT, "pread into the hole");
            check(host.pwrite(address, 4096, 0) == -Errno.EFAULT, "pwrite from the hole");
            check(ring.read(host.fd(), address, 4096, 0, 1), "queue");
            check(ring.write(host.fd(), address, 4096, 0, 2), "queue");
            check(ring.submitAndWait(2, -1) == 2, "submit");
            List<Integer> results = new ArrayList<>();
            int done = ring.complete((userData, result, flags) -> results.add(result), 10);
            check(done == 2, "completions: " + done);
            check(results.equals(List.of(-Errno.EFAULT, -Errno.EFAULT)), "io_uring: " + results);
            check(!region.poisoned(), "an EFAULT is no fault of ours");
        } finally {
            Files.delete(path);
        }
    }

    private static void several() throws Exception {
        List<Fd> files = new ArrayList<>();
        List<MemoryRegion> regions = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            files.add(Memfd.create("several", 1 << 20));
            regions.add(region(files.get(i), 1 << 20));
            regions.get(i).segment().set(JAVA_INT, 0, i);
        }
        // Below the region's size, twice; from the start and in its middle.
        Memfd.truncate(files.get(1), 4096);
        Memfd.truncate(files.get(3), 4096);
        check(regions.get(1).segment().get(JAVA_INT, 0) == 1, "the first page is still there");
        check(regions.get(1).segment().get(JAVA_INT, 4096) == 0, "zero");
        check(regions.get(1).segment().get(JAVA_INT, 0) == 0, "zero pages replace all of it");
        Memfd.truncate(files.get(1), 0);
        check(regions.get(1).segment().get(JAVA_INT, 0) == 0, "truncated twice");
        check(regions.get(3).segment().get(JAVA_INT, 8192) == 0, "zero");
        for (int i = 0; i < 5; i++) {
            boolean truncated = i == 1 || i == 3;
            check(regions.get(i).poisoned() == truncated, "region " + i);
            check(regions.get(i).segment().get(JAVA_INT, 0) == (truncated ? 0 : i), "content " + i);
        }
        check(FaultGuard.faults() == 2, "faults " + FaultGuard.faults());
        regions.get(1).close();
        check(regions.get(1).poisoned(), "a closed region remembers");
        // The slot is used again and must be clean; a gap left open must not catch others' faults.
        try (MemoryRegion again = region(files.get(0), 1 << 20)) {
            check(!again.poisoned(), "slot not cleaned");
        }
    }

    private static void race() throws Exception {
        for (int round = 0; round < 20; round++) {
            try (Fd file = Memfd.create("race", 1 << 20);
                    Fd writer = file.duplicate();
                    MemoryRegion region = region(file, 1 << 20)) {
                Thread truncater =
                        Thread.ofPlatform()
                                .start(
                                        () -> {
                                            try {
                                                for (int i = 0; i < 200; i++) {
                                                    Memfd.truncate(writer, i % 3 << 19);
                                                }
                                                Memfd.truncate(writer, 0);
                                            } catch (LinuxException e) {
                                                throw new IllegalStateException(e);
                                            }
                                        });
                List<Thread> readers = new ArrayList<>();
                for (int r = 0; r < 2; r++) {
                    readers.add(Thread.ofPlatform().start(() -> hammer(region, truncater)));
                }
                for (Thread reader : readers) {
                    reader.join();
                }
                check(region.poisoned(), "not poisoned in round " + round);
            }
        }
    }

    private static void hammer(MemoryRegion region, Thread until) {
        MemorySegment segment = region.segment();
        boolean last;
        do {
            last = !until.isAlive();
            for (long at = 0; at < segment.byteSize(); at += 4096) {
                segment.set(JAVA_LONG, at, segment.get(JAVA_LONG, at + 8) + 1);
            }
            MemorySegment.copy(segment, 0, segment, 1 << 19, 1 << 19);
        } while (!last);
    }

    /** No huge page need be there: the first touch fails then, just as after a truncation. */
    private static void huge() throws Exception {
        long page = 2 << 20;
        try (Fd file = Memfd.createHuge("huge", 4 * page, page);
                MemoryRegion region = region(file, page, page + 4096)) {
            Memfd.truncate(file, 0);
            check(region.segment().get(JAVA_LONG, 0) == 0, "start");
            region.segment().set(JAVA_LONG, page - 8, 7);
            check(region.segment().get(JAVA_LONG, page - 8) == 7, "end");
            check(region.poisoned(), "poisoned");
        }
    }

    /** A fault in memory that is none of ours still reaches the JVM. */
    private static void elsewhere() throws Exception {
        Path path = Files.createTempFile("fault-guard", ".map");
        try (Fd file = Memfd.create("elsewhere", 8192);
                MemoryRegion region = region(file, 8192);
                FileChannel channel =
                        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            Files.write(path, new byte[8192]);
            MappedByteBuffer buffer = channel.map(FileChannel.MapMode.READ_WRITE, 0, 8192);
            channel.truncate(0);
            boolean thrown = false;
            try {
                buffer.getInt(0);
                thrown = pollSafepoints();
            } catch (InternalError e) {
                thrown = true;
            }
            check(thrown, "the JVM did not get the signal");
            check(!region.poisoned(), "another's fault poisoned the region");
            check(FaultGuard.faults() == 0, "faults " + FaultGuard.faults());
            Memfd.truncate(file, 0);
            check(region.segment().get(JAVA_INT, 0) == 0, "zero");
            check(region.poisoned(), "poisoned");
        } finally {
            Files.delete(path);
        }
    }

    private static boolean pollSafepoints() {
        // The JVM raises the error at the thread's next poll.
        for (int i = 0; i < 1_000_000; i++) {
            Thread.onSpinWait();
        }
        return false;
    }

    private static MemoryRegion region(Fd file, long bytes) throws LinuxException {
        return region(file, bytes, 0);
    }

    private static MemoryRegion region(Fd file, long bytes, long offset) throws LinuxException {
        // A file that cannot be sealed, as a hostile front-end would send it.
        Fd duplicate = file.duplicate();
        Libc.fcntl(duplicate.number(), Memfd.F_ADD_SEALS, Memfd.F_SEAL_SEAL);
        return MemoryRegion.map(duplicate, GUEST, GUEST, bytes, offset);
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
