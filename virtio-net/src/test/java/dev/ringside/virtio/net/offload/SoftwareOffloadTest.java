package dev.ringside.virtio.net.offload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.Counters;
import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.shm.Ranges;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What passes, what is done, and how it goes on when there is no room. */
class SoftwareOffloadTest {
    private final Random random = new Random(1);
    private final Counters<OffloadCounter> counters = new Counters<>(OffloadCounter.class);

    @Test
    void shouldGiveTheInnerSinkWhenItAcceptsAll() {
        FrameSink inner = new CollectSink(Offload.ALL);
        MetricsRegistry registry = new MetricsRegistry();

        assertSame(inner, SoftwareOffload.around(inner, counters));
        assertSame(inner, SoftwareOffload.around(inner, registry, Map.of()));
    }

    @Test
    void shouldPassWhatTheInnerSinkAccepts() {
        int accepts = Offload.CSUM | Offload.TSO4;
        CollectSink inner = new CollectSink(accepts);
        FrameSink sink = SoftwareOffload.around(inner, counters);
        Packet packet = tcp(4, 5000).withPseudoSum();

        sink.put(Frames.of(packet.bytes()));
        sink.put(needing(packet, Offload.CSUM));
        sink.put(needing(packet, accepts));

        assertEquals(List.of(Offload.NONE, Offload.CSUM, accepts), inner.needs());
        inner.bytes().forEach(bytes -> assertArrayEquals(packet.bytes(), bytes));
        assertEquals(Offload.ALL, sink.accepts());
        assertCounts(Map.of());
    }

    @Test
    void shouldCutWhatTheInnerSinkDoesNotAccept() {
        // ECN, TSO6 and checksums beside TSO: each alone makes it worthless.
        for (int accepts :
                new int[] {Offload.NONE, Offload.CSUM, Offload.CSUM | Offload.TSO4, Offload.TSO6}) {
            CollectSink inner = new CollectSink(accepts);
            Frame frame = needing(tcp(6, 5000), Offload.CSUM);
            frame.needSegmentation(Frame.GSO_TCPV6, 1000, true);

            assertEquals(Verdict.DONE, SoftwareOffload.around(inner, counters).put(frame));

            assertEquals(5, inner.bytes().size());
            int left = accepts & Offload.CSUM;
            inner.needs().forEach(needs -> assertEquals(left, needs));
        }
        assertEquals(4, counters.get(OffloadCounter.SEGMENTED));
        assertEquals(20, counters.get(OffloadCounter.SEGMENTS));
        assertEquals(10, counters.get(OffloadCounter.CHECKSUMS));
    }

    @Test
    void shouldCutForEcnAlone() {
        CollectSink inner = new CollectSink(Offload.CSUM | Offload.TSO4);
        Frame frame = needing(tcp(4, 5000), Offload.CSUM);
        frame.needSegmentation(Frame.GSO_TCPV4, 1000, true);

        assertEquals(Verdict.DONE, SoftwareOffload.around(inner, counters).put(frame));

        assertEquals(5, inner.bytes().size());
    }

    @Test
    void shouldForgetEcnOfWhatIsNotSegmented() {
        CollectSink inner = new CollectSink(Offload.CSUM);
        Frame frame = needing(tcp(4, 500), Offload.CSUM);
        frame.needSegmentation(Frame.GSO_NONE, 0, true);

        assertEquals(Verdict.DONE, SoftwareOffload.around(inner, counters).put(frame));

        assertEquals(List.of(Offload.CSUM), inner.needs());
    }

    @Test
    void shouldGoOnWhereThereWasNoRoom() {
        Packet packet = tcp(4, 10_000);
        List<byte[]> expected = Naive.segments(packet, 1000);
        for (boolean shared : new boolean[] {false, true}) {
            CollectSink inner = new CollectSink(Offload.NONE);
            inner.answer(number -> number % 3 == 2 ? Verdict.LATER : Verdict.DONE);
            FrameSink sink = SoftwareOffload.around(inner, counters);
            Frame frame = new Frame(new Counting(), 4);
            Frames.fill(frame, packet.withPseudoSum().bytes());
            Frames.needChecksum(frame, packet).needSegmentation(Frame.GSO_TCPV4, 1000, false);
            frame.beginHold(0);
            if (shared) {
                frame.retain();
            }

            int laters = 0;
            while (sink.put(frame) == Verdict.LATER) {
                laters++;
            }

            assertEquals(4, laters);
            assertSegments(expected, inner);
        }
        assertEquals(0, counters.get(OffloadCounter.ABANDONED));
    }

