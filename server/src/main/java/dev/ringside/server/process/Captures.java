package dev.ringside.server.process;

import dev.ringside.server.engine.SlowWork;
import dev.ringside.server.log.Log;
import dev.ringside.server.options.CaptureOptions;
import dev.ringside.server.options.OperatorException;
import dev.ringside.virtio.net.filter.Capture;
import dev.ringside.virtio.net.filter.CapturePort;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    private final List<CaptureSource> sources = new ArrayList<>();
    private final SlowWork writer = new SlowWork("ringside-capture");
    private volatile @Nullable Thread writing;
    private boolean writes;
    private boolean closing;
    private boolean takenOver;

    /** Before {@link #start} or {@link #begin}: a NIC whose traffic can be captured. */
    synchronized void add(String nic, CapturePort port, @Nullable CaptureOptions options) {
        sources.add(new CaptureSource(nic, port, options));
    }

    /**
     * Switches on those that are to be on from the start.
     *
     * @throws OperatorException when one cannot be written
     */
    synchronized void start() throws OperatorException {
        for (CaptureSource source : sources) {
            if (!takenOver) {
                beginFirst(source);
            }
        }
        writeFromNowOn();
    }

    /** After {@link #start}: as that, for a NIC that has come since. */
    synchronized void begin(String nic) throws OperatorException {
        for (CaptureSource source : sources) {
            if (source.nic.equals(nic)) {
                beginFirst(source);
            }
        }
        writeFromNowOn();
    }

    private void beginFirst(CaptureSource source) throws OperatorException {
        if (!source.fromTheStart()) {
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
        for (CaptureSource source : List.copyOf(sources)) {
            if (source.nic.equals(nic)) {
                source.stop();
                awaitWritten(List.of(source));
                sources.remove(source);
            }
        }
    }

    private Path begin(CaptureSource source) throws IOException {
        return source.begin(takenOver);
    }

    /**
     * Begins the capture of one NIC.
     *
     * @param file a new file, or a pipe; null: where its options say
     * @param snaplen most bytes of each frame; null: as its options say, or all
     * @return where it goes
     */
    synchronized String start(String nic, @Nullable String file, @Nullable Integer snaplen)
            throws OperatorException {
        CaptureSource source = source(nic);
        if (source.running != null) {
            throw new OperatorException(
                    "NIC " + nic + " is being captured already: stop that first");
        }
        source.aim(file, snaplen);
        try {
            Path target = begin(source);
            writeFromNowOn();
            return target.toString();
        } catch (IOException e) {
            throw new OperatorException(
                    "the capture of NIC "
                            + nic
                            + " cannot begin: "
                            + e.getMessage()
                            + ": name a file that this process may write",
                    e);
        }
    }

    /** Ends the capture of one NIC, and waits until it is written; tells how much it is. */
    synchronized String stop(String nic) throws OperatorException, InterruptedException {
        CaptureSource source = source(nic);
        Capture capture = source.running;
        if (capture == null) {
            throw new OperatorException("NIC " + nic + " is not being captured");
        }
        capture.stop();
        awaitWritten(List.of(source));
        return counts(capture);
    }

    private CaptureSource source(String nic) throws OperatorException {
        for (CaptureSource source : sources) {
            if (source.nic.equals(nic)) {
                return source;
            }
        }
        throw new OperatorException("NIC " + nic + " cannot be captured");
    }

    /** Switches all off when any is on, else all on; says so. */
    synchronized void toggle() {
        if (sources.stream().noneMatch(CaptureSource::hasTarget)) {
            Log.about("capture").info("SIGUSR2: there is no --capture to switch on or off");
            return;
        }
        if (sources.stream().anyMatch(source -> source.running != null)) {
            sources.forEach(CaptureSource::stop);
            return;
        }
        sources.stream().filter(CaptureSource::hasTarget).forEach(this::beginAgain);
        LockSupport.unpark(writing);
    }

    /** Which NICs are captured now, for another process. */
    synchronized Map<String, String> running() {
        Map<String, String> all = new HashMap<>();
        for (CaptureSource source : sources) {
            if (source.running != null) {
                all.put(source.nic, source.saved());
            }
        }
        return all;
    }

    /**
     * Before {@link #start}: goes on after {@link #thaw} with what another process captures, in
     * files of its own.
     *
     * @param captured its {@link #running()}
     */
    synchronized void takeOver(Map<String, String> captured) {
        takenOver = true;
        for (CaptureSource source : sources) {
            String saved = captured.get(source.nic);
            if (saved != null) {
                source.restore(saved);
            }
        }
    }

    /** Switches off what is on for a while, and waits until all of it is written. */
    synchronized void freeze() throws InterruptedException {
        for (CaptureSource source : sources) {
            source.frozen = source.running != null;
            source.stop();
        }
        awaitWritten(sources);
    }

    private void awaitWritten(List<CaptureSource> stopped) throws InterruptedException {
        LockSupport.unpark(writing);
        long endNs = System.nanoTime() + FLUSH_NS;
        while (stopped.stream().anyMatch(source -> source.running != null)
                && System.nanoTime() < endNs) {
            wait(1);
        }
    }

    /** Switches on again what was off for a while. */
    synchronized void thaw() {
        for (CaptureSource source : sources) {
            if (source.frozen) {
                source.frozen = false;
                beginAgain(source);
            }
        }
        LockSupport.unpark(writing);
    }

    private void beginAgain(CaptureSource source) {
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
            for (Capture capture : captures()) {
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

    private synchronized List<Capture> captures() {
        List<Capture> all = new ArrayList<>();
        for (CaptureSource source : sources) {
            if (source.running != null) {
                all.add(source.running);
            }
        }
        return all;
    }

    private synchronized void ended(Capture capture) {
        for (CaptureSource source : sources) {
            if (source.running == capture) {
                source.running = null;
                tell(source.nic, capture);
                notifyAll();
            }
        }
    }

    private static String counts(Capture capture) {
        return capture.packets() + " frames, " + capture.dropped() + " dropped";
    }

    private static void tell(String nic, Capture capture) {
        String counts = counts(capture);
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
            sources.forEach(CaptureSource::stop);
            LockSupport.unpark(writing);
        }
        writer.close();
    }
}
