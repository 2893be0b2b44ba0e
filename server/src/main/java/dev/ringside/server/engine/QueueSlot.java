package dev.ringside.server.engine;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.GuestMemory;
import dev.ringside.vhostuser.QueueStart;
import dev.ringside.virtqueue.InflightRegion;
import dev.ringside.virtqueue.QueueCounter;
import dev.ringside.virtqueue.QueueLog;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.RingView;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.QueueWorker;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One started queue as its shard sees it: the worker, the ring and the three notification fds.
 * Confined to the shard but for what says otherwise.
 */
final class QueueSlot {
    /** What the slot tells the conductor; called on the shard, must only post. */
    interface Listener {
        void onRingFault(int index, RingFault fault, @Nullable Throwable cause);

        void onMemoryVanished();
    }

    private static final int BURST_SHARE = 4;

    final Listener listener;

    /** The shard's watch of the kick. */
    int watch = WakeUps.NONE;

    private final VirtioDevice device;
    private final Counters<QueueCounter> counters;
    private final Virtqueue queue;
    private @Nullable QueueWorker worker;
    private GuestMemory memory;
    private final @Nullable InflightRegion inflight;
    private final DriverSignals driver;
    private final Waiters whenDrained = new Waiters();
    private final Waiters whenStill = new Waiters();
    private @Nullable EventFd kick;
    private boolean enabled;
    private boolean paused;
    private boolean kicksRequested;
    private boolean memoryVanished;
    private boolean faultReported;
    private boolean stopRequested;

    QueueSlot(
            VirtioDevice device,
            QueueStart start,
            boolean paused,
            Counters<QueueCounter> counters,
            Listener listener) {
        this.device = device;
        this.counters = counters;
        this.listener = listener;
        queue = start.queue();
        memory = start.memory();
        inflight = start.inflight();
        kick = start.kick();
        driver = new DriverSignals(counters, start.call(), start.err());
        enabled = start.enabled();
        this.paused = paused;
    }

    VirtioDevice device() {
        return device;
    }

    int index() {
        return queue.index();
    }

    @Nullable EventFd kick() {
        return kick;
    }

    /**
     * Makes the worker; a device that cannot costs only this queue.
     *
     * @param failed counts a failure in another queue's turn
     */
    void start(ShardContext shard, Runnable failed) {
        try {
            final QueueWorker made = device.startQueue(queue, shard);
            worker = made;
            made.publishBy(() -> publishEarly(failed));
            made.setEnabled(serving());
        } catch (Throwable failure) {
            fail(failure);
            return;
        }
        counters.add(QueueCounter.REPLAYED, queue.resumption().replayed());
        counters.add(QueueCounter.UNKNOWN, queue.resumption().unknown());
        queue.suppressKicks();
        // Nobody knows what was used while no back-end was there: have the driver look once.
        driver.call();
    }

    /**
     * One turn of the duty cycle: returns how many chains were taken or completed.
     *
     * @param least how many are worth a turn, if the worker does not say more
     */
    int cycle(int budget, int least) {
        final QueueWorker current = worker;
        if (current == null || memoryVanished) {
            advanceDrain();
            tellStill();
            return 0;
        }
        final boolean taking = takesChains();
        if (nobodyWaits() && !serving() && queue.inFlight() == 0 && !taking) {
            return 0;
        }
        final int taken = current.poll(taking ? burst(current, budget, least) : 0);
        counters.add(QueueCounter.CHAINS, taken);
        // Host I/O completes before this turn, so there may be something to publish in every turn.
        final int completed = publish();
        current.afterPublish();
        if (taken > 0) {
            resumePolling();
        }
        if (queue.fault() != null) {
            reportFault(null);
        }
        if ((taken | completed) != 0 || queue.fault() != null) {
            checkMemory();
        }
        if (!nobodyWaits()) {
            advanceDrain();
            tellStill();
        }
        return taken + completed;
    }

    /** Whether neither the front-end nor the operator waits for what is in flight. */
    private boolean nobodyWaits() {
        return whenDrained.isEmpty() && whenStill.isEmpty();
    }

