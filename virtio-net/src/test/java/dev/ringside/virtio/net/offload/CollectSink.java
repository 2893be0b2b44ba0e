package dev.ringside.virtio.net.offload;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Keeps copies of what it is given; answers what a test says. */
final class CollectSink implements FrameSink {
    private final int accepts;
    private final List<byte[]> bytes = new ArrayList<>();
    private final List<Integer> needs = new ArrayList<>();
    private IntFunction<Verdict> verdicts = number -> Verdict.DONE;
    private int puts;
    private int flushes;
    private int closes;
    private boolean room = true;

    CollectSink(int accepts) {
        this.accepts = accepts;
    }

    /** Answers by the number of the put, from 0. */
    void answer(IntFunction<Verdict> newVerdicts) {
        verdicts = newVerdicts;
    }

    void setRoom(boolean value) {
        room = value;
    }

    /** What was taken. */
    List<byte[]> bytes() {
        return bytes;
    }

    /** What those needed that were taken. */
    List<Integer> needs() {
        return needs;
    }

    int puts() {
        return puts;
    }

    int flushes() {
        return flushes;
    }

    int closes() {
        return closes;
    }

    @Override
    public Verdict put(Frame frame) {
        Verdict verdict = verdicts.apply(puts++);
        if ((frame.needs() & ~accepts) != 0) {
            throw new AssertionError("needs " + frame.needs() + ", accepted is " + accepts);
        }
        if (verdict != Verdict.LATER && verdict != Verdict.DROPPED) {
            bytes.add(Frames.bytes(frame));
            needs.add(frame.needs());
        }
        return verdict;
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

    @Override
    public void close() {
        closes++;
    }
}
