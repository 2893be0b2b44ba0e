package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Block requests on one queue, one at a time: each call sends a request and waits for its status
 * (virtio 1.3 section 5.2.6). Nothing else may use the queue meanwhile.
 *
 * <p>Data goes through a buffer of fixed size in guest memory, split over descriptors as the {@link
 * Split} says. One thread at a time.
 */
public final class BlkIo {
    /** No status byte was written: what {@link #lastStatus} shows when the device left it alone. */
    public static final int UNTOUCHED = 0xee;

    private static final ValueLayout.OfLong LE64 = JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LE32 = JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final int CONTROL_BYTES = 1024;
    private static final int STATUS_OFFSET = 512;

    /**
     * How a request is cut into descriptors.
     *
     * @param headerBytes bytes of each piece of the header, the last one taking the rest
     * @param dataBytes likewise for the data; 0: one piece
     * @param joinHeader the header's last piece and the first data piece (device-readable) are one
     *     buffer, as they may be by ANY_LAYOUT
     * @param joinStatus the last data piece (device-writable) and the status are one buffer
     */
    public record Split(int headerBytes, int dataBytes, boolean joinHeader, boolean joinStatus) {
        /** Three descriptors: header, data, status. */
        public static final Split PLAIN = new Split(BlkSpec.HEADER_BYTES, 0, false, false);
    }

    private final BlkDriver driver;
    private final DriverQueue queue;
    private final DriverChain chain = new DriverChain();
    private final long control;
    private final MemorySegment controlSegment;
    private final long buffer;
    private final MemorySegment bufferSegment;
    private Split split = Split.PLAIN;
    private boolean indirect;
    private int usedLength;
    private int status = UNTOUCHED;

    /**
     * On a queue, with a buffer of {@code bufferBytes} taken from the driver's memory.
     *
     * @param bufferBytes the largest request's data; the header and status may adjoin it
     */
    public BlkIo(final BlkDriver driver, final int queueIndex, final int bufferBytes) {
        this.driver = driver;
        this.queue = driver.queue(queueIndex);
        // One allocation: header, data, status in this order, so that joined buffers are possible.
        this.control = driver.memory().allocate(CONTROL_BYTES, 4096);
        this.controlSegment = driver.memory().slice(control, CONTROL_BYTES);
        this.buffer =
                driver.memory().allocate(bufferBytes + 2L * BlkSpec.HEADER_BYTES + 512, 4096) + 512;
        this.bufferSegment = driver.memory().slice(buffer - 512, bufferBytes + 544L);
    }

    /** Cuts every later request in this way. */
    public BlkIo split(final Split value) {
        split = value;
        return this;
    }

    /** Sends every later request as one indirect descriptor, or not. */
    public BlkIo indirect(final boolean value) {
        indirect = value;
        return this;
    }

    /** Reads whole sectors; returns the status. */
    public int read(final long sector, final byte[] into) throws IOException {
        bufferSegment.asSlice(512, into.length).fill((byte) 0xa5);
        final int result = request(BlkSpec.T_IN, sector, into.length, true);
        MemorySegment.copy(bufferSegment, JAVA_BYTE, 512, into, 0, into.length);
        return result;
    }

    /** Writes whole sectors; returns the status. */
    public int write(final long sector, final byte[] from) throws IOException {
        MemorySegment.copy(from, 0, bufferSegment, JAVA_BYTE, 512, from.length);
        return request(BlkSpec.T_OUT, sector, from.length, false);
    }

    /** Makes everything written so far durable; returns the status. */
    public int flush() throws IOException {
        return request(BlkSpec.T_FLUSH, 0, 0, true);
    }

    /**
     * The disk's serial.
     *
     * @throws IOException when the device has none
     */
    public String id() throws IOException {
        final byte[] id = new byte[BlkSpec.ID_BYTES];
        final int result = request(BlkSpec.T_GET_ID, 0, id.length, true);
        if (result != BlkSpec.S_OK) {
            throw new IOException("GET_ID ended with status " + result);
        }
        MemorySegment.copy(bufferSegment, JAVA_BYTE, 512, id, 0, id.length);
        int length = 0;
        while (length < id.length && id[length] != 0) {
            length++;
        }
        return new String(id, 0, length, StandardCharsets.US_ASCII);
    }

