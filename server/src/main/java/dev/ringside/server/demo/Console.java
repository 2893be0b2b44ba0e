package dev.ringside.server.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The lines that a process prints, collected by a thread of its own; callers wait for a line
 * instead of sleeping. Any thread.
 */
public final class Console {
    /** Printed by the guest's /init when the test script failed. */
    static final String FAILED = "@verdict fail";

    private static final String PANIC = "Kernel panic";
    private static final int TAIL_LINES = 60;

    private final String name;
    private final List<String> lines = new ArrayList<>();
    private final Consumer<String> listener;
    private int seen;
    private boolean ended;

    /**
     * Starts to collect.
     *
     * @param name of the process, for messages
     * @param from its output; closed at its end
     * @param listener gets every line on the collecting thread
     */
    Console(final String name, final InputStream from, final Consumer<String> listener) {
        this.name = name;
        this.listener = listener;
        Thread.ofPlatform().daemon().name("console-" + name).start(() -> collect(from));
    }

    private void collect(final InputStream from) {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                // BufferedReader takes \r\n as one end of line, but the UART may add a lone \r.
                final String text = line.replace("\r", "");
                append(text);
                listener.accept(text);
            }
        } catch (final IOException e) {
            append("(reading " + name + " failed: " + e + ")");
        } finally {
            end();
        }
    }

    private synchronized void append(final String line) {
        lines.add(line);
        notifyAll();
    }

    private synchronized void end() {
        ended = true;
        notifyAll();
    }

    /**
     * Waits for the next line that starts with {@code prefix}, after the last one that was awaited.
     *
     * @return the rest of that line
     * @throws GuestException when the guest fails or panics, the output ends, or {@code limit} is
     *     over
     */
    public synchronized String await(final String prefix, final Duration limit)
            throws GuestException, InterruptedException {
        final long deadlineNs = System.nanoTime() + limit.toNanos();
        while (true) {
            while (seen < lines.size()) {
                final String line = lines.get(seen++);
                if (line.startsWith(prefix)) {
                    return line.substring(prefix.length()).strip();
                }
                if (line.startsWith(FAILED) || line.contains(PANIC)) {
                    throw failure("failed while \"" + prefix + "\" was awaited");
                }
            }
            if (ended) {
                throw failure("ended while \"" + prefix + "\" was awaited");
            }
            final long leftMs = (deadlineNs - System.nanoTime()) / 1_000_000;
            if (leftMs <= 0) {
                throw failure("printed no \"" + prefix + "\" within " + limit.toSeconds() + " s");
            }
            wait(leftMs);
        }
    }

    /**
     * Waits as {@link #await} does and returns what came before.
     *
     * @param mark what the lines to return start with; others that come before are dropped
     * @return those lines without {@code mark}, and at the end the rest of the awaited line
     */
    synchronized List<String> awaitAll(final String mark, final String prefix, final Duration limit)
            throws GuestException, InterruptedException {
        final int from = seen;
        final String last = await(prefix, limit);
        final List<String> found = new ArrayList<>();
        for (final String line : lines.subList(from, seen - 1)) {
            if (line.startsWith(mark)) {
                found.add(line.substring(mark.length()));
            }
        }
        found.add(last);
        return found;
    }

    /** Waits until the output ends; false when {@code limit} is over first. */
    synchronized boolean awaitEnd(final Duration limit) throws InterruptedException {
        final long deadlineNs = System.nanoTime() + limit.toNanos();
        while (!ended) {
            final long leftMs = (deadlineNs - System.nanoTime()) / 1_000_000;
            if (leftMs <= 0) {
                return false;
            }
            wait(leftMs);
        }
        return true;
    }

    /** The last lines, one per line. */
    public synchronized String tail() {
        return String.join(
                "\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    }

    private GuestException failure(final String what) {
        return new GuestException(name + " " + what + "; its last lines:\n" + tail());
    }
}