    @Test
    void shouldGoOnWithAFrameThatWasReadAgain() {
        Packet packet = tcp(6, 10_000).withPseudoSum();
        CollectSink inner = new CollectSink(Offload.NONE);
        inner.answer(number -> number == 4 ? Verdict.LATER : Verdict.DONE);
        FrameSink sink = SoftwareOffload.around(inner, counters);
        var memory = Frames.memory(packet.bytes());
        Frame frame = new Frame(FrameKeeper.NONE, 4);

        Verdict verdict = Verdict.LATER;
        for (int turn = 0; turn < 2; turn++) {
            // As a source does that keeps no frames, but takes them from its ring anew.
            frame.clear();
            frame.add(memory, 0, 700);
            frame.add(memory, 700, packet.bytes().length - 700);
            Frames.needChecksum(frame, packet).needSegmentation(Frame.GSO_TCPV6, 1000, false);
            verdict = sink.put(frame);
        }

        assertEquals(Verdict.DONE, verdict);
        assertSegments(Naive.segments(packet, 1000), inner);
    }

    @Test
    void shouldDropTheRestWhenAnotherFrameComes() {
        CollectSink inner = new CollectSink(Offload.NONE);
        FrameSink sink = SoftwareOffload.around(inner, counters);
        Packet other = tcp(4, 3000);
        // Another object; the same object with other bytes; with none to be cut.
        for (int way = 0; way < 3; way++) {
            int later = inner.puts() + 2;
            inner.answer(number -> number == later ? Verdict.LATER : Verdict.DONE);
            Frame frame = needing(tcp(4, 5000), Offload.CSUM | Offload.TSO4);
            assertEquals(Verdict.LATER, sink.put(frame));
            inner.bytes().clear();
            Frame next = way == 0 ? new Frame(FrameKeeper.NONE, 1) : frame;
            Frames.fill(next, other.withPseudoSum().bytes());
            if (way < 2) {
                Frames.needChecksum(next, other).needSegmentation(Frame.GSO_TCPV4, 1000, false);
            }

            assertEquals(Verdict.DONE, sink.put(next));

            assertEquals(way + 1, counters.get(OffloadCounter.ABANDONED));
            if (way < 2) {
                assertSegments(Naive.segments(other, 1000), inner);
            } else {
                assertArrayEquals(other.withPseudoSum().bytes(), inner.bytes().getFirst());
            }
        }
    }

    /** There was room for one segment of a frame. */
    private FrameSink withOneBegun(CollectSink inner) {
        inner.answer(number -> number == 1 ? Verdict.LATER : Verdict.DONE);
        FrameSink sink = SoftwareOffload.around(inner, counters);
        sink.put(needing(tcp(4, 5000), Offload.CSUM | Offload.TSO4));
        return sink;
    }

    @Test
    void shouldDropTheRestWhenPlainFramesCome() {
        CollectSink inner = new CollectSink(Offload.NONE);
        FrameSink sink = withOneBegun(inner);

        assertFalse(sink.takesPlain());
        assertEquals(0, sink.putPlain(new Ranges(1)));

        assertEquals(1, counters.get(OffloadCounter.ABANDONED));
    }

    @Test
    void shouldCountTheRestWhenClosed() {
        CollectSink inner = new CollectSink(Offload.NONE);
        FrameSink sink = withOneBegun(inner);

        sink.close();
        sink.close();

        assertEquals(1, counters.get(OffloadCounter.ABANDONED));
        assertEquals(1, inner.closes());
    }

