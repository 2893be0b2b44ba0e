package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** One receiveq/transmitq pair under load. One thread; allocates nothing after construction. */
final class NetLane {
    private static final ValueLayout.OfShort LE16 = JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final int LANE_SHIFT = 48;
    private static final int SENT_MASK = FrameLedger.WINDOW - 1;

    private final NetLoadOptions options;
    private final int number;
    private final int headerBytes;
    private final boolean mergeable;
    private final FramePattern pattern;
    private final DriverQueue transmitq;
    private final DriverQueue receiveq;
    private final @Nullable FrameBuffers transmit;
    private final @Nullable FrameBuffers receive;
    private final FrameLedger ledger = new FrameLedger();
    private final long[] sentNs;
    private final LatencyRecorder latency;
    // Frames that came in several buffers are put together here, to be compared.
    private final MemorySegment scratch;
    private NetLane[] lanes = {this};

    private long taken;
    private long given;
    private long frames;
    private long bytes;
    private long altered;

    NetLane(
            final NetDriver driver,
            final int number,
            final NetLoadOptions options,
            final FramePattern pattern,
            final LatencyRecorder latency) {
        this.options = options;
        this.number = number;
        this.headerBytes = driver.headerBytes();
        this.mergeable = driver.has(NetSpec.F_MRG_RXBUF);
        this.pattern = pattern;
        this.transmitq = driver.transmitq(number);
        this.receiveq = driver.receiveq(number);
        this.latency = latency;
        this.sentNs = new long[options.latency() ? FrameLedger.WINDOW : 0];
        this.scratch = MemorySegment.ofArray(new long[(NetSpec.MAX_FRAME_BYTES + 7) / 8]);
        this.transmit =
                options.mode() == NetLoadOptions.Mode.SOURCE ? null : transmitBuffers(driver);
        this.receive = options.mode() == NetLoadOptions.Mode.SINK ? null : receiveBuffers(driver);
    }

