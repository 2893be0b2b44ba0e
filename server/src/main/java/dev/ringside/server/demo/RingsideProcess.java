package dev.ringside.server.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A Ringside process of its own: the same JVM and classes as this one. Any thread. */
public final class RingsideProcess implements AutoCloseable {
    private static final String MAIN = "dev.ringside.server.cli.Main";
    private static final String READY = "ringside: ready:";
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

    private final Process process;
    private final Console messages;
    private String readyLine = "";

    private RingsideProcess(final Process process, final Consumer<String> listener) {
        this.process = process;
        this.messages = new Console("ringside", process.getErrorStream(), listener);
    }

    /**
     * Starts {@code ringside ARGUMENTS} and returns when it says that it is ready.
     *
     * @param listener gets every line of its standard error, on another thread
     * @throws GuestException when it ends instead; the message holds its last lines
     */
    public static RingsideProcess start(
            final List<String> arguments, final Consumer<String> listener)
            throws IOException, InterruptedException {
        return start(List.of(), arguments, listener);
    }

    /**
     * Starts it by another program, which must become it (exec), such as nsenter.
     *
     * @param launcher the program and its arguments, before Java and its own
     */
    public static RingsideProcess start(
            final List<String> launcher,
            final List<String> arguments,
            final Consumer<String> listener)
            throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(launcher);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=dev.ringside.shm");
        command.add("--illegal-native-access=deny");
        command.add("--sun-misc-unsafe-memory-access=deny");
        command.add("-XX:+UseZGC");
        command.addAll(program());
        command.addAll(arguments);
        final Process started =
                new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        final RingsideProcess ringside = new RingsideProcess(started, listener);
        try {
            ringside.readyLine = ringside.messages.await(READY, START_LIMIT);
        } catch (final GuestException | InterruptedException e) {
            ringside.close();
            throw e;
        }
        return ringside;
    }

    /** This JVM's own classes: bin/ringside has a class path, tests have modules only. */
    private static List<String> program() {
        final Module module = RingsideProcess.class.getModule();
        return module.isNamed()
                ? List.of(
                        "-p",
                        System.getProperty("jdk.module.path"),
                        "-m",
                        module.getName() + "/" + MAIN)
                : List.of("-cp", System.getProperty("java.class.path"), MAIN);
    }

    /** What it said when it was ready, after {@code ringside: ready:}. */
    public String readyLine() {
        return readyLine;
    }

    /** Waits until it ends by itself or somebody ends it. */
    void awaitEnd() throws InterruptedException {
        process.waitFor();
    }

    /** The id of the process. */
    public long pid() {
        return process.pid();
    }

    /** What it printed last on its standard error. */
    public String messages() {
        return messages.tail();
    }

    /**
     * Asks it to end, as a service manager does (SIGTERM), and waits until it has.
     *
     * @return its exit status
     * @throws GuestException when it does not end
     */
    public int terminate() throws GuestException, InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new GuestException(
                    "ringside did not end within "
                            + STOP_LIMIT.toSeconds()
                            + " s of SIGTERM; its last lines:\n"
                            + messages.tail());
        }
        return process.exitValue();
    }

    /** Ends it in good order if it can be, else by force. For the way out: throws nothing. */
    void stop() {
        try {
            terminate();
        } catch (final GuestException e) {
            // It did not answer: it is killed below.
            process.destroyForcibly();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close();
    }

    /** Kills it if it still runs. */
    @Override
    public void close() {
        Processes.kill(process);
    }
}