    /**
     * How many chains to take before the next publish: a part of those that wait, so that the
     * driver has answers while the device works on the rest: with all, each waits for the other.
     */
    private int burst(QueueWorker taker, int budget, int least) {
        final int share = Math.max(taker.leastBurst(), queue.pending() / BURST_SHARE);
        return Math.min(budget, Math.max(least, share));
    }

    private int publish() {
        final int completed = queue.unpublished();
        if (completed == 0 || memoryVanished) {
            return 0;
        }
        if (queue.publish()) {
            driver.call();
        } else {
            counters.increment(QueueCounter.CALLS_SUPPRESSED);
        }
        counters.add(QueueCounter.COMPLETED, completed);
        return completed;
    }

    /** Perhaps in another queue's turn, which goes on whatever becomes of this one. */
    private void publishEarly(Runnable failed) {
        try {
            publish();
            reportFault(null);
        } catch (Throwable failure) {
            failed.run();
            fail(failure);
        }
    }

    /**
     * Asks for kicks before the shard sleeps. True: there is work already, do not sleep. A ring
     * whose driver gives no kick fd is polled for ever.
     */
    boolean prepareToSleep() {
        checkMemory();
        if (publish() > 0) {
            // Another queue's worker put something here after this one's turn.
            return true;
        }
        final QueueWorker current = worker;
        if (current == null) {
            return false;
        }
        current.afterPublish();
        if (!takesChains() || !current.wantsKicks()) {
            return false;
        }
        if (kick == null) {
            return true;
        }
        if (kicksRequested) {
            return false;
        }
        kicksRequested = true;
        if (queue.requestKicks()) {
            resumePolling();
            return true;
        }
        return false;
    }

    /** The driver kicked, or polling goes on: kicks are noise until the next sleep. */
    void resumePolling() {
        if (takesChains() && kicksRequested) {
            kicksRequested = false;
            queue.suppressKicks();
        }
    }

    void kicked() {
        counters.increment(QueueCounter.KICKS);
        resumePolling();
    }

    /** Whether another thread handed work over. */
    boolean hasWork() {
        final QueueWorker current = worker;
        return current != null && !memoryVanished && current.hasWork();
    }

    private boolean takesChains() {
        final QueueWorker current = worker;
        return current != null
                && !paused
                && (enabled || current.worksWhenDisabled())
                && whenDrained.isEmpty()
                && !memoryVanished
                && queue.fault() == null;
    }

    /** Whether host I/O of this queue is under way. */
    boolean busy() {
        return worker != null && queue.inFlight() > 0;
    }

    void setEnabled(boolean value, Runnable done) {
        if (value) {
            enable(true);
            kicksRequested = false;
            done.run();
            return;
        }
        // A disabled ring is still: what it took is finished before the front-end hears of it.
        drain(
                () -> {
                    enable(false);
                    done.run();
                });
    }

    private void enable(boolean value) {
        enabled = value;
        tellWorker();
    }

    /**
     * The operator has the queue take nothing, whatever the front-end enables, or go on.
     *
     * @param done runs when that is so: what was taken before is answered then
     */
    void setPaused(boolean value, Runnable done) {
        if (value) {
            resumePolling();
            paused = true;
            whenStill.add(done);
            tellStill();
            return;
        }
        paused = false;
        tellWorker();
        kicksRequested = false;
        // Who waited for it to be still has been overtaken.
        whenStill.add(done);
        whenStill.tell();
    }

    private void tellStill() {
        final QueueWorker current = worker;
        if (!whenStill.isEmpty() && (current == null || current.drained())) {
            publish();
            tellWorker();
            whenStill.tell();
        }
    }

    /** Whether it is as both the front-end and the operator want it for work. */
    private boolean serving() {
        return enabled && !paused;
    }

    private void tellWorker() {
        final QueueWorker current = worker;
        if (current != null) {
            current.setEnabled(serving());
        }
    }

    /** What stands in the ring now. */
    RingView view(int entries) {
        return queue.view(entries);
    }

    void setCall(@Nullable EventFd value) {
        driver.setCall(value);
        driver.call();
    }

    void setErr(@Nullable EventFd value) {
        driver.setErr(value);
    }

    void setKick(@Nullable EventFd value) {
        kick = value;
        kicksRequested = false;
    }

