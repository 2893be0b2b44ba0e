package dev.ringside.virtio.net.port.host;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A sink that keeps copies of what it was given, or holds it, or has no room. */
public final class TestSink implements FrameSink {
    /** A frame's copy, and what is left undone on it. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares it as a whole
    public record Got(
            byte[] bytes, int needs, int checksumStart, int checksumOffset, int gsoBytes) {}

    /** What it was given. */
    public final List<Got> got = new ArrayList<>();

    /** What it holds, when it {@link #holds}. */
    public final List<Frame> held = new ArrayList<>();

    /** Whether it has room. */
    public boolean room = true;

    /** Whether it only finds out in {@link #put} that it has no room. */
    public boolean refuses;

    /** Whether it holds what it gets. */
    public boolean holds;

    /** How often a burst ended. */
    public int flushes;

    private final int accepts;

    /** Accepts these offloads. */
    public TestSink(int accepts) {
        this.accepts = accepts;
    }

    @Override
    public Verdict put(Frame frame) {
        if (!room || refuses) {
            return Verdict.LATER;
        }
        if ((frame.needs() & ~accepts) != 0) {
            throw new AssertionError("needs " + frame.needs() + ", accepted is " + accepts);
        }
        if (holds) {
            Frame mine = frame.hold();
            if (mine == null) {
                return Verdict.DROPPED;
            }
            held.add(mine);
            return Verdict.HELD;
        }
        got.add(copy(frame));
        return Verdict.DONE;
    }

    /** A copy of a frame. */
    public static Got copy(Frame frame) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(frame.length());
            frame.copyTo(0, bytes, 0, frame.length());
            return new Got(
                    bytes.toArray(JAVA_BYTE),
                    frame.needs(),
                    frame.checksumStart(),
                    frame.checksumOffset(),
                    frame.gsoBytes());
        }
    }

    @Override
    public boolean hasRoom() {
        return room;
    }

    @Override
    public int accepts() {
        return accepts;
    }

    @Override
    public void flush() {
        flushes++;
    }
}
