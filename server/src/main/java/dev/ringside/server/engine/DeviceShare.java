package dev.ringside.server.engine;

import dev.ringside.metrics.Counters;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * The queues of one device on one shard: together they get one turn of each duty cycle, however
 * many they are. Confined to the shard.
 *
 * <p>A device that has used its share of a cycle takes no more chains in it; what its queues have
 * under way goes on, and those that were not heard come first in the next cycle. So a device with
 * one queue waits for a share of each other device, not for each of their queues.
 */
final class DeviceShare {
    /** Turns without work, one after the other, after which a device is quiet. */
    static final int QUIET_TURNS = 64;

    final VirtioDevice device;

    private final int budget;
    private final long shareNs;
    private final LongSupplier clock;
    private final Counters<ShardCounter> counters;
    private QueueSlot[] slots = new QueueSlot[0];
    private int first;
    private int turnsWithoutWork;

    /**
     * A device that has no queues yet.
     *
     * @param clock the time in nanoseconds
     */
    DeviceShare(
            VirtioDevice device,
            EngineConfig config,
            LongSupplier clock,
            Counters<ShardCounter> counters) {
        this.device = device;
        budget = config.budget();
        shareNs = config.deviceShareNs();
        this.clock = clock;
        this.counters = counters;
    }

    void add(QueueSlot slot) {
        slots = Arrays.copyOf(slots, slots.length + 1);
        slots[slots.length - 1] = slot;
    }

    void remove(QueueSlot slot) {
        slots = Arrays.stream(slots).filter(other -> other != slot).toArray(QueueSlot[]::new);
        first = 0;
    }

    /** Whether it has had nothing to do for a while, and waits for nothing but its driver. */
    boolean isQuiet() {
        return turnsWithoutWork >= QUIET_TURNS;
    }

    boolean isEmpty() {
        return slots.length == 0;
    }

    /**
     * One turn.
     *
     * @param alone whether no other device waits: then there is nothing to share
     * @param least see {@link QueueSlot#cycle}
     * @return an amount of work, 0: none
     */
    int turn(boolean alone, int least) {
        final QueueSlot[] current = slots;
        final boolean shares = !alone && current.length > 1;
        final long endNs = shares ? clock.getAsLong() + shareNs : 0;
        int most = budget;
        int work = 0;
        int at = first;
        for (int i = 0; i < current.length; i++) {
            final int done = turn(current[at], most, least);
            work += done;
            at = at + 1 == current.length ? 0 : at + 1;
            if (shares && done > 0 && most > 0 && clock.getAsLong() - endNs >= 0) {
                most = 0;
                first = at;
                counters.increment(ShardCounter.SHARES_USED);
            }
        }
        turnsWithoutWork = work > 0 || isBusy(current) ? 0 : turnsWithoutWork + 1;
        return work;
    }

    private static boolean isBusy(QueueSlot[] slots) {
        boolean busy = false;
        for (final QueueSlot slot : slots) {
            busy |= slot.busy();
        }
        return busy;
    }

    private int turn(QueueSlot slot, int most, int least) {
        try {
            return slot.cycle(most, least);
        } catch (Throwable failure) {
            counters.increment(ShardCounter.FAILURES);
            slot.fail(failure);
            return 1;
        }
    }
}
