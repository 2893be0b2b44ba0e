package dev.ringside.frontend;

/**
 * What a {@link BlkLoad} saw.
 *
 * @param reads reads that came back
 * @param writes writes that came back
 * @param errors of them, those whose status was not OK
 * @param mismatches reads whose data was not what had been written
 * @param elapsedNs from the first request to the last answer
 * @param readLatency from giving a read to the queue, or its time where the load has a rate, to
 *     taking it back; at depths above 1 the clock is read once for each burst
 * @param writeLatency that of writes
 * @param kicks signals to the device
 * @param calls signals from the device
 */
public record LoadResult(
        long reads,
        long writes,
        long errors,
        long mismatches,
        long blockBytes,
        long elapsedNs,
        LatencyRecorder readLatency,
        LatencyRecorder writeLatency,
        long kicks,
        long calls) {

    /** That of all requests. */
    public LatencyRecorder latency() {
        final LatencyRecorder all = new LatencyRecorder();
        all.add(readLatency);
        all.add(writeLatency);
        return all;
    }

    /** All requests that came back. */
    public long requests() {
        return reads + writes;
    }

    /** Requests per second. */
    public double requestsPerSecond() {
        return elapsedNs == 0 ? 0 : requests() * 1e9 / elapsedNs;
    }

    /** Bytes per second. */
    public double bytesPerSecond() {
        return requestsPerSecond() * blockBytes;
    }

    /** Whether every request was answered with OK and every read had the right data. */
    public boolean clean() {
        return errors == 0 && mismatches == 0;
    }

    /** One line for people. */
    public String summary() {
        final LatencyRecorder latency = latency();
        return String.format(
                "%.1f k requests/s, %.1f MiB/s, latency p50 %.1f us, p99 %.1f us, max %.1f us, "
                        + "%d reads, %d writes, %d errors, %d mismatches, %d kicks, %d calls",
                requestsPerSecond() / 1e3,
                bytesPerSecond() / (1 << 20),
                latency.percentileNs(0.5) / 1e3,
                latency.percentileNs(0.99) / 1e3,
                latency.maxNs() / 1e3,
                reads,
                writes,
                errors,
                mismatches,
                kicks,
                calls);
    }
}
