package dev.ringside.frontend;

import dev.ringside.shm.Epoll;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;

/**
 * Keeps the pairs of a NIC busy and measures what goes through. The loop allocates nothing, takes
 * no lock, and never waits while polling.
 *
 * <p>{@link #run} works on the calling thread, {@link #start} on one of its own. {@link #stop} and
 * {@link #completed} may be called by any thread. A load is used once, and takes over its driver's
 * rings: they must be fresh or restarted ({@link NetDriver#restart}), and be restarted before
 * anything else uses them.
 */
public final class NetLoad {
    // How often a polling loop looks at the clock and at stop().
    private static final int LOOKS = 16;
    private static final int IDLE_LOOKS = 1024;
    private static final long LONGEST_SLEEP_NS = 100_000_000L;

    private final NetLoadOptions options;
    private final FramePattern pattern;
    private final NetLane[] lanes;
    private final LatencyRecorder latency = new LatencyRecorder();
    private final AtomicLong completed = new AtomicLong();
    private volatile boolean stopped;
    private volatile boolean abandoned;

    private long issued;
    private long nowNs;
    private long progressNs;
    private long lastFrameNs;

    /**
     * On every pair of a driver. Takes memory of the driver for its buffers.
     *
     * @throws IllegalArgumentException when the buffers do not fit into the rings, or these are not
     *     empty
     */
    public NetLoad(final NetDriver driver, final NetLoadOptions options) {
        this.options = options;
        this.pattern = new FramePattern(options.seed(), options.flows());
        final int least = options.sizes().least();
        if (options.verify() && least < pattern.verifiedBytes()) {
            throw new IllegalArgumentException(
                    "frames below " + pattern.verifiedBytes() + " bytes cannot be verified");
        }
        if (options.flows() > 0 && least < pattern.numberedBytes()) {
            throw new IllegalArgumentException(
                    "frames below " + pattern.numberedBytes() + " bytes cannot be of flows");
        }
        this.lanes = new NetLane[driver.pairs()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new NetLane(driver, i, options, pattern, latency);
        }
        for (final NetLane lane : lanes) {
            lane.lanes(lanes);
        }
    }

    /** Lets the load end once its frames are back. */
    public void stop() {
        stopped = true;
    }

    /** Ends the load at once, when nothing more is to come: {@link #run} throws. */
    public void abandon() {
        abandoned = true;
        for (final NetLane lane : lanes) {
            lane.receiveq().callFd().signal();
        }
    }

    /** Frames that went all their way so far. */
    public long completed() {
        return completed.getOpaque();
    }

    /** A load at work on its own thread. */
    public final class Running {
        private final LoadThread<NetLoadResult> thread;

        private Running(final int... cpus) {
            thread = LoadThread.start(NetLoad.this::run, cpus);
        }

        /** The load, to stop it or see how far it is. */
        public NetLoad load() {
            return NetLoad.this;
        }

        /** Whether it ended, well or not. */
        public boolean ended() {
            return thread.ended();
        }

        /** Stops it and waits for its result. */
        public NetLoadResult stopAndJoin() throws IOException {
            stop();
            return join();
        }

        /** Waits for its result; throws what the load threw. */
        public NetLoadResult join() throws IOException {
            return thread.join();
        }
    }

    /** Runs on a thread of its own, pinned to the given processors if there are any. */
    public Running start(final int... cpus) {
        return new Running(cpus);
    }

    /**
     * Runs until the time, the number of frames or {@link #stop} ends it, then waits for what is
     * under way.
     *
     * @throws IOException when the device stops moving frames
     */
    public NetLoadResult run() throws IOException {
        final long kicks = sum(NetLoad::kicks);
        final long calls = sum(NetLoad::calls);
        for (final NetLane lane : lanes) {
            lane.transmitq().suppressCalls();
            lane.receiveq().suppressCalls();
            lane.post();
        }
        final long cpuNs = cpuNs();
        final long startNs = System.nanoTime();
        nowNs = startNs;
        progressNs = startNs;
        lastFrameNs = startNs;
        try (Epoll epoll = Epoll.create()) {
            for (final NetLane lane : lanes) {
                epoll.add(lane.transmitq().callFd().number(), Epoll.IN, 0);
                epoll.add(lane.receiveq().callFd().number(), Epoll.IN, 0);
            }
            loop(epoll, startNs);
            if (options.mode() != NetLoadOptions.Mode.SOURCE) {
                settle(epoll);
            }
        }
        return new NetLoadResult(
                options.mode(),
                sum(NetLane::taken),
                received(),
                options.mode() == NetLoadOptions.Mode.LOOP ? sum(l -> l.ledger().missing()) : 0,
                sum(lane -> lane.ledger().duplicated()),
                sum(lane -> lane.ledger().reordered()),
                sum(NetLane::altered),
                sum(NetLane::bytes),
                lastFrameNs - startNs,
                latency,
                sum(NetLoad::kicks) - kicks,
                sum(NetLoad::calls) - calls,
                cpuNs() - cpuNs);
    }