    /** A range of discard, write zeroes or secure erase. */
    public record Range(long sector, int sectors, int flags) {}

    /** Sends discard, write zeroes or secure erase; returns the status. */
    public int ranges(final int type, final Range... ranges) throws IOException {
        for (int i = 0; i < ranges.length; i++) {
            final long at = 512L + (long) i * BlkSpec.RANGE_BYTES;
            bufferSegment.set(LE64, at, ranges[i].sector());
            bufferSegment.set(LE32, at + 8, ranges[i].sectors());
            bufferSegment.set(LE32, at + 12, ranges[i].flags());
        }
        return request(type, 0, ranges.length * BlkSpec.RANGE_BYTES, false);
    }

    /**
     * Any request of the usual form: header, data in the buffer, status.
     *
     * @param fromDevice whether the device writes the data
     * @return the status byte, or {@link #UNTOUCHED}
     */
    public int request(
            final int type, final long sector, final int dataBytes, final boolean fromDevice)
            throws IOException {
        final boolean joinHeader = split.joinHeader() && !fromDevice && dataBytes > 0;
        final boolean joinStatus = split.joinStatus() && fromDevice && dataBytes > 0;
        final long header = joinHeader ? buffer - BlkSpec.HEADER_BYTES : control;
        writeHeader(header, type, sector);
        chain.clear();
        if (joinHeader) {
            append(header, BlkSpec.HEADER_BYTES + dataBytes, split.dataBytes(), false);
        } else {
            append(header, BlkSpec.HEADER_BYTES, split.headerBytes(), false);
            append(buffer, dataBytes + (joinStatus ? 1 : 0), split.dataBytes(), fromDevice);
        }
        if (joinStatus) {
            return execute(chain, buffer + dataBytes);
        }
        chain.writable(control + STATUS_OFFSET, 1);
        return execute(chain, control + STATUS_OFFSET);
    }

    /** Writes a request header at a guest address. */
    public void writeHeader(final long address, final int type, final long sector) {
        final MemorySegment header = driver.memory().slice(address, BlkSpec.HEADER_BYTES);
        header.set(LE32, 0, type);
        header.set(LE32, 4, 0);
        header.set(LE64, 8, sector);
    }

    private void append(
            final long address, final int bytes, final int pieceBytes, final boolean write) {
        final int piece = pieceBytes <= 0 ? Math.max(bytes, 1) : pieceBytes;
        for (int done = 0; done < bytes; done += piece) {
            chain.append(address + done, Math.min(piece, bytes - done), write);
        }
    }

    /**
     * Sends any chain and waits for it.
     *
     * @param statusAddress where the chain has its status byte
     * @return that byte, or {@link #UNTOUCHED}
     */
    public int execute(final DriverChain request, final long statusAddress) throws IOException {
        final MemorySegment statusSegment = driver.memory().slice(statusAddress, 1);
        statusSegment.set(JAVA_BYTE, 0, (byte) UNTOUCHED);
        final int head = indirect ? queue.addIndirect(request) : queue.add(request);
        if (head < 0) {
            throw new IOException(
                    "queue "
                            + queue.layout().index()
                            + " has no room for "
                            + request.count()
                            + " descriptors");
        }
        queue.publishAndKick();
        if (!queue.awaitUsed(driver.protocol().connection().timeoutMs() * 1_000_000)) {
            throw new IOException(
                    "queue "
                            + queue.layout().index()
                            + ": head "
                            + head
                            + " did not come back in time");
        }
        final int used = queue.pollUsed();
        if (used != head) {
            throw new IOException("head " + used + " came back instead of " + head);
        }
        usedLength = queue.usedLength();
        status = statusSegment.get(JAVA_BYTE, 0) & 0xff;
        return status;
    }

    /** How many bytes the device said it wrote for the last request. */
    public int usedLength() {
        return usedLength;
    }

    /** The last request's status. */
    public int lastStatus() {
        return status;
    }

    /** Guest address of a scratch page that requests of the caller's own making may use. */
    public long controlAddress() {
        return control;
    }

    /** The scratch page's bytes. */
    public MemorySegment controlBytes() {
        return controlSegment;
    }

    /** Guest address of the data buffer. */
    public long bufferAddress() {
        return buffer;
    }
}
