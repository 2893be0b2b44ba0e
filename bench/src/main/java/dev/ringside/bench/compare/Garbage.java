package dev.ringside.bench.compare;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the data path of a running Ringside has allocated, from {@code jcmd Thread.print -e}. */
final class Garbage {
    private static final Pattern SHARD =
            Pattern.compile("^\"ringside-shard-\\d+\".* allocated=(\\d+)([BKMG]) ");

    private Garbage() {}

    /** Bytes that the shards' threads have allocated since they started. */
    static long shardBytes(final long pid) throws IOException {
        final Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        final Process process =
                new ProcessBuilder(
                                List.of(jcmd.toString(), Long.toString(pid), "Thread.print", "-e"))
                        .redirectErrorStream(true)
                        .start();
        final String text =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        long bytes = 0;
        int shards = 0;
        for (final String line : text.split("\n", -1)) {
            final Matcher matcher = SHARD.matcher(line);
            if (matcher.find()) {
                shards++;
                bytes += Long.parseLong(matcher.group(1)) << shift(matcher.group(2));
            }
        }
        if (shards == 0) {
            throw new IOException("jcmd shows no shard of process " + pid + ": " + text);
        }
        return bytes;
    }

    private static int shift(final String unit) {
        return "BKMG".indexOf(unit) * 10;
    }
}
