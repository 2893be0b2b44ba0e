package dev.ringside.virtio.net.offload;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.Ranges;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A sink that accepts every offload, before one that does not: computes checksums and cuts frames
 * into segments, as far as the inner sink wants it done. What cannot be done it drops and counts.
 *
 * <p>A frame whose segments do not all find room is answered {@link Verdict#LATER}: the source puts
 * it again, the same {@link Frame} with the same extents, and it goes on with the segment that had
 * none. When another frame comes instead, the rest is dropped and counted.
 */
public final class SoftwareOffload implements FrameSink {
    private final FrameSink inner;
    private final Counters<OffloadCounter> counters;
    private final MetricsRegistry.@Nullable Registration registration;
    private final SegmentPool pool = new SegmentPool();
    private final Segmentation segmentation = new Segmentation();
    private @Nullable Frame begun;
    private @Nullable OffloadCounter refused;
    private boolean anyTaken;
    private boolean closed;

    private SoftwareOffload(
            FrameSink inner,
            Counters<OffloadCounter> counters,
            MetricsRegistry.@Nullable Registration registration) {
        this.inner = inner;
        this.counters = counters;
        this.registration = registration;
    }

    /**
     * A sink before the inner one that accepts {@link Offload#ALL}: the inner one itself when it
     * does.
     *
     * @param inner closed with it
     * @param metrics where its counters are registered until it is closed
     * @param labels of its counters
     */
    public static FrameSink around(
            FrameSink inner, MetricsRegistry metrics, Map<String, String> labels) {
        if (inner.accepts() == Offload.ALL) {
            return inner;
        }
        Counters<OffloadCounter> counters = new Counters<>(OffloadCounter.class);
        return new SoftwareOffload(inner, counters, metrics.register(labels, counters));
    }

    /**
     * The same, with counters of the caller's.
     *
     * @param counters written by the sink's shard only
     */
    public static FrameSink around(FrameSink inner, Counters<OffloadCounter> counters) {
        return inner.accepts() == Offload.ALL ? inner : new SoftwareOffload(inner, counters, null);
    }

    @Override
    public int accepts() {
        return Offload.ALL;
    }

    @Override
    public boolean hasRoom() {
        return inner.hasRoom();
    }

    @Override
    public boolean remembersFrames() {
        return true;
    }

    @Override
    public int putPlain(Ranges frames) {
        abandonBegun();
        return inner.putPlain(frames);
    }

    @Override
    public boolean takesPlain() {
        return inner.takesPlain();
    }

    @Override
    public void flush() {
        inner.flush();
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // whether it is the one that was begun
    public Verdict put(Frame frame) {
        if (begun != frame) {
            abandonBegun();
        }
        if (!frame.checksumNeeded() && frame.gsoType() == Frame.GSO_NONE) {
            abandonBegun();
            return inner.put(frame);
        }
        int accepted = inner.accepts();
        if ((accepted & Offload.CSUM) == 0) {
            // Segments without checksums are of no use to it.
            accepted = Offload.NONE;
        }
        Frame own = frame.shared() ? pool.view(frame) : frame;
        if ((own.needs() & ~accepted) == 0) {
            abandonBegun();
            return inner.put(frame);
        }
        boolean leaveChecksum = (accepted & Offload.CSUM) != 0;
        if (own.gsoType() == Frame.GSO_NONE) {
            abandonBegun();
            return putWhole(own, leaveChecksum);
        }
        return begin(own) ? putSegments(frame, own, leaveChecksum) : putUncut(own, leaveChecksum);
    }

    /** The rest of a frame did not come again, or with something else in it. */
    private void abandonBegun() {
        if (begun != null) {
            begun = null;
            counters.increment(OffloadCounter.ABANDONED);
        }
    }

    private Verdict putWhole(Frame own, boolean leaveChecksum) {
        // Of what is not segmented, ECN needs nothing either.
        own.segmentationDone();
        if (own.checksumNeeded() && !leaveChecksum) {
            if (!Checksum.complete(own)) {
                counters.increment(OffloadCounter.CHECKSUM_PLACE);
                return Verdict.DROPPED;
            }
            counters.increment(OffloadCounter.CHECKSUMS);
        }
        return inner.put(own);
    }

    /** Begins to cut a frame, or goes on; false when there is nothing to cut. */
    private boolean begin(Frame own) {
        refused = null;
        if (begun != null) {
            if (segmentation.resume(own)) {
                return true;
            }
            abandonBegun();
        }
        anyTaken = false;
        refused = segmentation.begin(own);
        return refused == null && segmentation.count() > 1;
    }

    private Verdict putUncut(Frame own, boolean leaveChecksum) {
        if (refused != null) {
            counters.increment(refused);
            return Verdict.DROPPED;
        }
        return putWhole(own, leaveChecksum);
    }

    private Verdict putSegments(Frame frame, Frame own, boolean leaveChecksum) {
        Frame segment = pool.segment();
        while (segmentation.index() < segmentation.count()) {
            if (!segmentation.build(own, segment, leaveChecksum)) {
                begun = null;
                counters.increment(OffloadCounter.ABANDONED);
                return Verdict.DROPPED;
            }
            Verdict verdict = inner.put(segment);
            if (verdict == Verdict.LATER) {
                begun = segmentation.index() > 0 ? frame : null;
                return Verdict.LATER;
            }
            anyTaken |= verdict != Verdict.DROPPED;
            segmentation.advance();
        }
        begun = null;
        count(leaveChecksum);
        return anyTaken ? Verdict.DONE : Verdict.DROPPED;
    }

    private void count(boolean leaveChecksum) {
        int segments = segmentation.count();
        counters.increment(OffloadCounter.SEGMENTED);
        counters.add(OffloadCounter.SEGMENTS, segments);
        if (!segmentation.segmentsHaveChecksums()) {
            counters.increment(OffloadCounter.CHECKSUMS);
        } else if (!leaveChecksum) {
            counters.add(OffloadCounter.CHECKSUMS, segments);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        abandonBegun();
        if (registration != null) {
            registration.close();
        }
        pool.forget();
        inner.close();
    }
}
