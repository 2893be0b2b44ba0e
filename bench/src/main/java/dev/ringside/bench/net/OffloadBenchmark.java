package dev.ringside.bench.net;

import dev.ringside.metrics.Counters;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.offload.Checksum;
import dev.ringside.virtio.net.offload.FlowHash;
import dev.ringside.virtio.net.offload.HashType;
import dev.ringside.virtio.net.offload.Headers;
import dev.ringside.virtio.net.offload.OffloadCounter;
import dev.ringside.virtio.net.offload.SoftwareOffload;
import dev.ringside.virtio.net.offload.Toeplitz;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Offloads in software, per frame: the sum of its bytes, a checksum, segments of 1448 bytes with
 * and without their checksums, and hashes. A frame of TCP over IPv4 in memory like a guest's, in
 * extents of up to 4 KiB; everything in the cache.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
@SuppressWarnings("NullAway.Init") // JMH fills the fields
public class OffloadBenchmark {
    private static final int HEADERS = 66;
    private static final int EXTENT = 4096;
    private static final int SEGMENT = 1448;

    /** Length of the frame in bytes. */
    @Param({"64", "1500", "65535"})
    public int bytes;

    private final Frame frame = new Frame(FrameKeeper.NONE, 20);
    private final Headers headers = new Headers();
    private final Toeplitz toeplitz = new Toeplitz(new byte[Toeplitz.KEY_BYTES]);
    private MemorySegment memory;
    private FrameSink complete;
    private FrameSink segments;
    private FrameSink segmentsWithoutChecksums;

    /** Builds the packet once. */
    @Setup
    public void build() {
        byte[] packet = new byte[Math.max(bytes, HEADERS)];
        new Random(1).nextBytes(packet);
        put(packet, 12, 0x0800);
        packet[14] = 0x45;
        put(packet, 20, 0);
        packet[23] = 6;
        packet[46] = (byte) (8 << 4);
        memory = Arena.ofShared().allocate(packet.length, 64);
        MemorySegment.copy(packet, 0, memory, ValueLayout.JAVA_BYTE, 0, packet.length);
        Counters<OffloadCounter> counters = new Counters<>(OffloadCounter.class);
        complete = SoftwareOffload.around(new Sink(Offload.NONE), counters);
        segments = SoftwareOffload.around(new Sink(Offload.NONE), counters);
        segmentsWithoutChecksums = SoftwareOffload.around(new Sink(Offload.CSUM), counters);
    }

    private static void put(byte[] packet, int at, int value) {
        packet[at] = (byte) (value >>> 8);
        packet[at + 1] = (byte) value;
    }

    /** As a transmit worker does: a frame of the chain's segments. */
    private Frame fill() {
        frame.clear();
        int length = (int) memory.byteSize();
        for (int at = 0; at < length; at += EXTENT) {
            frame.add(memory, at, Math.min(EXTENT, length - at));
        }
        frame.needChecksum(34, 16);
        return frame;
    }

    /** The sum of all bytes, nothing else. */
    @Benchmark
    public int sum() {
        return Checksum.of(memory, 0, bytes);
    }

    /** A frame that needs its checksum. */
    @Benchmark
    public Verdict checksum() {
        return complete.put(fill());
    }

    /** A frame that is to be cut, with its checksums. */
    @Benchmark
    public Verdict segment() {
        fill().needSegmentation(Frame.GSO_TCPV4, SEGMENT, false);
        return segments.put(frame);
    }

    /** A frame that is to be cut for a sink that takes segments without checksums. */
    @Benchmark
    public Verdict segmentWithoutChecksums() {
        fill().needSegmentation(Frame.GSO_TCPV4, SEGMENT, false);
        return segmentsWithoutChecksums.put(frame);
    }

    /** The hash that a driver configures. */
    @Benchmark
    public int toeplitz() {
        headers.parse(fill());
        return toeplitz.hash(frame, headers, HashType.ALL);
    }

    /** The hash without a driver's wishes. */
    @Benchmark
    public int flowHash() {
        headers.parse(fill());
        return FlowHash.of(frame, headers);
    }

    /** Looks at a frame, so that its making is not optimised away. */
    private static final class Sink implements FrameSink {
        private final int accepts;
        private long seen;

        Sink(int accepts) {
            this.accepts = accepts;
        }

        @Override
        public Verdict put(Frame frame) {
            seen += frame.length() + frame.headByte(50) + frame.extents();
            return seen == 0 ? Verdict.DROPPED : Verdict.DONE;
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
}
