package dev.ringside.metrics.prometheus;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/**
 * The process as the kernel sees it, under the names that Prometheus' own client libraries use.
 * What /proc does not tell is left out of the answer.
 */
final class ProcessCollector implements MultiCollector {
    private static final double NS_PER_SECOND = 1e9;

    /** Fields of proc_pid_status(5) are in KiB. */
    private static final long STATUS_UNIT = 1024;

    private final Path proc;

    ProcessCollector(Path proc) {
        this.proc = proc;
    }

    @Override
    public MetricSnapshots collect() {
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        ProcessHandle.Info process = ProcessHandle.current().info();
        process.totalCpuDuration().ifPresent(cpu -> all.metricSnapshot(cpuSeconds(cpu)));
        process.startInstant().ifPresent(start -> all.metricSnapshot(startTime(start)));
        gauge(all, "process_open_fds", "Open file descriptors", openFds());
        gauge(all, "process_max_fds", "Limit of open file descriptors", maxFds());
        gauge(all, "process_resident_memory_bytes", "Resident memory", status("VmRSS:"));
        gauge(all, "process_virtual_memory_bytes", "Virtual memory", status("VmSize:"));
        return all.build();
    }

    private static CounterSnapshot cpuSeconds(Duration cpu) {
        var family = CounterSnapshot.builder();
        family.name("process_cpu_seconds").help("CPU time used, user and system");
        family.dataPoint(
                CounterSnapshot.CounterDataPointSnapshot.builder()
                        .value(cpu.toNanos() / NS_PER_SECOND)
                        .build());
        return family.build();
    }

    private static GaugeSnapshot startTime(Instant start) {
        return gauge(
                "process_start_time_seconds",
                "Start time since the Unix epoch",
                start.toEpochMilli() / 1e3);
    }

    private static void gauge(MetricSnapshots.Builder all, String name, String help, long value) {
        if (value >= 0) {
            all.metricSnapshot(gauge(name, help, (double) value));
        }
    }

    private static GaugeSnapshot gauge(String name, String help, double value) {
        var family = GaugeSnapshot.builder();
        family.name(name).help(help);
        family.dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder().value(value).build());
        return family.build();
    }

    private long openFds() {
        try (DirectoryStream<Path> fds = Files.newDirectoryStream(proc.resolve("fd"))) {
            long count = 0;
            for (Path unused : fds) {
                count++;
            }
            // Without the one that lists the directory.
            return count - 1;
        } catch (IOException e) {
            return -1;
        }
    }

    private long maxFds() {
        return number(proc.resolve("limits"), "Max open files");
    }

    private long status(String field) {
        long kib = number(proc.resolve("status"), field);
        return kib < 0 ? -1 : kib * STATUS_UNIT;
    }

    /** The first number after a line's field name; -1: there is none. */
    private static long number(Path file, String field) {
        try {
            for (String line : Files.readAllLines(file)) {
                if (line.startsWith(field)) {
                    return Long.parseLong(firstWord(line.substring(field.length()).strip()));
                }
            }
        } catch (IOException | NumberFormatException e) {
            // "unlimited", or a kernel without the file.
            return -1;
        }
        return -1;
    }

    private static String firstWord(String text) {
        int end = 0;
        while (end < text.length() && !Character.isWhitespace(text.charAt(end))) {
            end++;
        }
        return text.substring(0, end);
    }
}