    private FrameBuffers transmitBuffers(final NetDriver driver) {
        final Random random = new Random(options.seed());
        final int[] sizes = new int[options.depth()];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = headerBytes + options.sizes().of(i, random);
        }
        final FrameBuffers buffers =
                new FrameBuffers(
                        driver.memory(), transmitq, sizes, options.transmit(), headerBytes, false);
        // The memory may have served another load before: headers are zero from here on.
        buffers.memory().fill((byte) 0);
        for (int head = 0; head < transmitq.layout().size(); head++) {
            final int length = buffers.bytes(head) - headerBytes;
            if (length > 0) {
                pattern.header()
                        .write(buffers.memory(), buffers.offset(head) + headerBytes, length, head);
            }
        }
        return buffers;
    }

    private FrameBuffers receiveBuffers(final NetDriver driver) {
        final int[] sizes = new int[options.receiveBuffers()];
        Arrays.fill(sizes, options.receiveBytes());
        return new FrameBuffers(
                driver.memory(), receiveq, sizes, options.receive(), headerBytes, true);
    }

    /** All lanes of the load: a device may return a frame on another pair than it came by. */
    void lanes(final NetLane[] all) {
        lanes = all;
    }

    /** Posts every receive buffer. */
    void post() {
        final FrameBuffers buffers = receive;
        if (buffers == null) {
            return;
        }
        while (buffers.readyCount() > 0) {
            receiveq.offer(buffers.take());
        }
        receiveq.publishAndKick();
    }

    /** Takes back what the device has sent; returns how many frames that were. */
    int reap() {
        final FrameBuffers buffers = transmit;
        if (buffers == null) {
            return 0;
        }
        final int count = buffers.reap();
        taken += count;
        return count;
    }

    /** How many frames may be sent now. */
    int room() {
        final FrameBuffers buffers = transmit;
        if (buffers == null) {
            return 0;
        }
        if (buffers.readyCount() < options.burst()) {
            reap();
        }
        final long window =
                options.mode() == NetLoadOptions.Mode.LOOP
                        ? options.depth() - ledger.inFlight()
                        : Integer.MAX_VALUE;
        return (int) Math.min(Math.min(buffers.readyCount(), window), options.burst());
    }

    /** Sends so many frames, for which there must be room. */
    void send(final int count) {
        final FrameBuffers buffers = transmit;
        if (buffers == null || count <= 0) {
            return;
        }
        final long nowNs = options.latency() ? System.nanoTime() : 0;
        for (int i = 0; i < count; i++) {
            final int head = buffers.take();
            stamp(buffers, head, nowNs);
            transmitq.offer(head);
        }
        given += count;
        transmitq.publishAndKick();
    }

    private void stamp(final FrameBuffers buffers, final int head, final long nowNs) {
        final long sequence = ledger.send();
        final long offset = buffers.offset(head) + headerBytes;
        final int length = buffers.bytes(head) - headerBytes;
        final long label = ((long) number << LANE_SHIFT) | sequence;
        if (options.verify()) {
            pattern.write(buffers.memory(), offset, length, label);
        } else if (length >= pattern.numberedBytes()) {
            pattern.number(buffers.memory(), offset, label);
        }
        if (options.latency()) {
            sentNs[(int) sequence & SENT_MASK] = nowNs;
        }
    }

    /** Receives up to a burst of frames and posts their buffers again; returns how many came. */
    int receive() {
        final FrameBuffers buffers = receive;
        if (buffers == null) {
            return 0;
        }
        int count = 0;
        long nowNs = 0;
        while (count < options.burst()) {
            final int head = receiveq.takeUsed();
            if (head < 0) {
                break;
            }
            if (options.latency() && count == 0) {
                nowNs = System.nanoTime();
            }
            take(buffers, head, nowNs);
            count++;
        }
        if (count > 0) {
            frames += count;
            receiveq.publishAndKick();
        }
        return count;
    }

    private void take(final FrameBuffers buffers, final int head, final long nowNs) {
        final long offset = buffers.offset(head);
        final int used = receiveq.usedLength();
        final int length = used - headerBytes;
        if (used > buffers.bytes(head) || length < 0) {
            altered++;
            receiveq.offer(head);
            return;
        }
        final int parts =
                mergeable
                        ? buffers.memory().get(LE16, offset + NetSpec.HDR_NUM_BUFFERS) & 0xffff
                        : 1;
        if (parts == 1) {
            look(buffers.memory(), offset + headerBytes, length, nowNs);
            receiveq.offer(head);
        } else {
            merge(buffers, head, length, parts, nowNs);
        }
    }

    // At least num_buffers used buffers are there (section 5.1.6.4): the device shows all at once.
    private void merge(
            final FrameBuffers buffers,
            final int first,
            final int firstLength,
            final int parts,
            final long nowNs) {
        int length = firstLength;
        boolean whole = parts > 0 && firstLength <= scratch.byteSize();
        if (whole) {
            MemorySegment.copy(
                    buffers.memory(), buffers.offset(first) + headerBytes, scratch, 0, length);
        }
        receiveq.offer(first);
        for (int i = 1; i < parts; i++) {
            final int head = receiveq.takeUsed();
            if (head < 0) {
                whole = false;
                break;
            }
            final int used = receiveq.usedLength();
            whole &= used >= 0 && used <= buffers.bytes(head);
            whole &= used <= scratch.byteSize() - length;
            if (whole) {
                MemorySegment.copy(buffers.memory(), buffers.offset(head), scratch, length, used);
                length += used;
            }
            receiveq.offer(head);
        }
        if (whole) {
            look(scratch, 0, length, nowNs);
        } else {
            altered++;
        }
    }

    private void look(
            final MemorySegment memory, final long offset, final int length, final long nowNs) {
        bytes += length;
        if (options.mode() == NetLoadOptions.Mode.SOURCE || length < pattern.numberedBytes()) {
            return;
        }
        final long label =
                options.verify()
                        ? pattern.verify(memory, offset, length)
                        : pattern.number(memory, offset);
        final int lane = (int) (label >>> LANE_SHIFT);
        if (lane < 0 || lane >= lanes.length) {
            altered++;
            return;
        }
        final NetLane from = lanes[lane];
        final long sequence = label & ((1L << LANE_SHIFT) - 1);
        from.ledger.receive(sequence);
        if (options.latency()) {
            latency.record(nowNs - from.sentNs[(int) sequence & SENT_MASK]);
        }
    }

    /** Frames that the device has not given back, or that have not come back. */
    long outstanding() {
        final long sending = given - taken;
        return options.mode() == NetLoadOptions.Mode.LOOP
                ? Math.max(sending, ledger.missing())
                : sending;
    }

    DriverQueue transmitq() {
        return transmitq;
    }

    DriverQueue receiveq() {
        return receiveq;
    }

    FrameLedger ledger() {
        return ledger;
    }

    /** Frames given to the device. */
    long given() {
        return given;
    }

    /** Frames that the device has taken and given back. */
    long taken() {
        return taken;
    }

    /** Frames that came, of whatever content. */
    long frames() {
        return frames;
    }

    long bytes() {
        return bytes;
    }

    long altered() {
        return altered + ledger.unknown();
    }
}
