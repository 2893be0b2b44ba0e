package dev.ringside.virtio.net;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A sink that keeps copies of the frames it gets, as long as it has room. */
public class FakeSink implements FrameSink {
    private final List<byte[]> frames = new ArrayList<>();
    private int accepts = Offload.ALL;
    private int room = Integer.MAX_VALUE;
    private int flushes;
    private int refusals;
    private boolean closed;

    /** Accepts everything, without end. */
    public FakeSink() {}

    /** What frames may need; all at first. */
    public FakeSink accepting(int offloads) {
        accepts = offloads;
        return this;
    }

    /** How many more frames it takes. */
    public void setRoom(int count) {
        room = count;
    }

    /** The frames so far. */
    public List<byte[]> frames() {
        return frames;
    }

    /** How often it was flushed. */
    public int flushes() {
        return flushes;
    }

    /** How often it had to say LATER. */
    public int refusals() {
        return refusals;
    }

    /** Whether it was closed. */
    public boolean closed() {
        return closed;
    }

    @Override
    public Verdict put(Frame frame) {
        if ((frame.needs() & ~accepts) != 0) {
            throw new IllegalStateException("a frame needs " + frame.needs());
        }
        if (room == 0) {
            refusals++;
            return Verdict.LATER;
        }
        room--;
        frames.add(bytes(frame));
        // What a sink may do: a source that reuses its frame must begin anew.
        frame.pull(Math.min(frame.length(), 14));
        return Verdict.DONE;
    }

    /** A frame's bytes. */
    public static byte[] bytes(Frame frame) {
        byte[] bytes = new byte[frame.length()];
        frame.copyTo(0, MemorySegment.ofArray(bytes), 0, bytes.length);
        return bytes;
    }

    @Override
    public boolean hasRoom() {
        return room > 0;
    }

    @Override
    public int accepts() {
        return accepts;
    }

    @Override
    public void flush() {
        flushes++;
    }

    @Override
    public void close() {
        closed = true;
    }
}
