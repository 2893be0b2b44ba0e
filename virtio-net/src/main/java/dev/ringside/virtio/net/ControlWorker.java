package dev.ringside.virtio.net;

import dev.ringside.shm.GuestMemory;
import dev.ringside.virtqueue.DescriptorChain;
import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.QueueWorker;

/**
 * Serves the control queue: each chain is one command, answered at once (section 5.1.6.5). Confined
 * to its shard; does not block, lock or log. What a command changes is a new {@link NetState}, the
 * only thing that is allocated here.
 */
final class ControlWorker implements QueueWorker {
    /** Most commands of one poll: a driver that gives many must not hold up its neighbours. */
    private static final int MOST_PER_POLL = 4;

    private final Virtqueue queue;
    private final ControlCommands commands;
    private final DescriptorChain chain;
    private boolean draining;

    ControlWorker(Virtqueue queue, ControlCommands commands) {
        this.queue = queue;
        this.commands = commands;
        chain = new DescriptorChain(queue.maxChainEntries());
        // A queue that goes on was used before: what was chosen there is kept, if it is known.
        commands.begin(queue.base() == 0);
    }

    @Override
    public int poll(int budget) {
        int taken = 0;
        int most = Math.min(budget, MOST_PER_POLL);
        while (taken < most && !draining && queue.next(chain)) {
            taken++;
            int status = commands.run(chain);
            int written = chain.writableBytes() == 0 ? 0 : 1;
            if (written != 0) {
                chain.writeByte(0, (byte) status);
            }
            queue.complete(chain.head(), written, written);
        }
        return taken;
    }

    @Override
    public void beginDrain() {
        draining = true;
    }

    @Override
    public boolean drained() {
        return true;
    }

    @Override
    public boolean remap(GuestMemory memory) {
        draining = false;
        return queue.remap(memory);
    }

    @Override
    public Virtqueue stop() {
        draining = true;
        chain.clear();
        commands.end();
        return queue;
    }

    @Override
    public Virtqueue queue() {
        return queue;
    }
}
