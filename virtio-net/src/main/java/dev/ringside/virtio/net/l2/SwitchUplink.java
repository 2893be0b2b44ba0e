package dev.ringside.virtio.net.l2;

import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.ShardTask;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A port of a switch that leads to another port: a TAP, a host's interface, a socket. Each of its
 * queue pairs is opened and closed on a shard, which polls it meanwhile.
 */
public final class SwitchUplink implements AutoCloseable {
    private final VirtualSwitch home;
    private final SwitchPort port;
    private final PacketPort outside;
    private final SwitchGate gate;
    private final AtomicReferenceArray<@Nullable Pair> pairs;

    SwitchUplink(VirtualSwitch home, SwitchPort port, PacketPort outside) {
        this.home = home;
        this.port = port;
        this.outside = outside;
        gate = new SwitchGate(home, port);
        pairs = new AtomicReferenceArray<>(Math.min(outside.maxQueuePairs(), SwitchGate.MAX_PAIRS));
    }

    /** One line for the operator. */
    public String describe() {
        return "switch "
                + home.name()
                + ", uplink "
                + port.name()
                + ", "
                + port.config().vlans()
                + ": "
                + outside.describe();
    }

    /** The port behind it, still owned by this object. */
    public PacketPort outside() {
        return outside;
    }

    /** Most queue pairs, each of which may be on another shard. */
    public int maxQueuePairs() {
        return pairs.length();
    }

    /**
     * Opens a queue pair. On the shard that is to poll it, between duty cycles.
     *
     * @param pair 0 to {@link #maxQueuePairs()} - 1
     * @throws IllegalStateException when it is open
     */
    public void openPair(ShardContext shard, int pair) {
        if (pairs.get(pair) != null) {
            throw new IllegalStateException("pair " + pair + " of " + describe() + " is open");
        }
        pairs.set(pair, new Pair(shard, pair));
    }

    /** Closes a queue pair, on its shard. Does nothing when it is not open. */
    public void closePair(int pair) {
        Pair open = pairs.getAndSet(pair, null);
        if (open != null) {
            open.close();
        }
    }

    /** Leaves the switch and closes the port behind it. Every pair is closed. */
    @Override
    public void close() {
        home.remove(port);
        outside.close();
    }

    /** What a shard polls. */
    private final class Pair implements ShardTask {
        private final ShardContext shard;
        private final FrameSink out;
        private final SwitchLane lane;
        private final FrameSink ingress;
        private final FrameSource in;

        Pair(ShardContext shard, int pair) {
            this.shard = shard;
            out = outside.openTransmit(shard, pair);
            lane = gate.openLane(shard, pair, out);
            ingress = gate.openIngress(shard, pair);
            in = outside.openReceive(shard, pair, ingress);
            in.setEnabled(true);
            shard.addTask(this);
        }

        @Override
        public int poll(int budget) {
            try {
                int done = in.poll(budget);
                ingress.flush();
                return done + lane.poll(budget);
            } catch (RuntimeException | Error failure) {
                // It is not polled again: nobody's frames may wait for that.
                lane.close();
                throw failure;
            }
        }

        @Override
        public boolean hasWork() {
            return in.hasWork();
        }

        void close() {
            shard.removeTask(this);
            in.close();
            ingress.close();
            lane.close();
            out.flush();
            out.close();
        }
    }
}
