package dev.ringside.frontend;

import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * DPDK's {@code dpdk-testpmd} as another process: the peer that everything about NICs is compared
 * with. With {@code net_vhost} it is a back-end, with {@code net_virtio_user} a front-end without a
 * VM. Driven over its own command line, so that one process serves many runs.
 *
 * <p>One thread at a time. Every wait ends after a minute.
 */
public final class Testpmd implements AutoCloseable {
    /** The program; Debian and Ubuntu have it in the package dpdk-dev. */
    public static final String PROGRAM = "dpdk-testpmd";

    // A harmless command whose answer is one line. The prompt will not do to tell the end of an
    // answer: what other threads say may stand in the middle of it.
    private static final String MARK = "set verbose 0";
    private static final String MARKED = "Change verbose level from";
    private static final long LIMIT_MS = 60_000;
    private static final Pattern COUNTER = Pattern.compile("([RT]x-pps|[RT]X-[a-z]+):\\s*(\\d+)");

    /**
     * How it is started.
     *
     * @param cpu the processor of all its threads
     * @param hugePages memory from huge pages, which the system must have; else ordinary memory
     * @param queues pairs of every port
     * @param devices arguments of {@code --vdev}, one for each port
     */
    public record Setup(int cpu, boolean hugePages, int queues, List<String> devices) {
        /** A back-end that listens on a socket. */
        public static Setup backEnd(final Path socket, final int cpu, final boolean hugePages) {
            return new Setup(
                    cpu, hugePages, 1, List.of("net_vhost0,iface=" + socket + ",queues=1"));
        }

        /** A front-end that connects to a socket; the back-end must listen already. */
        public static Setup frontEnd(final Path socket, final int cpu, final boolean hugePages) {
            return new Setup(cpu, hugePages, 1, List.of(virtioUser(socket, 1)));
        }

        /** A front-end with packed rings, or split ones. */
        public Setup packed(final boolean on) {
            final String option = ",packed_vq=" + (on ? 1 : 0);
            return new Setup(
                    cpu,
                    hugePages,
                    queues,
                    devices.stream().map(device -> device + option).toList());
        }

        /** The {@code --vdev} of a front-end's port. */
        public static String virtioUser(final Path socket, final int queues) {
            return "net_virtio_user0,path=" + socket + ",queues=" + queues + ",queue_size=1024";
        }

        private List<String> command() {
            final String onCpu = "@" + cpu;
            final List<String> command = new ArrayList<>();
            // Replies would wait in a buffer otherwise: stdout is a pipe.
            command.addAll(List.of("stdbuf", "-oL", PROGRAM));
            command.addAll(List.of("--lcores", "0" + onCpu + ",1" + onCpu, "-m", "256"));
            command.addAll(
                    hugePages ? List.of("--in-memory") : List.of("--no-huge", "--no-shconf"));
            // One file for all memory: vhost-user passes few descriptors.
            command.addAll(List.of("--single-file-segments", "--no-pci", "--no-telemetry"));
            devices.forEach(device -> command.addAll(List.of("--vdev", device)));
            command.addAll(List.of("--", "-i", "--nb-cores=1", "--total-num-mbufs=16384"));
            command.addAll(List.of("--txd=1024", "--rxd=1024"));
            // Else it throws away what waits when it begins to forward, and files are read by then.
            command.addAll(List.of("--rxq=" + queues, "--txq=" + queues, "--no-flush-rx"));
            return command;
        }
    }

    /**
     * What a port has counted.
     *
     * @param receivedPerSecond packets since it was asked before
     * @param sentPerSecond packets since it was asked before
     */
    public record Counters(
            long received,
            long receivedBytes,
            long sent,
            long sentBytes,
            long receivedPerSecond,
            long sentPerSecond) {}

    private final Process process;
    private final Writer input;
    // Also the lock for it.
    private final StringBuilder output = new StringBuilder();
    private int read;

    private Testpmd(final Process process) {
        this.process = process;
        this.input = process.outputWriter(StandardCharsets.UTF_8);
        Thread.ofPlatform().daemon().name("testpmd-output").start(this::collect);
    }

    /**
     * Starts it and waits until it takes commands.
     *
     * @throws IOException with all that it said, when it is missing or does not start
     */
    public static Testpmd start(final Setup setup) throws IOException {
        final Testpmd testpmd =
                new Testpmd(new ProcessBuilder(setup.command()).redirectErrorStream(true).start());
        try {
            testpmd.command("");
            return testpmd;
        } catch (IOException e) {
            testpmd.close();
            throw e;
        }
    }

    private void collect() {
        final byte[] chunk = new byte[4096];
        try (InputStream stream = process.getInputStream()) {
            for (int n = stream.read(chunk); n >= 0; n = stream.read(chunk)) {
                say(new String(chunk, 0, n, StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            say(e.toString());
        }
    }

    private void say(final String text) {
        synchronized (output) {
            output.append(text);
            output.notifyAll();
        }
    }

    /** Waits until it says something; returns all that it said since the last wait. */
    public String await(final String text) throws IOException {
        final long deadline = System.nanoTime() + LIMIT_MS * 1_000_000;
        synchronized (output) {
            int at = output.indexOf(text, read);
            while (at < 0) {
                final long leftMs = (deadline - System.nanoTime()) / 1_000_000;
                if (leftMs <= 0 || !process.isAlive()) {
                    throw new IOException(
                            PROGRAM
                                    + " did not say '"
                                    + text
                                    + "' but:\n"
                                    + output.substring(read));
                }
                pause(Math.min(leftMs, 100));
                at = output.indexOf(text, read);
            }
            final String said = output.substring(read, at);
            read = at + text.length();
            return said;
        }
    }

    private void pause(final long ms) throws IOException {
        try {
            output.wait(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for " + PROGRAM, e);
        }
    }

    /** Gives it a command and returns its answer. */
    public String command(final String line) throws IOException {
        input.write(line + "\n" + MARK + "\n");
        input.flush();
        return await(MARKED);
    }

    /**
     * Begins to forward: {@code rxonly}, {@code txonly}, {@code io}, {@code macswap} and others.
     */
    public void forward(final String mode) throws IOException {
        command("set fwd " + mode);
        command("start");
    }

    /** Length of the frames that {@code txonly} sends. */
    public void frameBytes(final int bytes) throws IOException {
        command("set txpkts " + bytes);
    }

    /** Ends forwarding; returns its report. */
    public String stop() throws IOException {
        return command("stop");
    }

    /** The counters of a port. */
    public Counters counters(final int port) throws IOException {
        final String answer = command("show port stats " + port);
        return new Counters(
                value(answer, "RX-packets"),
                value(answer, "RX-bytes"),
                value(answer, "TX-packets"),
                value(answer, "TX-bytes"),
                value(answer, "Rx-pps"),
                value(answer, "Tx-pps"));
    }

    private static long value(final String answer, final String key) throws IOException {
        final Matcher matcher = COUNTER.matcher(answer);
        while (matcher.find()) {
            if (matcher.group(1).equals(key)) {
                return Long.parseLong(matcher.group(2));
            }
        }
        throw new IOException(PROGRAM + " shows no " + key + " in:\n" + answer);
    }

    /** Its process id. */
    public long pid() {
        return process.pid();
    }

    /** All that it said. */
    public String messages() {
        synchronized (output) {
            return output.toString();
        }
    }

    /** Lets it end in order, and kills it when it does not. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
