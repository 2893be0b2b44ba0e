package dev.ringside.virtio.net.l2;

import dev.ringside.metrics.Counters;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.offload.FlowHash;
import dev.ringside.virtio.net.offload.Headers;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The way into a switch by one queue of a port: checks a frame, learns where it came from, and
 * sends it where it goes. Everything is decided by bytes of the frame's private head. Confined to
 * its shard.
 */
final class SwitchIngress implements FrameSink {
    private static final int ETHERNET_BYTES = 14;
    private static final int TYPE_AT = 12;

    private final VirtualSwitch home;
    private final SwitchPort port;
    private final SwitchShard shard;
    private final FrameCopies copies;
    private final MacTable table;
    private final Counters<SwitchCounter> counters;

    private SwitchLane[] targets = new SwitchLane[16];
    private int[] actions = new int[16];
    private boolean closed;

    /** Of the frame at hand, as for {@link PortVlans#classify}. */
    private int tag;

    /** The frame at hand has a second tag behind its first. */
    private boolean tagBehind;

    private final Headers headers = new Headers();
    private boolean flowKnown;
    private int flow;

    SwitchIngress(
            VirtualSwitch home,
            SwitchPort port,
            SwitchShard shard,
            Counters<SwitchCounter> counters) {
        this.home = home;
        this.port = port;
        this.shard = shard;
        this.counters = counters;
        copies = shard.copies();
        table = home.table();
        shard.join();
    }

    @Override
    public Verdict put(Frame frame) {
        counters.increment(SwitchCounter.FRAMES_IN);
        counters.add(SwitchCounter.BYTES_IN, frame.length());
        if (!shard.enter()) {
            return drop(SwitchCounter.LOOP);
        }
        try {
            return forward(frame);
        } finally {
            shard.leave();
        }
    }

    private Verdict drop(SwitchCounter reason) {
        counters.increment(reason);
        return Verdict.DROPPED;
    }

    private Verdict forward(Frame frame) {
        if (!frame.pull(ETHERNET_BYTES)) {
            return drop(SwitchCounter.TOO_SHORT);
        }
        if (!readTag(frame)) {
            return drop(SwitchCounter.VLAN);
        }
        if (frame.checksumNeeded() && frame.checksumStart() < headerBytes()) {
            // The checksum would be written over what is checked here.
            return drop(SwitchCounter.CHECKSUM_PLACE);
        }
        int vlan = port.config().vlans().classify(tag);
        if (vlan == PortVlans.NONE) {
            return drop(SwitchCounter.VLAN);
        }
        flowKnown = false;
        long source = address(frame, 6);
        long destination = address(frame, 0);
        if (!MacAddress.isStation(source)) {
            return drop(SwitchCounter.BAD_SOURCE);
        }
        if (!port.maySendFrom(source)) {
            return drop(SwitchCounter.SPOOFED);
        }
        if (MacAddress.isReserved(destination)) {
            return drop(SwitchCounter.RESERVED);
        }
        table.tick(shard.nowNs());
        // Before the table: whoever is found there was here then.
        Membership members = home.members();
        if (!table.seen(source, vlan, port.number())) {
            learn(source, vlan, members);
        }
        if (MacAddress.isGroup(destination)) {
            counters.increment(SwitchCounter.FLOOD_GROUP);
            return flood(frame, vlan, members);
        }
        SwitchPort to = find(destination, vlan, members);
        if (to == null) {
            counters.increment(SwitchCounter.FLOOD_UNKNOWN);
            return flood(frame, vlan, members);
        }
        return unicast(frame, vlan, to);
    }

    /** False for a frame whose tags no port may send. */
    private boolean readTag(Frame frame) {
        tag = PortVlans.NO_TAG;
        tagBehind = false;
        int type = frame.headShort(TYPE_AT);
        if (type == VlanTag.TYPE_SERVICE) {
            return false;
        }
        if (type != VlanTag.TYPE_CUSTOMER) {
            return true;
        }
        if (!frame.pull(ETHERNET_BYTES + VlanTag.BYTES)) {
            return false;
        }
        tag = frame.headShort(TYPE_AT + 2) & VlanTag.VLAN_MASK;
        tagBehind = VlanTag.isTag(frame.headShort(TYPE_AT + VlanTag.BYTES));
        // A priority is no VLAN: the tag behind it would be one that the port does not have.
        return tag != 0 || !tagBehind;
    }

    /** Addresses, tags and type of the frame at hand. */
    private int headerBytes() {
        if (tag == PortVlans.NO_TAG) {
            return ETHERNET_BYTES;
        }
        return ETHERNET_BYTES + (tagBehind ? 2 : 1) * VlanTag.BYTES;
    }

    private static long address(Frame frame, int at) {
        return (long) frame.headShort(at) << Integer.SIZE | (frame.headInt(at + 2) & 0xffffffffL);
    }

    private void learn(long source, int vlan, Membership members) {
        SwitchPort owner = members.owner(source, vlan);
        if (owner != null && owner != port) {
            counters.increment(SwitchCounter.NOT_YOURS);
            return;
        }
        switch (table.learn(source, vlan, port.number())) {
            case OVER_QUOTA -> counters.increment(SwitchCounter.QUOTA);
            case NO_ROOM -> counters.increment(SwitchCounter.TABLE_FULL);
            case MOVED -> counters.increment(SwitchCounter.MOVES);
            case KNOWN, NEW -> {}
        }
    }

    private @Nullable SwitchPort find(long destination, int vlan, Membership members) {
        int number = table.lookup(destination, vlan);
        SwitchPort learnt = number < 0 ? null : members.port(number);
        return learnt == null ? members.owner(destination, vlan) : learnt;
    }