    void remap(GuestMemory next, boolean mappingsRemoved, Runnable done) {
        final Runnable swap =
                () -> {
                    memory = next;
                    memoryVanished = false;
                    final QueueWorker current = worker;
                    if (current != null && !current.remap(next)) {
                        reportFault(null);
                    }
                    kicksRequested = false;
                    driver.call();
                    done.run();
                };
        if (mappingsRemoved) {
            drain(swap);
        } else {
            swap.run();
        }
    }

    /** Goes on with other translations, of which none was taken back. */
    void translate(GuestMemory next) {
        memory = next;
        if (!queue.remap(next)) {
            reportFault(null);
        }
        kicksRequested = false;
    }

    /**
     * Goes on with other translations, in which a range is missing or different. What is in flight
     * there is finished first, or given back; what is elsewhere goes on meanwhile.
     */
    void invalidate(GuestMemory next, long first, long last, Runnable done) {
        final Runnable swap =
                () -> {
                    translate(next);
                    done.run();
                };
        if (!whenDrained.isEmpty() || queue.touches(first, last)) {
            settle(swap);
        } else {
            swap.run();
        }
    }

    /** The IOMMU does not allow what the queue needs. */
    void denyAccess() {
        queue.fail(RingFault.ACCESS_DENIED);
        reportFault(null);
    }

    /** Has the worker see its device's new state, and finish what it began before. */
    void settle(Runnable done) {
        if (!memoryVanished) {
            tell(current -> current.poll(0));
            publish();
            tell(QueueWorker::afterPublish);
        }
        drain(done);
    }

    /**
     * Logs elsewhere, or not at all. A queue that begins to log first finishes what it took before,
     * because nobody remembers where that is written.
     */
    void log(@Nullable QueueLog wanted, Runnable done) {
        final Runnable change =
                () -> {
                    queue.log(wanted);
                    kicksRequested = false;
                    done.run();
                };
        if (queue.log() != null || wanted == null) {
            change.run();
        } else {
            settle(change);
        }
    }

    /** Finishes what is in flight, hands the queue back. The slot must then be forgotten. */
    void stop(Consumer<Virtqueue> done) {
        tell(QueueWorker::beginDrain);
        drain(
                () -> {
                    final QueueWorker drained = worker;
                    worker = null;
                    tellStill();
                    done.accept(drained == null ? queue : drained.stop());
                });
    }

    /** Conductor only: notes that a stop command is on its way. */
    void requestStop() {
        stopRequested = true;
    }

    /** Conductor only. */
    boolean stopRequested() {
        return stopRequested;
    }

    /** Whatever the device does, the front-end gets its answer. */
    private void tell(Consumer<QueueWorker> what) {
        final QueueWorker current = worker;
        if (current != null) {
            try {
                what.accept(current);
            } catch (Throwable failure) {
                fail(failure);
            }
        }
    }

    private void drain(Runnable then) {
        whenDrained.add(then);
        tell(QueueWorker::finishTaken);
        advanceDrain();
    }

    private void advanceDrain() {
        final QueueWorker current = worker;
        if (whenDrained.isEmpty()) {
            return;
        }
        if (current != null && memoryVanished && !current.drained()) {
            current.poll(0);
            current.afterPublish();
        }
        if (current == null || current.drained()) {
            publish();
            whenDrained.tell();
        }
    }

    /** Has the session closed when the front-end took memory away under the rings. */
    void checkMemory() {
        if (!memoryVanished && poisoned()) {
            memoryVanished = true;
            queue.fail(RingFault.MEMORY_GONE);
            listener.onMemoryVanished();
        }
    }

    private boolean poisoned() {
        final QueueLog log = queue.log();
        return memory.poisoned()
                || (inflight != null && inflight.poisoned())
                || (log != null && log.pages().poisoned());
    }

    /** An unexpected failure inside the device: this queue stops, the others go on. */
    void fail(Throwable cause) {
        queue.fail(RingFault.DEVICE_ERROR);
        reportFault(cause);
    }

    private void reportFault(@Nullable Throwable cause) {
        final RingFault fault = queue.fault();
        if (faultReported || fault == null) {
            return;
        }
        faultReported = true;
        driver.error();
        listener.onRingFault(queue.index(), fault, cause);
    }
}
