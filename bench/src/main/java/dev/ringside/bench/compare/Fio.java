package dev.ringside.bench.compare;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * fio on a file with O_DIRECT through io_uring: what the medium gives without a back-end and a
 * ring.
 *
 * @param file what it reads and writes
 * @param cpu its processor
 */
record Fio(Path file, int cpu) {
    // Of fio's terse output, version 3; docs: fio(1), "TERSE OUTPUT".
    private static final int READ = 5;
    private static final int WRITE = 46;
    private static final int IOPS = 2;
    private static final int RUNTIME_MS = 3;
    private static final int PERCENTILES = 12;
    private static final int USER_PERCENT = 87;
    private static final int SYSTEM_PERCENT = 88;

    /** Runs it once. */
    Duel.Turn turn(final boolean write, final int depth, final long durationNs) throws IOException {
        final Path log = Path.of(file + ".fio.log");
        final Process process =
                new ProcessBuilder(command(write, depth, durationNs))
                        .redirectError(log.toFile())
                        .start();
        final String text;
        try (var in = process.getInputStream()) {
            text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        try {
            if (process.waitFor() != 0) {
                throw new IOException("fio failed: " + Files.readString(log) + text);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while fio ran", e);
        }
        Files.deleteIfExists(log);
        return parse(text, write);
    }

    private List<String> command(final boolean write, final int depth, final long durationNs) {
        return List.of(
                "taskset",
                "-c",
                Integer.toString(cpu),
                "fio",
                "--name=direct",
                "--filename=" + file,
                "--ioengine=io_uring",
                "--direct=1",
                "--bs=4k",
                "--rw=" + (write ? "randwrite" : "randread"),
                "--iodepth=" + depth,
                // Like our front-end: blocks may come again.
                "--norandommap",
                "--randrepeat=0",
                "--time_based",
                String.format(Locale.ROOT, "--runtime=%dms", durationNs / 1_000_000),
                "--percentile_list=50",
                "--output-format=terse",
                "--terse-version=3");
    }

    /**
     * What fio says in its terse output, version 3.
     *
     * @throws IOException when it is something else
     */
    static Duel.Turn parse(final String text, final boolean write) throws IOException {
        final String line =
                text.lines()
                        .filter(each -> each.startsWith("3;"))
                        .findFirst()
                        .orElseThrow(() -> new IOException("fio said: " + text));
        final String[] fields = line.split(";", -1);
        final int at = write ? WRITE : READ;
        final double perSecond = Double.parseDouble(fields[at + IOPS]);
        final double runtimeMs = Double.parseDouble(fields[at + RUNTIME_MS]);
        if (perSecond == 0 || runtimeMs == 0) {
            throw new IOException("fio got nothing done: " + line);
        }
        final double cpuPercent = percent(fields[USER_PERCENT]) + percent(fields[SYSTEM_PERCENT]);
        return new Duel.Turn(
                perSecond, cpuPercent / 100 * 1e9 / perSecond, medianNs(fields[at + PERCENTILES]));
    }

    private static double percent(final String field) {
        return Double.parseDouble(field.replace("%", ""));
    }

    // Such as 50.000000%=43: microseconds.
    private static long medianNs(final String field) {
        return (long) (Double.parseDouble(field.substring(field.indexOf('=') + 1)) * 1e3);
    }
}
