package dev.ringside.server.engine;

import dev.ringside.metrics.Counters;
import dev.ringside.shm.GuestMemory;
import dev.ringside.vhostuser.QueueStart;
import dev.ringside.virtqueue.QueueCounter;
import dev.ringside.virtqueue.RingFault;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.VirtioDevice;
import org.jspecify.annotations.Nullable;

/** Of a queue that nothing may happen to. */
final class NoFaults implements QueueSlot.Listener {
    /** An enabled queue of a device, which the test fails with. */
    static QueueSlot slot(
            final VirtioDevice device, final Virtqueue queue, final GuestMemory memory) {
        return new QueueSlot(
                device,
                new QueueStart(queue, memory, null, null, null, null, true),
                false,
                new Counters<>(QueueCounter.class),
                new NoFaults());
    }

    @Override
    public void onRingFault(
            final int index, final RingFault fault, final @Nullable Throwable cause) {
        throw new AssertionError(fault + " " + cause);
    }

    @Override
    public void onMemoryVanished() {
        throw new AssertionError();
    }
}
