package dev.ringside.frontend;

/**
 * What a {@link NetLoad} saw.
 *
 * @param sent frames that the device has taken and given back
 * @param received frames that came, each counted once
 * @param lost frames of a loop that never came back
 * @param duplicated frames of a loop that came more than once
 * @param reordered frames of a loop that came after a later one of the same pair
 * @param altered frames that came but are not what was sent, or no frames at all
 * @param receivedBytes bytes of the frames received, headers of virtio not counted
 * @param elapsedNs from the first frame to the last
 * @param latency from giving a frame to the queue to taking it back, when that was asked for
 * @param kicks signals to the device
 * @param calls signals from the device
 * @param backendCpuNs processor time of the back-end's process; 0 when its pid was not given
 */
public record NetLoadResult(
        NetLoadOptions.Mode mode,
        long sent,
        long received,
        long lost,
        long duplicated,
        long reordered,
        long altered,
        long receivedBytes,
        long elapsedNs,
        LatencyRecorder latency,
        long kicks,
        long calls,
        long backendCpuNs) {

    /** Frames that count: those sent into a sink, else those received. */
    public long frames() {
        return mode == NetLoadOptions.Mode.SINK ? sent : received;
    }

    /** Frames per second. */
    public double framesPerSecond() {
        return elapsedNs == 0 ? 0 : frames() * 1e9 / elapsedNs;
    }

    /** The back-end's processor time for each frame. */
    public double cpuNsPerFrame() {
        return frames() == 0 ? 0 : (double) backendCpuNs / frames();
    }

    /** Whether every frame came back once, in order, as it was sent. */
    public boolean clean() {
        return lost == 0 && duplicated == 0 && reordered == 0 && altered == 0;
    }

    /** One line for people. */
    public String summary() {
        return String.format(
                "%s: %.3f M frames/s, %d sent, %d received, %d lost, %d duplicated, %d reordered,"
                        + " %d altered, CPU %.1f ns/frame, latency p50 %d ns, p99 %d ns, max %d ns,"
                        + " %d kicks, %d calls",
                mode,
                framesPerSecond() / 1e6,
                sent,
                received,
                lost,
                duplicated,
                reordered,
                altered,
                cpuNsPerFrame(),
                latency.percentileNs(0.5),
                latency.percentileNs(0.99),
                latency.maxNs(),
                kicks,
                calls);
    }
}
