package dev.ringside.server.process;

import dev.ringside.server.engine.SlowWork;
import dev.ringside.server.log.Log;
import dev.ringside.server.options.CaptureOptions;
import dev.ringside.server.options.OperatorException;
import dev.ringside.virtio.net.filter.Capture;
import dev.ringside.virtio.net.filter.CapturePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The captures of this process: one thread writes what all of them gather. They are switched on and
 * off together, by {@link #toggle}. Methods may be called on any thread but a shard.
 */
final class Captures implements AutoCloseable {
    /** Between two looks when there was nothing to write: what a viewer may lag behind. */
    private static final long PAUSE_NS = 20_000_000;

    /** A pipe that nobody reads shall not keep guests waiting. */
    private static final long FLUSH_NS = 500_000_000;

    private final List<Source> sources = new ArrayList<>();
    private final SlowWork writer = new SlowWork("ringside-capture");
    private volatile @Nullable Thread writing;
    private boolean writes;
    private boolean closing;
    private boolean takenOver;

    /** A NIC whose traffic can be captured. */
    private static final class Source {
        final String nic;
        final CapturePort port;
        final CaptureOptions options;
        final boolean pipe;
        int begun;

        /** Switched off for a while only. */
        boolean frozen;

        @Nullable Capture running;

        Source(String nic, CapturePort port, CaptureOptions options) {
            this.nic = nic;
            this.port = port;
            this.options = options;
            Path target = options.target();
            pipe = Files.exists(target) && !Files.isRegularFile(target);
        }

        /**
         * A file is never overwritten by the next capture: that one has a number behind.
         *
         * @param keepOthers nor is one that is there already
         */
        Path nextTarget(boolean keepOthers) {
            Path next = numbered();
            while (keepOthers && !pipe && Files.exists(next)) {
                next = numbered();
            }
            return next;
        }

        private Path numbered() {
            begun++;
            return begun == 1 || pipe
                    ? options.target()
                    : options.target().resolveSibling(options.target().getFileName() + "." + begun);
        }
    }

    /** Before {@link #start} or {@link #begin}: a NIC whose traffic can be captured. */
    synchronized void add(String nic, CapturePort port, CaptureOptions options) {
        sources.add(new Source(nic, port, options));
    }

    /**
     * Switches on those that are to be on from the start.
     *
     * @throws OperatorException when one cannot be written
     */
    synchronized void start() throws OperatorException {
        for (Source source : sources) {
            if (!takenOver) {
                beginFirst(source);
            }
        }
        writeFromNowOn();
    }

    /** After {@link #start}: as that, for a NIC that has come since. */
    synchronized void begin(String nic) throws OperatorException {
        for (Source source : sources) {
            if (source.nic.equals(nic)) {
                beginFirst(source);
            }
        }
        writeFromNowOn();
    }

    private void beginFirst(Source source) throws OperatorException {
        if (!source.options.on()) {
            return;
        }
        try {
            begin(source);
        } catch (IOException e) {
            throw new OperatorException(
                    "the capture of NIC "
                            + source.nic
                            + " cannot begin: "
                            + e.getMessage()
                            + ": choose a file that this user may write",
                    e);
        }
    }

    private void writeFromNowOn() {
        if (!sources.isEmpty() && !writes) {
            writes = true;
            writer.execute(this::write);
        }
        LockSupport.unpark(writing);
    }

    /** A NIC that goes: what was captured of it is written to the end. */
    synchronized void remove(String nic) throws InterruptedException {
        for (Source source : List.copyOf(sources)) {
            if (source.nic.equals(nic)) {
                if (source.running != null) {
                    source.running.stop();
                }
                awaitWritten(List.of(source));
                sources.remove(source);
            }
        }
    }

    private Path begin(Source source) throws IOException {
        Path target = source.nextTarget(takenOver);
        Capture capture = source.port.start(target, source.options.snapBytes());
        IOException failure = capture.failure();
        if (failure != null) {
            throw failure;
        }
        source.running = capture;
        return target;
    }

    /** Switches all off when any is on, else all on; says so. */
    synchronized void toggle() {
        if (sources.isEmpty()) {
            Log.about("capture").info("SIGUSR2: there is no --capture to switch on or off");
            return;
        }
        if (sources.stream().anyMatch(source -> source.running != null)) {
            for (Source source : sources) {
                if (source.running != null) {
                    source.running.stop();
                }
            }
            return;
        }
        sources.forEach(this::beginAgain);
        LockSupport.unpark(writing);
    }

    /** Which NICs are captured now, for another process. */
    synchronized Map<String, String> running(String on) {
        Map<String, String> all = new HashMap<>();
        for (Source source : sources) {
            if (source.running != null) {
                all.put(source.nic, on);
            }
        }
        return all;
    }

    /**
     * Before {@link #start}: goes on after {@link #thaw} with what another process captures, in
     * files of its own.
     *
     * @param names its {@link #running(String)}
     */
    synchronized void takeOver(Set<String> names) {
        takenOver = true;
        for (Source source : sources) {
            source.frozen = names.contains(source.nic);
        }
    }

    /** Switches off what is on for a while, and waits until all of it is written. */
    synchronized void freeze() throws InterruptedException {
        for (Source source : sources) {
            source.frozen = source.running != null;
            if (source.running != null) {
                source.running.stop();
            }
        }
        awaitWritten(sources);
    }

    private void awaitWritten(List<Source> stopped) throws InterruptedException {
        LockSupport.unpark(writing);
        long endNs = System.nanoTime() + FLUSH_NS;
        while (stopped.stream().anyMatch(source -> source.running != null)
                && System.nanoTime() < endNs) {
            wait(1);
        }
    }

    /** Switches on again what was off for a while. */
    synchronized void thaw() {
        for (Source source : sources) {
            if (source.frozen) {
                source.frozen = false;
                beginAgain(source);
            }
        }
        LockSupport.unpark(writing);
    }

    private void beginAgain(Source source) {
        try {
            Log.about("capture")
                    .device(source.nic)
                    .info("capture of NIC " + source.nic + " on: " + begin(source));
        } catch (IOException e) {
            Log.about("capture")
                    .device(source.nic)
                    .warn("capture of NIC " + source.nic + " cannot begin: " + e.getMessage());
        }
    }

    private void write() {
        writing = Thread.currentThread();
        while (true) {
            boolean wrote = false;
            for (Capture capture : running()) {
                int count = capture.poll();
                wrote |= count > 0;
                if (count == Capture.OVER) {
                    ended(capture);
                }
            }
            if (!wrote && !pause()) {
                return;
            }
        }
    }

    private synchronized List<Capture> running() {
        List<Capture> all = new ArrayList<>();
        for (Source source : sources) {
            if (source.running != null) {
                all.add(source.running);
            }
        }
        return all;
    }

    private synchronized void ended(Capture capture) {
        for (Source source : sources) {
            if (source.running == capture) {
                source.running = null;
                tell(source.nic, capture);
                notifyAll();
            }
        }
    }

    private static void tell(String nic, Capture capture) {
        String counts = capture.packets() + " frames, " + capture.dropped() + " dropped";
        IOException failure = capture.failure();
        if (failure == null) {
            Log.about("capture").device(nic).info("capture of NIC " + nic + " off: " + counts);
        } else {
            Log.about("capture")
                    .device(nic)
                    .warn("capture of NIC " + nic + " failed after " + counts + ": " + failure);
        }
    }

    /** False when all is over. */
    private boolean pause() {
        boolean idle;
        synchronized (this) {
            idle = sources.stream().allMatch(source -> source.running == null);
            if (idle && closing) {
                return false;
            }
        }
        if (idle) {
            // While nothing is captured this thread costs nothing.
            LockSupport.park(this);
        } else {
            LockSupport.parkNanos(this, PAUSE_NS);
        }
        return true;
    }

    /** Ends all, and waits until what was captured is written. */
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
            for (Source source : sources) {
                if (source.running != null) {
                    source.running.stop();
                }
            }
            LockSupport.unpark(writing);
        }
        writer.close();
    }
}