    /** Whether a frame of a VLAN may go from here to a port; counts why not. */
    private @Nullable SwitchCounter refusal(SwitchPort to, int vlan) {
        if (to == port) {
            return SwitchCounter.SAME_PORT;
        }
        if (!to.config().vlans().contains(vlan)) {
            return SwitchCounter.VLAN;
        }
        if (to.config().isolated() && port.config().isolated()) {
            return SwitchCounter.ISOLATED;
        }
        return null;
    }

    private Verdict unicast(Frame frame, int vlan, SwitchPort to) {
        SwitchCounter refused = refusal(to, vlan);
        if (refused != null) {
            return drop(refused);
        }
        int action = VlanTag.action(to.config().vlans(), vlan, tag);
        if (tagBehind && untags(action)) {
            return drop(SwitchCounter.VLAN);
        }
        SwitchLane lane = lane(to, frame);
        return lane == null ? drop(SwitchCounter.NO_RECEIVER) : send(frame, lane, action);
    }

    /** The queue by which a frame leaves at a port, the same for all of its flow; or null. */
    private @Nullable SwitchLane lane(SwitchPort to, Frame frame) {
        SwitchLane[] lanes = to.lanes();
        if (lanes.length <= 1) {
            return lanes.length == 0 ? null : lanes[0];
        }
        if (!flowKnown) {
            flowKnown = true;
            headers.parse(frame);
            flow = FlowHash.of(frame, headers);
        }
        return lanes[(int) (((flow & 0xffffffffL) * lanes.length) >>> Integer.SIZE)];
    }

    /** Whether a tag behind the first would come out as the first. */
    private static boolean untags(int action) {
        return action == VlanTag.REMOVE;
    }

    /** To one queue: the frame itself may be changed and held. */
    private Verdict send(Frame frame, SwitchLane lane, int action) {
        if (!VlanTag.apply(frame, action)) {
            return drop(SwitchCounter.VLAN);
        }
        boolean stalled = lane.isStalled();
        if (lane.takesFrom(shard)) {
            Verdict verdict = lane.remembersFrames() ? putLook(frame, lane) : lane.put(frame);
            if (verdict != Verdict.LATER) {
                return verdict;
            }
        }
        if (stalled) {
            return drop(SwitchCounter.STALLED);
        }
        if (!lane.reserve(port.number())) {
            return drop(SwitchCounter.NO_ROOM);
        }
        Frame held = frame.hold();
        if (held == null) {
            lane.unreserve(port.number());
            return drop(SwitchCounter.CANNOT_HOLD);
        }
        if (lane.hand(held, port.number(), VlanTag.KEEP, shard.nowNs())) {
            shard.handed(lane.shard());
        } else {
            lane.unreserve(port.number());
            counters.increment(SwitchCounter.NO_ROOM);
            held.release();
        }
        return Verdict.HELD;
    }

    /** Puts what the lane will be shown again from its inbox, when it is to wait there. */
    private Verdict putLook(Frame frame, SwitchLane lane) {
        copies.begin(frame);
        boolean held;
        Verdict verdict;
        try {
            verdict = lane.put(copies.look());
        } finally {
            held = copies.end();
        }
        return held ? Verdict.HELD : verdict;
    }

    private Verdict flood(Frame frame, int vlan, Membership members) {
        int count = 0;
        for (int i = 0; i < members.size(); i++) {
            SwitchPort to = members.at(i);
            if (refusal(to, vlan) != null) {
                continue;
            }
            int action = VlanTag.action(to.config().vlans(), vlan, tag);
            SwitchLane lane = lane(to, frame);
            if (lane == null || (tagBehind && untags(action))) {
                continue;
            }
            if (count == targets.length) {
                targets = Arrays.copyOf(targets, 2 * count);
                actions = Arrays.copyOf(actions, 2 * count);
            }
            targets[count] = lane;
            actions[count] = action;
            count++;
        }
        if (count == 0) {
            return drop(SwitchCounter.NO_RECEIVER);
        }
        return count == 1 ? send(frame, targets[0], actions[0]) : sendToAll(frame, count);
    }

    private Verdict sendToAll(Frame frame, int count) {
        copies.begin(frame);
        boolean held;
        try {
            for (int i = 0; i < count; i++) {
                sendCopy(targets[i], actions[i]);
            }
        } finally {
            held = copies.end();
        }
        return held ? Verdict.HELD : Verdict.DONE;
    }

    private void sendCopy(SwitchLane lane, int action) {
        boolean stalled = lane.isStalled();
        if (lane.takesFrom(shard)) {
            Frame look = copies.look();
            if (!VlanTag.apply(look, action)) {
                counters.increment(SwitchCounter.VLAN);
                return;
            }
            if (lane.put(look) != Verdict.LATER) {
                return;
            }
        }
        if (stalled) {
            counters.increment(SwitchCounter.STALLED);
        } else if (!lane.reserve(port.number())) {
            counters.increment(SwitchCounter.NO_ROOM);
        } else if (!hand(lane, action)) {
            lane.unreserve(port.number());
        }
    }

    private boolean hand(SwitchLane lane, int action) {
        Frame held = copies.hold();
        if (held == null) {
            counters.increment(SwitchCounter.CANNOT_HOLD);
            return false;
        }
        held.retain();
        if (!lane.hand(held, port.number(), action, shard.nowNs())) {
            held.release();
            counters.increment(SwitchCounter.NO_ROOM);
            return false;
        }
        shard.handed(lane.shard());
        return true;
    }

    @Override
    public boolean hasRoom() {
        return true;
    }

    @Override
    public int accepts() {
        return Offload.ALL;
    }

    @Override
    public void flush() {
        shard.flush();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            shard.part();
        }
    }
}
