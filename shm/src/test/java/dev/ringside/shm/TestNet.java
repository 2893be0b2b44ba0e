package dev.ringside.shm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A network namespace of a test's own, with a thread that lives in it. Nothing of it is left when
 * it is closed, or the JVM is killed.
 */
final class TestNet implements AutoCloseable {
    private final ExecutorService thread = Executors.newSingleThreadExecutor();

    /** An empty namespace whose kernel sends nothing by itself: IPv6 is off. */
    TestNet() throws Exception {
        run(
                () -> {
                    NetNamespace.enterNew();
                    Path ipv6 = Path.of("/proc/sys/net/ipv6/conf");
                    Files.writeString(ipv6.resolve("all/disable_ipv6"), "1");
                    Files.writeString(ipv6.resolve("default/disable_ipv6"), "1");
                    return "";
                });
    }

    /** Calls something in the namespace. */
    <T> T run(Callable<T> task) throws Exception {
        try {
            return thread.submit(task).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception exception) {
                throw exception;
            }
            throw e;
        }
    }

    /** Runs ip(8) with these words in the namespace. */
    void ip(String words) throws Exception {
        command("ip " + words);
    }

    /** Runs a command in the namespace. */
    void command(String line) throws Exception {
        run(() -> commandHere(line));
    }

    /** Runs ip(8) with these words where the calling thread is. */
    static String ipHere(String words) throws IOException, InterruptedException {
        return commandHere("ip " + words);
    }

    private static String commandHere(String line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line.split(" ")).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        // JUnit is not there where programs of tests run.
        if (process.waitFor() != 0) {
            throw new AssertionError(line + "\n" + output);
        }
        return output;
    }

    @Override
    public void close() {
        thread.close();
    }
}
