package dev.ringside.frontend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What another process uses, from {@code /proc} (proc_pid_stat(5)). Any thread. */
public final class ProcessUsage {
    // sysconf(_SC_CLK_TCK) is 100 on every Linux that Java runs on.
    private static final long NS_PER_TICK = 10_000_000;
    private static final int UTIME_FIELD = 11;
    private static final int STIME_FIELD = 12;

    private ProcessUsage() {}

    /** User and system time of all its threads, also of those that ended; steps of 10 ms. */
    public static long cpuNs(final long pid) throws IOException {
        final String stat = Files.readString(proc(pid).resolve("stat"));
        // The name may hold blanks and parentheses: fields are counted after its end.
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(fields[UTIME_FIELD]) + Long.parseLong(fields[STIME_FIELD]))
                * NS_PER_TICK;
    }

    /** Resident memory (VmRSS), files and shared memory included. */
    public static long residentBytes(final long pid) throws IOException {
        return statusBytes(pid, "VmRSS:");
    }

    /** {@link #residentBytes} without shared memory (RssShmem): memfd, tmpfs. */
    public static long ownResidentBytes(final long pid) throws IOException {
        return residentBytes(pid) - statusBytes(pid, "RssShmem:");
    }

    private static long statusBytes(final long pid, final String key) throws IOException {
        try (Stream<String> lines = Files.lines(proc(pid).resolve("status"))) {
            return lines.filter(line -> line.startsWith(key))
                            .map(line -> line.replaceAll("\\D", ""))
                            .mapToLong(Long::parseLong)
                            .findFirst()
                            .orElse(0)
                    * 1024;
        }
    }

    /** How many descriptors it has open. */
    public static long openDescriptors(final long pid) throws IOException {
        try (Stream<Path> fds = Files.list(proc(pid).resolve("fd"))) {
            return fds.count();
        }
    }

    /** How many of its mappings have a path that contains {@code text}. */
    public static long mappings(final long pid, final String text) throws IOException {
        try (Stream<String> lines = Files.lines(proc(pid).resolve("maps"))) {
            return lines.filter(line -> line.contains(text)).count();
        }
    }

    private static Path proc(final long pid) {
        return Path.of("/proc", Long.toString(pid));
    }
}
