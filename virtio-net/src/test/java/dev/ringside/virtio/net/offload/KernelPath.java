package dev.ringside.virtio.net.offload;

import dev.ringside.shm.Errno;
import dev.ringside.shm.IoVectors;
import dev.ringside.shm.NativeBuffer;
import dev.ringside.shm.NetNamespace;
import dev.ringside.shm.Tap;
import dev.ringside.virtio.net.frame.Frame;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Two TAP interfaces on a bridge, in a namespace of their own: what goes into one with offloads
 * comes out of the other one without, done by the kernel.
 */
final class KernelPath implements AutoCloseable {
    private static final int ROOM = 1 << 17;
    private static final long PATIENCE_NS = 10_000_000_000L;
    private static final ValueLayout.OfShort LE16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final NativeBuffer buffer = NativeBuffer.allocate(ROOM, 64);
    private final IoVectors pieces = IoVectors.allocate(1);
    private final Tap in;
    private final Tap out;

    KernelPath() throws Exception {
        in(
                () -> {
                    NetNamespace.enterNew();
                    for (String which : List.of("all", "default")) {
                        Path off = Path.of("/proc/sys/net/ipv6/conf", which, "disable_ipv6");
                        Files.writeString(off, "1");
                    }
                    return "";
                });
        in = in(() -> Tap.open("in0", 1, true));
        out = in(() -> Tap.open("out0", 1, true));
        out.setOffload(0);
        ip("link add br0 type bridge mcast_snooping 0");
        // Where the bridge's own filter is there, it would look at the packets.
        in(
                () -> {
                    Path filters = Path.of("/proc/sys/net/bridge");
                    for (String name : List.of("iptables", "ip6tables", "arptables")) {
                        Path file = filters.resolve("bridge-nf-call-" + name);
                        if (Files.exists(file)) {
                            Files.writeString(file, "0");
                        }
                    }
                    return "";
                });
        for (String name : List.of("in0", "out0")) {
            // The word of ip(8) for the bridge that a port belongs to.
            ip("link set " + name + " mtu 60000 txqueuelen 1000 mas" + "ter br0 up");
        }
        ip("link set br0 up");
    }

    private <T> T in(Callable<T> task) throws Exception {
        try {
            return thread.submit(task).get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private void ip(String words) throws Exception {
        in(() -> command("ip " + words));
    }

    private static String command(String line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line.split(" ")).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new AssertionError(line + "\n" + output);
        }
        return output;
    }

    /**
     * Lets the kernel do what a frame needs.
     *
     * @param gsoType as the header has it: with the bit of ECN
     * @return all that came out, at least {@code atLeast} frames
     */
    List<byte[]> through(Packet packet, boolean checksum, int gsoType, int size, int atLeast) {
        MemorySegment memory = buffer.segment();
        memory.asSlice(0, Tap.HEADER_BYTES).fill((byte) 0);
        memory.set(ValueLayout.JAVA_BYTE, 0, (byte) (checksum ? 1 : 0));
        memory.set(ValueLayout.JAVA_BYTE, 1, (byte) gsoType);
        memory.set(LE16, 2, (short) packet.payload());
        memory.set(LE16, 4, (short) size);
        if (checksum) {
            memory.set(LE16, 6, (short) packet.transport());
            memory.set(LE16, 8, (short) packet.checksumOffset());
        }
        byte[] bytes = packet.bytes();
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory, Tap.HEADER_BYTES, bytes.length);
        pieces.clear();
        pieces.add(buffer.address(), Tap.HEADER_BYTES + bytes.length);
        int written = in.writev(0, pieces);
        if (written != Tap.HEADER_BYTES + bytes.length) {
            throw new AssertionError("write answers " + written);
        }
        return read(atLeast);
    }

    private List<byte[]> read(int atLeast) {
        List<byte[]> frames = new ArrayList<>();
        long deadlineNs = System.nanoTime() + PATIENCE_NS;
        while (true) {
            int got = out.read(0, buffer.address(), ROOM);
            if (got == -Errno.EAGAIN) {
                if (frames.size() >= atLeast || System.nanoTime() - deadlineNs > 0) {
                    return frames;
                }
                Thread.onSpinWait();
                continue;
            }
            if (got < Tap.HEADER_BYTES + Frame.MIN_BYTES) {
                throw new AssertionError("read answers " + got);
            }
            MemorySegment frame = buffer.segment().asSlice(Tap.HEADER_BYTES, got - 12L);
            frames.add(frame.toArray(ValueLayout.JAVA_BYTE));
        }
    }

    @Override
    public void close() {
        in.close();
        out.close();
        pieces.close();
        buffer.close();
        thread.close();
    }
}
