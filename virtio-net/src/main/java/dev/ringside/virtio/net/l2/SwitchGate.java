package dev.ringside.virtio.net.l2;

import dev.ringside.metrics.Counters;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.offload.OffloadCounter;
import dev.ringside.virtio.net.offload.SoftwareOffload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtqueue.device.ShardContext;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Opens the ways of a port's queue pairs, and keeps their counters for the next time. */
final class SwitchGate {
    static final int MAX_PAIRS = 128;

    private final VirtualSwitch home;
    private final SwitchPort port;
    private final AtomicReferenceArray<@Nullable Counters<SwitchCounter>> in =
            new AtomicReferenceArray<>(MAX_PAIRS);
    private final AtomicReferenceArray<@Nullable Counters<SwitchCounter>> out =
            new AtomicReferenceArray<>(MAX_PAIRS);

    private final AtomicReferenceArray<@Nullable Counters<OffloadCounter>> undone =
            new AtomicReferenceArray<>(MAX_PAIRS);

    SwitchGate(VirtualSwitch home, SwitchPort port) {
        this.home = home;
        this.port = port;
    }

    /** The way into the switch. On the pair's shard. */
    FrameSink openIngress(ShardContext context, int pair) {
        return new SwitchIngress(home, port, home.shard(context), counters(in, pair));
    }

    /** The way out of the switch, open at once. On the pair's shard. */
    SwitchLane openLane(ShardContext context, int pair, FrameSink into) {
        SwitchShard shard = home.shard(context);
        SwitchLane lane =
                new SwitchLane(
                        port, pair, shard, whole(into, pair), counters(out, pair), home.settings());
        shard.opened(lane);
        lane.setEnabled(true);
        return lane;
    }

    /** A sink that accepts what any source leaves undone. It is not closed: the inner one is. */
    private FrameSink whole(FrameSink into, int pair) {
        if (into.accepts() == Offload.ALL) {
            return into;
        }
        Counters<OffloadCounter> counters = undone.get(pair);
        if (counters == null) {
            counters = port.counters(OffloadCounter.class);
            undone.set(pair, counters);
        }
        return SoftwareOffload.around(into, counters);
    }

    private Counters<SwitchCounter> counters(
            AtomicReferenceArray<@Nullable Counters<SwitchCounter>> of, int pair) {
        Counters<SwitchCounter> counters = of.get(pair);
        if (counters == null) {
            counters = port.counters();
            of.set(pair, counters);
        }
        return counters;
    }
}
