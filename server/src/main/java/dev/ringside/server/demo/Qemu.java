package dev.ringside.server.demo;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A running VM. The guest's serial console is its line to the host, both ways; QMP is QEMU's. Every
 * wait ends early when the VM does. One thread at a time, except {@link #close}.
 */
public final class Qemu implements AutoCloseable {
    /** Ample for anything a guest does, emulated, on a busy machine. */
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private static final Duration EXIT_LIMIT = Duration.ofSeconds(30);

    private final Process process;
    private final Console console;
    private final Console messages;
    private final Path qmpSocket;

    private Qemu(final Process process, final Path qmpSocket, final Consumer<String> listener) {
        this.process = process;
        this.qmpSocket = qmpSocket;
        this.console = new Console("the guest", process.getInputStream(), listener);
        this.messages = new Console("QEMU", process.getErrorStream(), line -> {});
    }

    /**
     * Starts a VM.
     *
     * @param directory for QEMU's own sockets, one VM's alone
     * @param listener gets every console line, on another thread
     * @throws PrerequisiteException when QEMU is not installed
     */
    public static Qemu start(
            final QemuOptions options, final Path directory, final Consumer<String> listener)
            throws IOException {
        return start(List.of(), options, directory, listener);
    }

    /**
     * Starts a VM by another program, such as nsenter.
     *
     * @param launcher the program and its arguments, before QEMU and its own
     */
    public static Qemu start(
            final List<String> launcher,
            final QemuOptions options,
            final Path directory,
            final Consumer<String> listener)
            throws IOException {
        final Path qmp = directory.resolve("qmp.sock");
        try {
            final List<String> command = new ArrayList<>(launcher);
            command.addAll(options.command(qmp, QemuVersion.installed()));
            return new Qemu(new ProcessBuilder(command).start(), qmp, listener);
        } catch (final IOException e) {
            final PrerequisiteException missing =
                    new PrerequisiteException(
                            QemuOptions.PROGRAM
                                    + " cannot be started ("
                                    + e.getMessage()
                                    + "); run: sudo apt-get install -y --no-install-recommends"
                                    + " qemu-system-x86");
            missing.initCause(e);
            throw missing;
        }
    }

    /**
     * Waits for the guest to print a line that starts with {@code prefix} and returns the rest.
     *
     * @throws GuestException when the guest fails, panics or ends, or the line does not come
     */
    public String await(final String prefix) throws GuestException, InterruptedException {
        try {
            return console.await(prefix, LIMIT);
        } catch (final GuestException e) {
            throw withMessages(e);
        }
    }

    /** Waits for the guest's script to end well and for the VM to switch itself off. */
    public void awaitPass() throws IOException, InterruptedException {
        await("@verdict pass");
        if (!process.waitFor(EXIT_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw withMessages(
                    new GuestException("the VM did not switch off; console:\n" + console.tail()));
        }
        if (process.exitValue() != 0) {
            throw withMessages(
                    new GuestException("QEMU ended with status " + process.exitValue() + "."));
        }
    }

    /** Gives the guest's script a line on its standard input. */
    public void type(final String line) throws IOException {
        final OutputStream input = process.getOutputStream();
        input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        input.flush();
    }

    /**
     * Has the guest run a script; its own script must be in {@code serve} (guest/lib.sh).
     *
     * @param script for its {@code sh -eu}, any number of lines
     * @return what the script printed on both outputs, and its exit status
     * @throws GuestException when the guest fails, panics or ends, or gives no answer
     */
    public Answer run(final String script) throws IOException, InterruptedException {
        type(script.strip() + "\n@end");
        try {
            final List<String> lines = console.awaitAll("|", "@status", LIMIT);
            final int last = lines.size() - 1;
            return new Answer(
                    Integer.parseInt(lines.get(last)), String.join("\n", lines.subList(0, last)));
        } catch (final GuestException e) {
            throw withMessages(e);
        }
    }

    /**
     * What came of a script.
     *
     * @param status its exit status
     * @param output what it printed, without the last end of line
     */
    public record Answer(int status, String output) {}

    /**
     * Runs one QMP command.
     *
     * @param arguments a JSON object
     * @return QEMU's answer
     */
    public String qmp(final String command, final String arguments) throws IOException {
        try (Qmp qmp = Qmp.connect(qmpSocket)) {
            return qmp.execute(command, arguments);
        }
    }

    /** Whether QEMU still runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** What the guest printed last. */
    public String consoleTail() {
        return console.tail();
    }

    private GuestException withMessages(final GuestException e) throws InterruptedException {
        // When QEMU itself ended, its last words are the reason; give them time to arrive.
        if (!process.isAlive()) {
            messages.awaitEnd(EXIT_LIMIT);
        }
        final String tail = messages.tail();
        final GuestException whole =
                new GuestException(
                        e.getMessage() + (tail.isEmpty() ? "" : "\nQEMU's messages:\n" + tail));
        whole.setStackTrace(e.getStackTrace());
        return whole;
    }

    /** Kills the VM if it still runs. */
    @Override
    public void close() {
        Processes.kill(process);
    }
}
