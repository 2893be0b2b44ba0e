package dev.ringside.shm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the kernel says about this process's threads (proc_pid_status(5)). */
final class ThreadStatus {
    private static final int HEX = 16;

    private ThreadStatus() {}

    /** The capabilities that the calling process has or could have, a bit for each. */
    static long permittedCapabilities() throws LinuxException {
        Path status = Path.of("/proc/self/status");
        try {
            return Long.parseUnsignedLong(field(Files.readString(status), "CapPrm"), HEX);
        } catch (IOException e) {
            throw new LinuxException("read " + status, Errno.EIO, e.toString());
        }
    }

    /**
     * Checks that every thread is filtered, can gain no privilege, and has no more capabilities.
     *
     * @throws LinuxException when one is not so
     */
    static void requireConfined(List<String> threads, long capabilities) throws LinuxException {
        for (String thread : threads) {
            String status;
            try {
                status = Files.readString(EveryThread.TASKS.resolve(thread).resolve("status"));
            } catch (IOException e) {
                // A thread that ends while it is read.
                continue;
            }
            String name = field(status, "Name");
            require(name, status, "NoNewPrivs", "1");
            require(name, status, "Seccomp", "2");
            for (String set : List.of("CapEff", "CapPrm")) {
                long has = Long.parseUnsignedLong(field(status, set), HEX);
                if ((has & ~capabilities) != 0) {
                    throw unconfined(name, set, Long.toHexString(has));
                }
            }
        }
    }

    private static void require(String thread, String status, String field, String value)
            throws LinuxException {
        String found = field(status, field);
        if (!found.equals(value)) {
            throw unconfined(thread, field, found);
        }
    }

    private static LinuxException unconfined(String thread, String field, String found) {
        return new LinuxException(
                "sandbox",
                Errno.EPERM,
                "thread " + thread + " is not confined: " + field + " is " + found);
    }

    private static String field(String status, String name) {
        return status.lines()
                .filter(line -> line.startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip())
                .findFirst()
                .orElse("");
    }
}