    @Test
    void shouldMeanTheSameWhenThereIsNoRoomAtFirst() {
        CollectSink inner = new CollectSink(Offload.NONE);
        inner.answer(number -> number == 0 ? Verdict.LATER : Verdict.DONE);
        FrameSink sink = SoftwareOffload.around(inner, counters);
        Packet packet = Packet.of(Packet.Shape.plain(4, Packet.UDP, 5000), random).withPseudoSum();
        Frame fragmented = Frames.needChecksum(Frames.of(packet.bytes()), packet);
        fragmented.needSegmentation(Frame.GSO_UDP, 1000, false);
        assertEquals(Verdict.LATER, sink.put(fragmented));

        assertEquals(Verdict.DONE, sink.put(fragmented));

        assertSegments(Naive.fragments(packet, 1000), inner);
        assertEquals(0, counters.get(OffloadCounter.ABANDONED));
    }

    @Test
    void shouldSayDroppedOnlyWhenNothingArrived() {
        CollectSink inner = new CollectSink(Offload.NONE);
        FrameSink sink = SoftwareOffload.around(inner, counters);
        inner.answer(number -> number < 9 ? Verdict.DROPPED : Verdict.DONE);

        assertEquals(Verdict.DROPPED, sink.put(needing(tcp(4, 5000), Offload.CSUM | Offload.TSO4)));
        assertEquals(Verdict.DONE, sink.put(needing(tcp(4, 5000), Offload.CSUM | Offload.TSO4)));
        assertEquals(1, inner.bytes().size());
    }

    @Test
    void shouldNotChangeSharedFrames() {
        Packet packet = tcp(4, 3000).withPseudoSum();
        Frame frame = new Frame(new Counting(), 4);
        Frames.fill(frame, packet.bytes());
        Frames.needChecksum(frame, packet);
        frame.beginHold(0);
        frame.retain();
        CollectSink inner = new CollectSink(Offload.NONE);
        FrameSink sink = SoftwareOffload.around(inner, counters);

        assertEquals(Verdict.DONE, sink.put(frame));
        frame.needSegmentation(Frame.GSO_TCPV4, 1000, false);
        assertEquals(Verdict.DONE, sink.put(frame));

        assertEquals(4, inner.bytes().size());
        assertEquals(0, frame.headBytes());
        assertTrue(frame.checksumNeeded());
        assertArrayEquals(packet.bytes(), Frames.bytes(frame));
        frame.segmentationDone();
        assertEquals(Offload.CSUM, frame.needs());
    }

    @Test
    void shouldLetSegmentsBeHeld() {
        Holder holder = new Holder(Offload.CSUM);
        FrameSink sink = SoftwareOffload.around(holder, counters);
        Packet packet = tcp(4, 60_000).withPseudoSum();
        Frame frame = Frames.needChecksum(Frames.of(packet.bytes()), packet);
        frame.needSegmentation(Frame.GSO_TCPV4, 1000, false);

        assertEquals(Verdict.DONE, sink.put(frame));

        // The original's memory is the source's again; what is held is not of it.
        frame.segment(0).fill((byte) 0);
        List<byte[]> expected = Naive.segments(packet, 1000);
        assertEquals(60, holder.held.size());
        for (int i = 0; i < 60; i++) {
            Packet segment = packet.with(Frames.bytes(holder.held.get(i)));
            assertEquals(Offload.CSUM, holder.held.get(i).needs());
            assertArrayEquals(expected.get(i), Naive.complete(segment));
        }
    }

    @Test
    void shouldHoldNoMoreThanItsPool() {
        Holder holder = new Holder(Offload.NONE);
        FrameSink sink = SoftwareOffload.around(holder, counters);
        for (int turn = 0; turn < 3; turn++) {
            assertEquals(
                    Verdict.DONE, sink.put(needing(tcp(4, 50_000), Offload.CSUM | Offload.TSO4)));
            assertEquals(
                    Verdict.DONE, sink.put(needing(tcp(4, 50_000), Offload.CSUM | Offload.TSO4)));
            assertEquals(4 * (turn + 1), holder.refused);
            assertEquals(SegmentPool.MAX_HELD, holder.held.size());
            assertSame(holder.held.getFirst(), holder.held.getFirst().hold());
            holder.held.getFirst().release();
            holder.held.forEach(Frame::release);
            holder.held.clear();
        }
        Packet jumbo = tcp(4, 50_000).withPseudoSum();
        Frame frame = Frames.needChecksum(Frames.of(jumbo.bytes()), jumbo);
        frame.needSegmentation(Frame.GSO_TCPV4, 20_000, false);
        assertEquals(Verdict.DROPPED, sink.put(frame));
    }