    private long cpuNs() throws IOException {
        return options.backendPid() == 0 ? 0 : ProcessUsage.cpuNs(options.backendPid());
    }

    private long received() {
        return options.mode() == NetLoadOptions.Mode.LOOP && numbered()
                ? sum(lane -> lane.ledger().received())
                : sum(NetLane::frames);
    }

    private boolean numbered() {
        return options.sizes().least() >= pattern.numberedBytes();
    }

    private static long kicks(final NetLane lane) {
        return lane.transmitq().kicks() + lane.receiveq().kicks();
    }

    private static long calls(final NetLane lane) {
        return lane.transmitq().calls() + lane.receiveq().calls();
    }

    private long sum(final ToLongFunction<NetLane> value) {
        long sum = 0;
        for (final NetLane lane : lanes) {
            sum += value.applyAsLong(lane);
        }
        return sum;
    }

    private void loop(final Epoll epoll, final long startNs) throws IOException {
        final long deadlineNs =
                options.durationNs() == 0 ? Long.MAX_VALUE : startNs + options.durationNs();
        final long limit = options.frames() == 0 ? Long.MAX_VALUE : options.frames();
        int turns = 0;
        int idle = 0;
        while (true) {
            long moved = 0;
            for (final NetLane lane : lanes) {
                moved += lane.receive();
                moved += fill(lane, limit);
            }
            if (moved > 0) {
                idle = 0;
                if (++turns % LOOKS == 0 || !options.polled()) {
                    look();
                }
            } else if (!options.polled()) {
                sleep(epoll);
                lookIdle();
            } else if (++idle % IDLE_LOOKS == 0) {
                lookIdle();
            } else {
                Thread.onSpinWait();
            }
            if (nowNs >= deadlineNs || stopped || done() >= limit) {
                look();
                return;
            }
        }
    }

    // Frames that the limit counts: sent ones, or received ones of a source.
    private long done() {
        if (options.mode() != NetLoadOptions.Mode.SOURCE) {
            return issued;
        }
        long frames = 0;
        for (final NetLane lane : lanes) {
            frames += lane.frames();
        }
        return frames;
    }

    private int fill(final NetLane lane, final long limit) {
        final int room = (int) Math.min(lane.room(), limit - issued);
        lane.send(room);
        issued += Math.max(room, 0);
        return room;
    }

    private void look() {
        nowNs = System.nanoTime();
        progressNs = nowNs;
        lastFrameNs = nowNs;
        publishCount();
    }

    private void publishCount() {
        long count = 0;
        for (final NetLane lane : lanes) {
            count += options.mode() == NetLoadOptions.Mode.SINK ? lane.taken() : lane.frames();
        }
        completed.setOpaque(count);
    }

    private void lookIdle() throws IOException {
        nowNs = System.nanoTime();
        publishCount();
        if (abandoned || nowNs - progressNs > options.stallNs()) {
            throw new IOException(
                    "the device moved no frame for "
                            + (nowNs - progressNs) / 1_000_000
                            + " ms with "
                            + outstanding()
                            + " frames under way");
        }
    }

    private long outstanding() {
        long count = 0;
        for (final NetLane lane : lanes) {
            count += lane.outstanding();
        }
        return count;
    }

    // What was sent may still come, or be given back; nothing new is sent.
    private void settle(final Epoll epoll) {
        long quietSinceNs = System.nanoTime();
        while (outstanding() > 0) {
            int moved = 0;
            for (final NetLane lane : lanes) {
                moved += lane.receive();
                moved += lane.reap();
            }
            nowNs = System.nanoTime();
            if (moved > 0) {
                quietSinceNs = nowNs;
                lastFrameNs = nowNs;
            } else if (nowNs - quietSinceNs > options.settleNs()) {
                break;
            } else if (!options.polled()) {
                sleep(epoll);
            } else {
                Thread.onSpinWait();
            }
        }
        publishCount();
    }

    private void sleep(final Epoll epoll) {
        boolean ready = false;
        for (final NetLane lane : lanes) {
            if (options.mode() != NetLoadOptions.Mode.SOURCE) {
                lane.reap();
                ready |= lane.transmitq().requestCalls();
            }
            if (options.mode() != NetLoadOptions.Mode.SINK) {
                ready |= lane.receiveq().requestCalls();
            }
        }
        if (!ready) {
            epoll.await(
                    Math.min(Math.min(options.stallNs(), options.settleNs()), LONGEST_SLEEP_NS));
        }
        for (final NetLane lane : lanes) {
            lane.transmitq().suppressCalls();
            lane.transmitq().drainCalls();
            lane.receiveq().suppressCalls();
            lane.receiveq().drainCalls();
        }
    }
}
