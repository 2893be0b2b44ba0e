package dev.ringside.virtio.net;

import dev.ringside.shm.Ranges;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.device.ShardContext;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A port that notes what it gets, and brings what a test gives it. */
final class FakePort implements PacketPort {
    /** What a frame was when it was put. */
    @SuppressWarnings("ArrayRecordComponent") // a test owns it
    record Seen(byte[] bytes, int needs, int checksumStart, int checksumOffset, int gsoBytes) {}

    final List<Seen> transmitted = new ArrayList<>();
    final List<Frame> held = new ArrayList<>();
    final Deque<Frame> incoming = new ArrayDeque<>();
    final Map<Integer, FrameSink> sinks = new HashMap<>();
    final List<Verdict> answers = new ArrayList<>();

    /** What the sink answers. */
    Verdict answer = Verdict.DONE;

    /** How many more frames the sink takes by {@link FrameSink#putPlain}. */
    int plainRoom;

    /** How many it took so. */
    int plain;

    boolean linkUp = true;
    int mtu = 65535;
    int pairs = 128;
    int holds = 1;
    int flushes;
    int opened;
    int closed;
    int sinksClosed;
    boolean portClosed;
    @Nullable FrameSink into;
    @Nullable Boolean sourceEnabled;
    Runnable linkListener = () -> {};

    /** A frame that holds bytes, as {@link #incoming} wants it. */
    static Frame frame(byte[] bytes) {
        Frame frame = new Frame(FrameKeeper.NONE, 4);
        frame.add(MemorySegment.ofArray(bytes), 0, bytes.length);
        return frame;
    }

    static byte[] bytes(Frame frame) {
        byte[] bytes = new byte[frame.length()];
        frame.copyTo(0, MemorySegment.ofArray(bytes), 0, bytes.length);
        return bytes;
    }

    @Override
    public String describe() {
        return "fake";
    }

    @Override
    public int maxQueuePairs() {
        return pairs;
    }

    @Override
    public int mtu() {
        return mtu;
    }

    @Override
    public boolean linkUp() {
        return linkUp;
    }

    @Override
    public void onLinkChange(Runnable listener) {
        linkListener = listener;
    }

    @Override
    public FrameSink openTransmit(ShardContext shard, int pair) {
        return new FrameSink() {
            @Override
            public Verdict put(Frame frame) {
                if (answer == Verdict.HELD) {
                    for (int i = 1; i < holds; i++) {
                        held.add(Objects.requireNonNull(frame.hold()));
                    }
                    Frame kept = frame.hold();
                    if (kept == null) {
                        return Verdict.DROPPED;
                    }
                    held.add(kept);
                }
                if (answer == Verdict.DONE || answer == Verdict.HELD) {
                    transmitted.add(
                            new Seen(
                                    bytes(frame),
                                    frame.needs(),
                                    frame.checksumStart(),
                                    frame.checksumOffset(),
                                    frame.gsoBytes()));
                }
                return answer;
            }

            @Override
            public int putPlain(Ranges frames) {
                int count = Math.min(plainRoom, frames.count());
                for (int i = 0; i < count; i++) {
                    MemorySegment frame =
                            frames.segment().asSlice(frames.offset(i), frames.length(i));
                    byte[] bytes = frame.toArray(ValueLayout.JAVA_BYTE);
                    transmitted.add(new Seen(bytes, Offload.NONE, 0, 0, 0));
                    plainRoom--;
                    plain++;
                }
                return count;
            }

            @Override
            public boolean takesPlain() {
                return true;
            }

            @Override
            public boolean hasRoom() {
                return answer != Verdict.LATER;
            }

            @Override
            public int accepts() {
                return Offload.ALL;
            }

            @Override
            public void flush() {
                flushes++;
            }

            @Override
            public void close() {
                sinksClosed++;
            }
        };
    }

    @Override
    public FrameSource openReceive(ShardContext shard, int pair, FrameSink sink) {
        into = sink;
        sinks.put(pair, sink);
        opened++;
        return new FrameSource() {
            @Override
            public int poll(int budget) {
                int count = 0;
                while (count < budget && !incoming.isEmpty() && sink.hasRoom()) {
                    Verdict verdict = sink.put(incoming.element());
                    answers.add(verdict);
                    if (verdict == Verdict.LATER) {
                        break;
                    }
                    incoming.remove();
                    count++;
                }
                return count;
            }

            @Override
            public void setEnabled(boolean enabled) {
                sourceEnabled = enabled;
            }

            @Override
            public void close() {
                closed++;
            }
        };
    }

    @Override
    public void close() {
        portClosed = true;
    }
}
