package dev.ringside.virtio.net.l2;

import dev.ringside.metrics.Counters;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.Verdict;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The way out of a switch by one queue of a port: puts frames into that queue's sink, straight or
 * from its inbox. Confined to its shard, but for what other shards hand over ({@link #hand}).
 */
final class SwitchLane implements FrameSource {
    private static final VarHandle SHARE = MethodHandles.arrayElementVarHandle(int[].class);
    private static final long NS_PER_MS = 1_000_000;

    /** Note of an entry: what to do with the tag, and above that the port where it came in. */
    private static final int PORT_SHIFT = VlanTag.BITS;

    private final SwitchPort port;
    private final int pair;
    private final SwitchShard shard;
    private final FrameSink sink;
    private final boolean remembersFrames;
    private final Counters<SwitchCounter> counters;
    private final FrameInbox inbox;
    private final int[] shares;
    private final int mostShare;
    private final long stallNs;

    private boolean joined;
    private boolean closed;

    /** The first of the inbox was refused in the last turn. */
    private boolean blocked;

    /** What its sink threw, for whoever opened it. */
    private @Nullable Throwable failure;

    /** Has had no room for so long that it is given nothing. Read by others. */
    private volatile boolean stalled;

    SwitchLane(
            SwitchPort port,
            int pair,
            SwitchShard shard,
            FrameSink sink,
            Counters<SwitchCounter> counters,
            SwitchSettings settings) {
        this.port = port;
        this.pair = pair;
        this.shard = shard;
        this.sink = sink;
        remembersFrames = sink.remembersFrames();
        this.counters = counters;
        inbox = new FrameInbox(settings.inboxFrames());
        shares = new int[settings.maxPorts()];
        mostShare = settings.inboxShare();
        stallNs = settings.stallMs() * NS_PER_MS;
    }

    int pair() {
        return pair;
    }

    SwitchShard shard() {
        return shard;
    }

    /** Whether a frame may be put now, ahead of nothing. On the shard that asks. */
    boolean takesFrom(SwitchShard from) {
        return from == shard && inbox.idle();
    }

    /**
     * Whether a frame that is put again, after {@link Verdict#LATER}, should be the same object.
     */
    boolean remembersFrames() {
        return remembersFrames;
    }

    /** Puts a frame that the sink may change. Own shard. */
    Verdict put(Frame frame) {
        int bytes = frame.length();
        Verdict verdict = tryToPut(frame);
        switch (verdict) {
            case DONE, HELD -> {
                counters.increment(SwitchCounter.FRAMES_OUT);
                counters.add(SwitchCounter.BYTES_OUT, bytes);
                shard.touched(this);
                if (stalled) {
                    stalled = false;
                }
            }
            case LATER, DROPPED -> {}
        }
        return verdict;
    }

    private Verdict tryToPut(Frame frame) {
        try {
            return sink.put(frame);
        } catch (RuntimeException | Error e) {
            // Not the fault of whoever sent the frame: it is told to whoever opened this.
            fail(e);
            counters.increment(SwitchCounter.FAILED);
            return Verdict.DROPPED;
        }
    }

    /** It gets nothing more until its owner, who hears why, enables it again. Own shard. */
    void fail(Throwable cause) {
        setEnabled(false);
        failure = cause;
    }

    /** Whether to leave it alone for now. Any shard. */
    boolean isStalled() {
        return stalled;
    }

    /** Takes a place in the inbox for a frame from a port. Any shard. */
    boolean reserve(int fromPort) {
        if ((int) SHARE.getAndAdd(shares, fromPort, 1) < mostShare) {
            return true;
        }
        unreserve(fromPort);
        return false;
    }

    /** Gives it back. Any shard. */
    void unreserve(int fromPort) {
        SHARE.getAndAdd(shares, fromPort, -1);
    }

    /**
     * Leaves a held frame in the inbox; its place was reserved. With it goes one reference. The
     * shard is to be woken afterwards. Any shard.
     *
     * @param tag a {@link VlanTag} action
     * @return false when there is no room; the reference and the reservation stay the caller's
     */
    boolean hand(Frame held, int fromPort, int tag, long nowNs) {
        return inbox.offer(held, (long) fromPort << PORT_SHIFT | tag, nowNs);
    }

    @Override
    public int poll(int budget) {
        Throwable cause = failure;
        if (cause != null) {
            failure = null;
            throw new IllegalStateException("frames cannot be put into port " + port.name(), cause);
        }
        return turn(budget);
    }

    /** Takes frames out of the inbox. */
    int turn(int budget) {
        blocked = false;
        if (stalled && !closed && sink.hasRoom()) {
            stalled = false;
        }
        int done = 0;
        while (done < budget && inbox.hasNext()) {
            if (!joined) {
                discard(SwitchCounter.NO_RECEIVER);
            } else if (stalled) {
                discard(SwitchCounter.STALLED);
            } else if (!deliver()) {
                break;
            }
            done++;
        }
        return done;
    }

    /** Puts the next frame; false when it must wait. */
    private boolean deliver() {
        Frame held = inbox.next();
        long untilNs = inbox.timeNs() + stallNs;
        if (show(held, (int) inbox.note() & (1 << VlanTag.BITS) - 1) == Verdict.LATER) {
            if (shard.nowNs() - untilNs >= 0) {
                stalled = true;
                discard(SwitchCounter.STALLED);
                return true;
            }
            blocked = true;
            shard.wakeBy(untilNs);
            return false;
        }
        forget(held);
        return true;
    }

    private Verdict show(Frame held, int tag) {
        if (!shard.enter()) {
            throw new IllegalStateException("an inbox is emptied while a frame is forwarded");
        }
        FrameCopies copies = shard.copies();
        copies.beginHeld(held);
        try {
            Frame look = copies.look();
            if (!VlanTag.apply(look, tag)) {
                counters.increment(SwitchCounter.VLAN);
                return Verdict.DROPPED;
            }
            return put(look);
        } finally {
            copies.end();
            shard.leave();
        }
    }

    private void discard(SwitchCounter reason) {
        counters.increment(reason);
        forget(inbox.next());
    }

    private void forget(Frame held) {
        int fromPort = (int) (inbox.note() >>> PORT_SHIFT);
        inbox.remove();
        unreserve(fromPort);
        held.release();
    }

    @Override
    public boolean hasWork() {
        // One that waits for room does not keep the shard awake: it is woken for that.
        return inbox.hasNext() && !blocked;
    }

    void flush() {
        if (closed) {
            return;
        }
        try {
            sink.flush();
        } catch (RuntimeException | Error e) {
            // As in tryToPut: others of this shard have bursts to end, too.
            fail(e);
        }
    }

    @Override
    public void setEnabled(boolean enabled) {
        if (closed || enabled == joined) {
            return;
        }
        joined = enabled;
        if (enabled) {
            port.join(this);
        } else {
            port.leave(this);
        }
    }

    /** Whether nothing of it is left to be done. */
    boolean isOver() {
        return closed && inbox.idle();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        setEnabled(false);
        closed = true;
        blocked = false;
        inbox.close();
        turn(Integer.MAX_VALUE);
        shard.closed(this);
    }
}
