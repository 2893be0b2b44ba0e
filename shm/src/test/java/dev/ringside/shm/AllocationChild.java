package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.reflect.Method;
import java.util.List;

/**
 * The program that AllocationIT runs: what is for the data path allocates nothing. It asks the JVM
 * by reflection, since this module needs no management module.
 */
final class AllocationChild {
    private static final int WARM_UP = 200_000;
    private static final int RUNS = 200_000;
    // What the questions themselves allocate, far below one object per run.
    private static final long NOISE_BYTES = RUNS;

    private static long sink;

    private AllocationChild() {}

    private interface Step {
        void run();
    }

    /** Exits 0 when nothing allocates. */
    public static void main(String[] args) throws Exception {
        try (EventFd event = EventFd.create();
                IoUring ring = IoUring.create(32);
                Fd file = Memfd.create("allocation", 1 << 20);
                MemoryRegion low = MemoryRegion.map(file.duplicate(), 0, 0, 1 << 19, 0);
                MemoryRegion high =
                        MemoryRegion.map(file.duplicate(), 1 << 20, 1 << 20, 1 << 19, 1 << 19);
                NativeBuffer buffer = NativeBuffer.allocate(4096, 4096)) {
            GuestMemory memory = GuestMemory.of(List.of(low, high));
            IoUring.CompletionHandler handler = (userData, result, flags) -> sink += result;
            check("signal and drain", () -> sink += event.signal() ? event.drain() : 0);
            check(
                    "io_uring nop and read",
                    () -> {
                        ring.nop(1);
                        ring.read(file.number(), buffer.address(), 512, 0, 2);
                        ring.submit();
                        ring.complete(handler, 32);
                    });
            check(
                    "io_uring wait",
                    () -> {
                        ring.nop(1);
                        ring.submitAndWait(1, 1000);
                        ring.complete(handler, 32);
                    });
            check("guest memory", () -> sink += touch(memory, (sink & 0xff) << 3));
            check("poisoned", () -> sink += memory.poisoned() ? 1 : 0);
            checkTap(buffer);
            checkPacket(buffer);
        }
        System.out.println("nothing allocated " + (sink == 0 ? "" : "."));
    }

    private static void checkTap(NativeBuffer buffer) throws Exception {
        try (NetNamespace _ = NetNamespace.enterNew();
                Tap tap = Tap.open("tap0", 1, true);
                NetInterface host = NetInterface.open("tap0");
                IoVectors pieces = IoVectors.allocate(2)) {
            host.setUp(true);
            check(
                    "tap read and write",
                    () -> {
                        pieces.clear();
                        pieces.add(buffer.address(), tap.headerBytes());
                        pieces.add(buffer.address() + 64, 60);
                        sink += tap.writev(0, pieces);
                        sink += tap.read(0, buffer.address(), 4096);
                    });
        }
    }

    private static void checkPacket(NativeBuffer buffer) throws Exception {
        try (NetNamespace _ = NetNamespace.enterNew()) {
            TestNet.ipHere("link add one type veth peer name two");
            TestNet.ipHere("link set one up");
            TestNet.ipHere("link set two up");
            try (PacketSocket one = PacketSocket.open("one", PacketOptions.DEFAULT);
                    PacketSocket two = PacketSocket.open("two", PacketOptions.DEFAULT);
                    IoVectors pieces = IoVectors.allocate(2)) {
                check(
                        "packet send and receive",
                        () -> {
                            pieces.clear();
                            pieces.add(buffer.address(), one.headerBytes());
                            pieces.add(buffer.address() + 64, 60);
                            sink += one.writev(pieces);
                            while (two.peek()) {
                                sink += two.frameBytes() + two.frameOffset();
                                two.consume();
                            }
                            sink += two.drops() + two.takeError();
                        });
            }
        }
    }

    private static long touch(GuestMemory memory, long address) {
        int region = memory.find(address);
        long offset = memory.offset(region, address);
        return memory.segment(region).get(JAVA_LONG, offset)
                + memory.hostAddress(region, address)
                + memory.available(region, address);
    }

    private static void check(String name, Step step) throws Exception {
        for (int i = 0; i < WARM_UP; i++) {
            step.run();
        }
        long before = allocatedBytes();
        for (int i = 0; i < RUNS; i++) {
            step.run();
        }
        long bytes = allocatedBytes() - before;
        if (bytes > NOISE_BYTES) {
            throw new AssertionError(name + ": " + bytes + " bytes in " + RUNS + " runs");
        }
    }

    private static long allocatedBytes() throws Exception {
        Object bean =
                Class.forName("java.lang.management.ManagementFactory")
                        .getMethod("getThreadMXBean")
                        .invoke(null);
        Method method =
                Class.forName("com.sun.management.ThreadMXBean")
                        .getMethod("getCurrentThreadAllocatedBytes");
        return (long) method.invoke(bean);
    }
}
