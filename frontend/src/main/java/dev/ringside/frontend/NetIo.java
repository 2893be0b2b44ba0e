package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Sends and receives one frame at a time on one pair of a NIC, with any header and in buffers of
 * any layout, and looks after every byte around them: what the device had no business to write or
 * left altered shows. For tests; allocates freely. One thread.
 */
public final class NetIo {
    private static final byte CANARY = (byte) 0xa5;
    private static final int MARGIN_BYTES = 64;
    private static final long NS_PER_MS = 1_000_000;

    /**
     * How the buffers are made.
     *
     * @param receiveBuffers how many there are
     * @param receiveBytes length of each, header included
     * @param receive how each is cut
     * @param transmitBytes the longest frame to be sent
     * @param transmit how frames to be sent are cut, header included
     * @param keepPosted post every buffer at once, and again when its frame was received
     */
    public record Shape(
            int receiveBuffers,
            int receiveBytes,
            NetLayout receive,
            int transmitBytes,
            NetLayout transmit,
            boolean keepPosted) {
        /** 64 buffers of 2 KiB, all posted; frames up to 64 KiB; header and frame together. */
        public static Shape defaults() {
            return new Shape(
                    64,
                    2048,
                    NetLayout.together(),
                    NetSpec.MAX_FRAME_BYTES,
                    NetLayout.together(),
                    true);
        }

        /** With other receive buffers. */
        public Shape receive(final int count, final int bytes, final NetLayout layout) {
            return new Shape(count, bytes, layout, transmitBytes, transmit, keepPosted);
        }

        /** With frames that are cut in another way. */
        public Shape transmit(final NetLayout layout) {
            return new Shape(
                    receiveBuffers, receiveBytes, receive, transmitBytes, layout, keepPosted);
        }

        /** Receive buffers are posted by {@link NetIo#post} alone. */
        public Shape postedByHand() {
            return new Shape(receiveBuffers, receiveBytes, receive, transmitBytes, transmit, false);
        }
    }

    /**
     * A frame that came.
     *
     * @param header as the device wrote it
     * @param buffers how many buffers it took
     * @param clean whether nothing was written but the bytes that the device says it wrote
     */
    @SuppressWarnings("ArrayRecordComponent")
    public record Received(NetHeader header, byte[] frame, int buffers, boolean clean) {}

    private final NetDriver driver;
    private final DriverQueue receiveq;
    private final DriverQueue transmitq;
    private final Shape shape;
    private final int headerBytes;
    private final int receiveSpan;
    private final long[] receiveAddress;
    private final int[] slotOfHead;
    private final long transmitAddress;
    private final MemorySegment transmit;
    private final DriverChain chain = new DriverChain();
    private int posted;

    /** On one pair of a driver; takes memory of the driver. */
    public NetIo(final NetDriver driver, final int pair, final Shape shape) {
        this.driver = driver;
        this.receiveq = driver.receiveq(pair);
        this.transmitq = driver.transmitq(pair);
        this.shape = shape;
        this.headerBytes = driver.headerBytes();
        this.receiveSpan = shape.receive().spanBytes(shape.receiveBytes(), headerBytes);
        this.receiveAddress = new long[shape.receiveBuffers()];
        this.slotOfHead = new int[receiveq.layout().size()];
        for (int i = 0; i < receiveAddress.length; i++) {
            receiveAddress[i] =
                    driver.memory().allocate(receiveSpan + 2L * MARGIN_BYTES, 8) + MARGIN_BYTES;
        }
        final int span =
                shape.transmit().spanBytes(headerBytes + shape.transmitBytes(), headerBytes);
        this.transmitAddress = driver.memory().allocate(span, 8);
        this.transmit = driver.memory().slice(transmitAddress, span);
        if (shape.keepPosted()) {
            post(receiveAddress.length);
        }
    }

    /** Posts the next {@code count} receive buffers that were not posted yet. */
    public void post(final int count) {
        for (int i = 0; i < count; i++) {
            post1(posted++);
        }
        receiveq.publishAndKick();
    }

    private void post1(final int slot) {
        whole(slot).fill(CANARY);
        shape.receive().cut(chain, receiveAddress[slot], shape.receiveBytes(), headerBytes, true);
        final int head = shape.receive().add(receiveq, chain);
        if (head < 0) {
            throw new IllegalStateException("receiveq has too few descriptors for its buffers");
        }
        slotOfHead[head] = slot;
    }

    private MemorySegment whole(final int slot) {
        return driver.memory()
                .slice(receiveAddress[slot] - MARGIN_BYTES, receiveSpan + 2L * MARGIN_BYTES);
    }

    /**
     * Sends a frame and waits until the device has given its buffers back.
     *
     * @throws IOException when that takes too long, or when the device altered the buffers
     */
    public void send(final NetHeader header, final byte[] frame) throws IOException {
        send(header.bytes(headerBytes), frame);
    }

    /** Like {@link #send}, with a header of any bytes. */
    public void send(final byte[] header, final byte[] frame) throws IOException {
        write(header, frame);
        // Before the device knows of it: it may be quick.
        final byte[] before = transmit.toArray(JAVA_BYTE);
        submit(chain);
        awaitSent();
        if (!Arrays.equals(before, transmit.toArray(JAVA_BYTE))) {
            throw new IOException("the device wrote into a frame that it was to send");
        }
    }

