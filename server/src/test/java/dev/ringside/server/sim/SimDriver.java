package dev.ringside.server.sim;

import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.QueueLayout;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The guest's driver: asks for whatever a guest may ask for, overlapping or not, sleeps until it is
 * called or polls, and holds each answer against the {@link DiskModel}.
 */
final class SimDriver implements AutoCloseable {
    private static final int TABLE_ENTRIES = 8;

    private final WorldSpec spec;
    private final SplittableRandom random;
    private final DiskModel model;
    private final FrontendMemory memory;
    private final List<Lane> lanes = new ArrayList<>();
    private final Set<Long> writing = new HashSet<>();
    private long nextId = 1;
    private long errors;
    private long answers;
    private boolean throughCache;

    /** One queue and its requests. */
    private static final class Lane {
        final DriverQueue ring;
        final SimRequest[] byHead;
        final List<SimRequest> free = new ArrayList<>();
        final List<SimRequest> asked = new ArrayList<>();
        boolean sleeping;

        Lane(final DriverQueue ring) {
            this.ring = ring;
            byHead = new SimRequest[ring.layout().size()];
        }
    }

    SimDriver(
            final WorldSpec spec,
            final SplittableRandom random,
            final DiskModel model,
            final FrontendMemory memory)
            throws IOException {
        this.spec = spec;
        this.random = random;
        this.model = model;
        this.memory = memory;
        throughCache = !spec.flush();
        for (int i = 0; i < spec.queues(); i++) {
            final QueueLayout layout = QueueLayout.allocate(memory, i, spec.ringSize());
            final Lane lane = new Lane(DriverQueue.create(memory, layout, spec.accepted()));
            if (spec.indirect()) {
                lane.ring.enableIndirect(memory, TABLE_ENTRIES);
            }
            lane.ring.startAt(spec.firstBase());
            for (int k = 0; k < spec.ringSize(); k++) {
                lane.free.add(new SimRequest(memory));
            }
            lanes.add(lane);
        }
    }

    FrontendMemory memory() {
        return memory;
    }

    DriverQueue ring(final int queue) {
        return lanes.get(queue).ring;
    }

    /** Requests that were asked for and not answered. */
    int outstanding() {
        int count = 0;
        for (final Lane lane : lanes) {
            count += lane.asked.size();
        }
        return count;
    }

    /** Answers so far. */
    long answers() {
        return answers;
    }

    /** Answers with an error so far. */
    long errors() {
        return errors;
    }

    /** Whether a write with this content is wanted now. */
    boolean wants(final long value) {
        return writing.contains(Content.id(value));
    }

    /** Switches what the driver may rely on: that answered writes are durable, or not. */
    void setThroughCache(final boolean value) {
        throughCache = value;
    }

    /** Asks for something on one queue; the device may see it only after {@link #publish}. */
    void ask(final int queue, final long now) {
        final Lane lane = lanes.get(queue);
        if (lane.free.isEmpty()) {
            return;
        }
        final SimRequest request = lane.free.removeLast();
        request.choose(random, model.sectors(), nextId++, spec.flush());
        give(lane, request, now);
    }

    /** Asks for the content of some sectors; false when there is no room now. */
    boolean askRead(final int queue, final int sector, final int count, final long now) {
        final Lane lane = lanes.get(queue);
        if (lane.free.isEmpty()) {
            return false;
        }
        final SimRequest request = lane.free.removeLast();
        request.read(sector, count, nextId++);
        return give(lane, request, now);
    }

    private boolean give(final Lane lane, final SimRequest request, final long now) {
        final boolean indirect = spec.indirect() && random.nextBoolean();
        final int head =
                indirect
                        ? lane.ring.addIndirect(request.chain(random, TABLE_ENTRIES))
                        : lane.ring.add(request.chain(random, spec.ringSize()));
        if (head < 0) {
            request.abandon();
            lane.free.add(request);
            return false;
        }
        request.asked = now;
        lane.byHead[head] = request;
        lane.asked.add(request);
        if (request.type == BlkSpec.T_OUT) {
            writing.add(request.id);
        }
        for (int s = 0; s < model.sectors(); s++) {
            if (request.changes(s)) {
                model.asked(s, request.valueOf(s), now);
            }
        }
        return true;
    }

    /** Shows the device what was asked for, and kicks when it wants that. */
    void publish(final int queue) {
        lanes.get(queue).ring.publishAndKick();
    }

    /** Takes answers, at most so many; a driver that sleeps looks only when it was called. */
    void poll(final int queue, final int most, final long now) {
        final Lane lane = lanes.get(queue);
        if (lane.sleeping) {
            if (lane.ring.drainCalls() == 0) {
                return;
            }
            lane.sleeping = false;
        }
        int left = most;
        int head = left > 0 ? lane.ring.pollUsed() : -1;
        while (head >= 0) {
            answered(lane, lane.byHead[head], now);
            head = --left > 0 ? lane.ring.pollUsed() : -1;
        }
    }

    /** Goes to sleep until a call, or to polling. */
    void changeWaiting(final int queue) {
        final Lane lane = lanes.get(queue);
        if (random.nextBoolean()) {
            lane.ring.suppressCalls();
            lane.sleeping = false;
        } else {
            // True: something came already, for which no call may come.
            lane.sleeping = !lane.ring.requestCalls();
        }
    }

    private void answered(final Lane lane, final SimRequest request, final long now) {
        answers++;
        final int status = request.finish(lane.ring.usedLength());
        final boolean done = status == BlkSpec.S_OK;
        if (!done) {
            errors++;
        }
        lane.asked.remove(request);
        lane.free.add(request);
        writing.remove(request.id);
        final boolean certain =
                done && (request.type == BlkSpec.T_OUT || request.type == BlkSpec.T_WRITE_ZEROES);
        for (int s = 0; s < model.sectors(); s++) {
            if (request.changes(s)) {
                model.answered(s, request.valueOf(s), request.asked, now, certain, throughCache);
            } else if (done && request.type == BlkSpec.T_IN && request.covers(s)) {
                model.read(s, request.readBack(s), request.asked, now);
            }
        }
        if (done && request.type == BlkSpec.T_FLUSH) {
            model.flushed(request.asked);
            model.forgetBefore(oldestAsked(now));
        } else if (throughCache) {
            model.forgetBefore(oldestAsked(now));
        }
    }

    private long oldestAsked(final long now) {
        long oldest = now;
        for (final Lane lane : lanes) {
            for (final SimRequest request : lane.asked) {
                oldest = Math.min(oldest, request.asked);
            }
        }
        return oldest;
    }

    /** The device was reset, or the machine went down: no answer will come any more. */
    void abandon(final long now) {
        model.forsaken(now);
        writing.clear();
        for (final Lane lane : lanes) {
            lane.asked.forEach(SimRequest::abandon);
            lane.free.addAll(lane.asked);
            lane.asked.clear();
            lane.sleeping = false;
            lane.ring.reset();
        }
    }

    /** Which requests are outstanding, for people. */
    String describeOutstanding() {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < lanes.size(); i++) {
            final Lane lane = lanes.get(i);
            text.append("\n  queue ").append(i);
            text.append(": available ").append(lane.ring.availableIndex());
            text.append(", taken back up to ").append(lane.ring.lastUsedIndex());
            if (!spec.packed()) {
                text.append(", used ").append(lane.ring.ring().usedIndex());
            }
            text.append(lane.sleeping ? ", sleeps" : ", polls");
            text.append(", outstanding ").append(lane.asked);
        }
        return text.toString();
    }

    @Override
    public void close() {
        lanes.forEach(lane -> lane.ring.close());
        memory.close();
    }
}
