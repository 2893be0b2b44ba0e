package dev.ringside.virtio.net.l2;

import dev.ringside.virtqueue.device.Doorbell;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.ShardTask;
import java.util.Arrays;

/**
 * What a switch has on one shard: empties the inboxes of its queues there, whether or not these get
 * turns of their own. Confined to that shard.
 */
final class SwitchShard implements ShardTask {
    private static final SwitchLane[] NO_LANES = {};
    private static final int FIRST_SIZE = 16;

    private final ShardContext context;
    private final Doorbell doorbell;
    private final FrameCopies copies = new FrameCopies();
    private SwitchLane[] lanes = NO_LANES;
    private int users;
    private boolean busy;

    /** Queues of this shard whose bursts are not over, and shards that got frames. */
    private SwitchLane[] touched = new SwitchLane[FIRST_SIZE];

    private int touchedCount;
    private SwitchShard[] woken = new SwitchShard[FIRST_SIZE];
    private int wokenCount;

    SwitchShard(ShardContext context) {
        this.context = context;
        doorbell = context.doorbell();
    }

    /** Begins to forward a frame; false when one is being forwarded: it came round a loop. */
    boolean enter() {
        if (busy) {
            return false;
        }
        busy = true;
        return true;
    }

    void leave() {
        busy = false;
    }

    FrameCopies copies() {
        return copies;
    }

    long nowNs() {
        return context.nowNs();
    }

    void wakeBy(long deadlineNs) {
        context.wakeBy(deadlineNs);
    }

    /** Somebody of this shard uses the switch. */
    void join() {
        if (users++ == 0) {
            context.addTask(this);
        }
    }

    /** One less. */
    void part() {
        if (--users == 0) {
            flush();
            context.removeTask(this);
        }
    }

    void opened(SwitchLane lane) {
        join();
        lanes = Arrays.copyOf(lanes, lanes.length + 1);
        lanes[lanes.length - 1] = lane;
    }

    /** A closed queue stays until what others were handing over has come. */
    void closed(SwitchLane lane) {
        SwitchLane[] others =
                Arrays.stream(lanes).filter(other -> other != lane).toArray(SwitchLane[]::new);
        if (lane.isOver() && others.length < lanes.length) {
            lanes = others;
            part();
        }
    }

    /** A frame was put into a queue of this shard. */
    void touched(SwitchLane lane) {
        for (int i = touchedCount - 1; i >= 0; i--) {
            if (touched[i] == lane) {
                return;
            }
        }
        if (touchedCount == touched.length) {
            touched = Arrays.copyOf(touched, 2 * touchedCount);
        }
        touched[touchedCount++] = lane;
    }

    /** A frame was left for a queue of a shard. This one will look by itself. */
    void handed(SwitchShard to) {
        if (to == this) {
            return;
        }
        for (int i = 0; i < wokenCount; i++) {
            if (woken[i] == to) {
                return;
            }
        }
        if (wokenCount == woken.length) {
            woken = Arrays.copyOf(woken, 2 * wokenCount);
        }
        woken[wokenCount++] = to;
    }

    /** The burst is over: once for all that happened in it. */
    void flush() {
        int count = touchedCount;
        touchedCount = 0;
        for (int i = 0; i < count; i++) {
            touched[i].flush();
        }
        count = wokenCount;
        wokenCount = 0;
        for (int i = 0; i < count; i++) {
            woken[i].doorbell.ring();
        }
    }

    @Override
    public int poll(int budget) {
        int done = 0;
        SwitchLane[] now = lanes;
        for (SwitchLane lane : now) {
            try {
                done += lane.turn(budget);
            } catch (RuntimeException | Error e) {
                // A task that throws is polled no more, and with it went every other queue.
                lane.fail(e);
            }
            if (lane.isOver()) {
                closed(lane);
            }
        }
        flush();
        return done;
    }

    @Override
    public boolean hasWork() {
        for (SwitchLane lane : lanes) {
            if (lane.hasWork()) {
                return true;
            }
        }
        return false;
    }
}