    /** Like {@link #send}, without waiting: see {@link #awaitSent}. */
    public void submit(final NetHeader header, final byte[] frame) {
        write(header.bytes(headerBytes), frame);
        submit(chain);
    }

    private void write(final byte[] header, final byte[] frame) {
        final byte[] all = Arrays.copyOf(header, header.length + frame.length);
        System.arraycopy(frame, 0, all, header.length, frame.length);
        shape.transmit().cut(chain, transmitAddress, all.length, headerBytes, false);
        transmit.fill(CANARY);
        int at = 0;
        for (int i = 0; i < chain.count(); i++) {
            MemorySegment.copy(
                    all, at, transmit, JAVA_BYTE, at + (long) i * gap(), chain.length(i));
            at += chain.length(i);
        }
    }

    /** Puts any chain on the transmitq and waits until the device has given it back. */
    public void exchange(final DriverChain any) throws IOException {
        submit(any);
        awaitSent();
    }

    /** Puts any chain on the transmitq; take it back with {@link #awaitSent} before the next. */
    public void submit(final DriverChain any) {
        if (shape.transmit().add(transmitq, any) < 0) {
            throw new IllegalStateException("transmitq has too few descriptors for the frame");
        }
        transmitq.publishAndKick();
    }

    /** Waits until the device has given a chain back. */
    public void awaitSent() throws IOException {
        if (!transmitq.awaitUsed(timeoutNs())) {
            throw new IOException("the device did not take a frame in time");
        }
        transmitq.pollUsed();
    }

    /** How many chains the device has not given back. */
    public int sending() {
        return transmitq.inFlight();
    }

    private int gap() {
        return shape.transmit().gapBytes();
    }

    private long timeoutNs() {
        return driver.protocol().connection().timeoutMs() * NS_PER_MS;
    }

    /**
     * Waits for a frame.
     *
     * @throws IOException when none comes in time
     */
    public Received receive() throws IOException {
        final Received received = receive(timeoutNs());
        if (received == null) {
            throw new IOException("no frame came in time");
        }
        return received;
    }

    /** The next frame, or null when none came in so many nanoseconds. */
    public @Nullable Received receive(final long withinNs) throws IOException {
        if (!receiveq.awaitUsed(withinNs)) {
            return null;
        }
        final int waiting = receiveq.usedCount();
        int slot = slotOfHead[receiveq.pollUsed()];
        byte[] data = written(slot, receiveq.usedLength());
        if (data.length < headerBytes) {
            throw new IOException("the device wrote " + data.length + " bytes: not even a header");
        }
        final NetHeader header = NetHeader.of(data, headerBytes);
        byte[] frame = Arrays.copyOfRange(data, headerBytes, data.length);
        boolean clean = clean(slot, data.length);
        repost(slot);
        final int buffers = driver.has(NetSpec.F_MRG_RXBUF) ? header.numBuffers() : 1;
        if (buffers < 1 || buffers > waiting) {
            throw new IOException(
                    "num_buffers is " + buffers + ", but " + waiting + " buffers were used");
        }
        for (int i = 1; i < buffers; i++) {
            slot = slotOfHead[receiveq.pollUsed()];
            data = written(slot, receiveq.usedLength());
            clean &= clean(slot, data.length);
            final int before = frame.length;
            frame = Arrays.copyOf(frame, before + data.length);
            System.arraycopy(data, 0, frame, before, data.length);
            repost(slot);
        }
        receiveq.publishAndKick();
        return new Received(header, frame, buffers, clean);
    }

    private void repost(final int slot) {
        if (shape.keepPosted()) {
            post1(slot);
        }
    }

    private byte[] written(final int slot, final int length) throws IOException {
        if (length < 0 || length > shape.receiveBytes()) {
            throw new IOException(
                    "the device says it wrote "
                            + length
                            + " bytes into a buffer of "
                            + shape.receiveBytes());
        }
        final MemorySegment whole = whole(slot);
        final byte[] result = new byte[length];
        int piece = 0;
        for (int at = 0; at < length; piece++) {
            final int room = shape.receive().pieceBytes(at, shape.receiveBytes(), headerBytes);
            final int n = Math.min(room, length - at);
            MemorySegment.copy(
                    whole,
                    JAVA_BYTE,
                    MARGIN_BYTES + at + (long) piece * shape.receive().gapBytes(),
                    result,
                    at,
                    n);
            at += n;
        }
        return result;
    }

    // Everything around and between the first `length` bytes of the buffer is as it was posted.
    private boolean clean(final int slot, final int length) {
        final byte[] all = whole(slot).toArray(JAVA_BYTE);
        int at = 0;
        int physical = MARGIN_BYTES;
        while (at < length) {
            final int room = shape.receive().pieceBytes(at, shape.receiveBytes(), headerBytes);
            Arrays.fill(all, physical, physical + Math.min(room, length - at), CANARY);
            at += room;
            physical += room + shape.receive().gapBytes();
        }
        for (final byte b : all) {
            if (b != CANARY) {
                return false;
            }
        }
        return true;
    }

    /** Receive buffers that the device has now. */
    public int postedNow() {
        return receiveq.inFlight();
    }
}
