package dev.ringside.virtio.net.port.host;

import dev.ringside.shm.NetNamespace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A network namespace with a kernel stack of a test's own, and a thread that lives in it. Nothing
 * of it is left when it is closed, or the JVM is killed.
 */
public final class HostNet implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;

    private final ExecutorService thread = Executors.newSingleThreadExecutor();

    /** An empty namespace whose kernel sends nothing by itself: IPv6 is off. */
    public HostNet() throws Exception {
        run(
                () -> {
                    NetNamespace.enterNew();
                    Path ipv6 = Path.of("/proc/sys/net/ipv6/conf");
                    Files.writeString(ipv6.resolve("all/disable_ipv6"), "1");
                    Files.writeString(ipv6.resolve("default/disable_ipv6"), "1");
                    return "";
                });
        command("ip link set lo up");
    }

    /** Calls something in the namespace. */
    public <T> T run(Callable<T> task) throws Exception {
        try {
            return thread.submit(task).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception exception) {
                throw exception;
            }
            throw e;
        }
    }

    /** Runs tasks in the namespace, one after the other. */
    public Executor executor() {
        return thread;
    }

    /** Runs a command in the namespace. */
    public void command(String line) throws Exception {
        run(() -> commandHere(line));
    }

    /** Runs a command where the calling thread is. */
    public static String commandHere(String line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line.split(" ")).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new AssertionError(line + "\n" + output);
        }
        return output;
    }

    /** A path of the namespace, for other threads to enter it. */
    public String path() throws Exception {
        return run(() -> Path.of("/proc/thread-self").toRealPath() + "/ns/net");
    }

    /** A datagram socket on an address of the namespace. */
    public DatagramChannel udp(String address, int port) throws Exception {
        return run(() -> DatagramChannel.open().bind(new InetSocketAddress(address, port)));
    }

    @Override
    public void close() {
        thread.close();
    }
}
