package dev.ringside.server.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One connection's queues that run, by index. Confined to the conductor. */
final class QueueSlots {
    private final @Nullable QueueSlot[] slots;

    QueueSlots(int count) {
        slots = new QueueSlot[count];
    }

    void put(QueueSlot slot) {
        slots[slot.index()] = slot;
    }

    /** The queue has stopped. */
    void remove(int index) {
        slots[index] = null;
    }

    /** A queue that was started and has not stopped yet. */
    QueueSlot get(int index) {
        return Objects.requireNonNull(slots[index], () -> "queue " + index + " is not started");
    }

    /** A queue that runs and was not told to stop; null: it does not. */
    @Nullable QueueSlot running(int index) {
        final QueueSlot slot = index < slots.length ? slots[index] : null;
        return slot == null || slot.stopRequested() ? null : slot;
    }

    /** Those that run and were not told to stop. */
    List<QueueSlot> running() {
        final List<QueueSlot> running = new ArrayList<>();
        for (int index = 0; index < slots.length; index++) {
            final QueueSlot slot = running(index);
            if (slot != null) {
                running.add(slot);
            }
        }
        return running;
    }
}