    @Test
    void shouldHoldSharedFramesByThemselves() {
        Counting keeper = new Counting();
        Packet packet = tcp(6, 60_000).withPseudoSum();
        Frame frame = new Frame(keeper, 4);
        Frames.fill(frame, packet.bytes());
        Frames.needChecksum(frame, packet);
        frame.beginHold(0);
        frame.retain();
        Holder holder = new Holder(Offload.NONE);

        assertEquals(Verdict.HELD, SoftwareOffload.around(holder, counters).put(frame));

        frame.release();
        frame.release();
        assertEquals(0, keeper.releases);
        byte[] expected = Naive.complete(packet);
        assertArrayEquals(expected, Frames.bytes(holder.held.getFirst()));
        holder.held.getFirst().release();
        assertEquals(1, keeper.releases);
    }

    @Test
    void shouldAskTheInnerSink() {
        CollectSink inner = new CollectSink(Offload.NONE);
        FrameSink sink = SoftwareOffload.around(inner, counters);
        assertTrue(sink.hasRoom());
        inner.setRoom(false);
        assertFalse(sink.hasRoom());
        sink.flush();
        assertEquals(1, inner.flushes());
    }

    @Test
    void shouldShowItsCountersUntilClosed() {
        MetricsRegistry registry = new MetricsRegistry();
        CollectSink inner = new CollectSink(Offload.NONE);
        FrameSink sink = SoftwareOffload.around(inner, registry, Map.of("port", "p"));
        sink.put(needing(tcp(4, 100), Offload.CSUM));
        SeenMetrics seen = new SeenMetrics();
        registry.visit(seen);
        assertEquals(1, seen.value("ringside_net_software_checksums_total", Map.of("port", "p")));
        assertEquals(
                0,
                seen.value(
                        "ringside_net_offload_drops_total",
                        Map.of("port", "p", "reason", "fragment")));

        sink.close();

        SeenMetrics after = new SeenMetrics();
        registry.visit(after);
        assertEquals(0, after.size());
    }

    private Packet tcp(int version, int payloadBytes) {
        return Packet.of(Packet.Shape.plain(version, Packet.TCP, payloadBytes), random);
    }

    /** A frame that needs its checksum, and to be cut to 1000 bytes if it says so. */
    private static Frame needing(Packet bare, int needs) {
        Packet packet = bare.withPseudoSum();
        if (needs == Offload.NONE) {
            return Frames.of(packet.bytes());
        }
        Frame frame = Frames.needChecksum(Frames.of(packet.bytes()), packet);
        if ((needs & Offload.TSO4) != 0) {
            frame.needSegmentation(Frame.GSO_TCPV4, 1000, false);
        }
        return frame;
    }

    private static void assertSegments(List<byte[]> expected, CollectSink inner) {
        assertEquals(expected.size(), inner.bytes().size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), inner.bytes().get(i), "segment " + i);
        }
    }

    private void assertCounts(Map<OffloadCounter, Long> expected) {
        for (OffloadCounter counter : OffloadCounter.values()) {
            assertEquals(expected.getOrDefault(counter, 0L), counters.get(counter), "" + counter);
        }
    }

    /** Holds all it can. */
    private static final class Holder implements FrameSink {
        private final int accepts;
        private final List<Frame> held = new ArrayList<>();
        private int refused;

        Holder(int accepts) {
            this.accepts = accepts;
        }

        @Override
        public Verdict put(Frame frame) {
            Frame kept = frame.hold();
            if (kept == null) {
                refused++;
                return Verdict.DROPPED;
            }
            held.add(kept);
            return Verdict.HELD;
        }

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public int accepts() {
            return accepts;
        }
    }

    /** A source whose frames are held already. */
    private static final class Counting implements FrameKeeper {
        private int releases;

        @Override
        public @Nullable Frame hold(Frame frame) {
            frame.retain();
            return frame;
        }

        @Override
        public void released(Frame held) {
            releases++;
        }
    }
}
