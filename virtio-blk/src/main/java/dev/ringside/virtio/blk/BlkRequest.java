package dev.ringside.virtio.blk;

import dev.ringside.virtio.blk.backend.BlockIo;
import dev.ringside.virtio.blk.backend.BlockOperation;
import dev.ringside.virtqueue.DescriptorChain;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * One request (section 5.2.6), taken apart from its descriptor chain in any layout: the header is
 * the first 16 device-readable bytes, the status the last device-writable byte, the data what lies
 * between, wherever the descriptors are cut. Made once per slot. Confined to the shard.
 */
final class BlkRequest {
    /** {@link #parse}: give the request to the backend. Other answers are the status to give. */
    static final int SUBMIT = -1;

    /** {@link #parse}: there is no byte for a status. */
    static final int NO_STATUS = -2;

    /** It waits for the storage. */
    static final int HELD = -3;

    /** It is left to whoever serves the ring next. */
    static final int LEFT = -4;

    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final BlockIo io;

    /** One range of a discard, copied out of guest memory before it is looked at. */
    private final MemorySegment range = MemorySegment.ofArray(new byte[BlkSpec.RANGE_BYTES]);

    private BlkOperation operation = BlkOperation.OTHER;
    private int head;
    private MemorySegment statusSegment = MemorySegment.NULL;
    private long statusOffset;
    private long startNs;
    private long written;
    private int ranges;
    private int nextRange;
    private long rangeBytes;
    private boolean waits;
    private boolean paused;

    BlkRequest(BlockIo io) {
        this.io = io;
    }

    BlockIo io() {
        return io;
    }

    BlkOperation operation() {
        return operation;
    }

    int head() {
        return head;
    }

    long startNs() {
        return startNs;
    }

    /** Bytes of a success, for the counters: data moved, or covered by ranges. */
    long bytes() {
        return ranges > 0 ? rangeBytes : io.length();
    }

    /** Whether limits count it: it moves data, or frees or zeroes space. */
    boolean counts() {
        return switch (operation) {
            case READ, WRITE, DISCARD, WRITE_ZEROES, SECURE_ERASE -> true;
            case FLUSH, GET_ID, GET_LIFETIME, OTHER -> false;
        };
    }

    /** Whether it changes the medium. */
    boolean changes() {
        return operation != BlkOperation.READ;
    }

    /** Bytes that move between guest memory and the medium. */
    long movedBytes() {
        return ranges > 0 ? 0 : io.length();
    }

    /** What was submitted last is to be submitted again. */
    void pause() {
        paused = true;
    }

    /** Whether that is so; not any more from now on. */
    boolean endsPause() {
        boolean was = paused;
        paused = false;
        return was;
    }

    /** Notes that it waits for the storage; false: it did before. */
    boolean beginsToWait() {
        boolean first = !waits;
        waits = true;
        return first;
    }

    /** Notes that it waits no more; false: it did not. */
    boolean endsToWait() {
        boolean waited = waits;
        waits = false;
        return waited;
    }

    /** Bytes that are written into device-writable memory on success, without the status. */
    long written() {
        return written;
    }

    /** Makes it the device's own flush, which has no chain. */
    void beginInternalFlush() {
        operation = BlkOperation.FLUSH;
        io.clear();
        io.set(BlockOperation.FLUSH, 0, 0, false, false);
    }

    /** Writes the status byte; only after a {@link #parse} that did not say {@link #NO_STATUS}. */
    void writeStatus(int status) {
        statusSegment.set(ValueLayout.JAVA_BYTE, statusOffset, (byte) status);
    }

    /**
     * Takes a chain apart and judges it.
     *
     * @return {@link #SUBMIT}, {@link #NO_STATUS}, or the status to give at once
     */
    @SuppressWarnings("ReferenceEquality") // the very same segment need not be stored again
    int parse(DescriptorChain chain, BlkState state, long nowNs) {
        head = chain.head();
        startNs = nowNs;
        written = 0;
        ranges = 0;
        operation = BlkOperation.OTHER;
        if (chain.writableBytes() == 0) {
            return NO_STATUS;
        }
        int last = chain.count() - 1;
        MemorySegment segmentOfStatus = chain.segment(last);
        if (statusSegment != segmentOfStatus) { // a reference is dearer to store than to look at
            statusSegment = segmentOfStatus;
        }
        statusOffset = chain.offset(last) + chain.length(last) - 1;
        if (chain.readableBytes() < BlkSpec.HEADER_BYTES) {
            return BlkSpec.VIRTIO_BLK_S_IOERR;
        }
        int type;
        long sector;
        if (chain.length(0) >= BlkSpec.HEADER_BYTES) {
            MemorySegment segment = chain.segment(0);
            long at = chain.offset(0);
            type = segment.get(INT, at + BlkSpec.HEADER_TYPE);
            sector = segment.get(LONG, at + BlkSpec.HEADER_SECTOR);
        } else {
            type = chain.readInt(BlkSpec.HEADER_TYPE);
            sector = chain.readLong(BlkSpec.HEADER_SECTOR);
        }
        return dispatch(type, sector, chain, state);
    }

    private int dispatch(int type, long sector, DescriptorChain chain, BlkState state) {
        return switch (type) {
            case BlkSpec.VIRTIO_BLK_T_IN -> parseRead(sector, chain, state);
            case BlkSpec.VIRTIO_BLK_T_OUT -> parseWrite(sector, chain, state);
            case BlkSpec.VIRTIO_BLK_T_FLUSH -> {
                operation = BlkOperation.FLUSH;
                io.clear();
                io.set(BlockOperation.FLUSH, 0, 0, false, false);
                yield SUBMIT;
            }
            case BlkSpec.VIRTIO_BLK_T_GET_ID -> {
                operation = BlkOperation.GET_ID;
                long room = chain.writableBytes() - 1;
                written =
                        chain.copyTo(
                                0,
                                state.serial(),
                                0,
                                (int) Math.min(room, BlkSpec.VIRTIO_BLK_ID_BYTES));
                yield BlkSpec.VIRTIO_BLK_S_OK;
            }
            case BlkSpec.VIRTIO_BLK_T_GET_LIFETIME -> parseLifetime(chain, state);
            case BlkSpec.VIRTIO_BLK_T_DISCARD ->
                    parseRanges(BlkOperation.DISCARD, BlkSpec.VIRTIO_BLK_F_DISCARD, chain, state);
            case BlkSpec.VIRTIO_BLK_T_WRITE_ZEROES ->
                    parseRanges(
                            BlkOperation.WRITE_ZEROES,
                            BlkSpec.VIRTIO_BLK_F_WRITE_ZEROES,
                            chain,
                            state);
            case BlkSpec.VIRTIO_BLK_T_SECURE_ERASE ->
                    parseRanges(
                            BlkOperation.SECURE_ERASE,
                            BlkSpec.VIRTIO_BLK_F_SECURE_ERASE,
                            chain,
                            state);
            default -> BlkSpec.VIRTIO_BLK_S_UNSUPP;
        };
    }

    private int parseRead(long sector, DescriptorChain chain, BlkState state) {
        operation = BlkOperation.READ;
        long bytes = chain.writableBytes() - 1;
        if ((bytes & (BlkSpec.SECTOR_BYTES - 1)) != 0 || !state.contains(sector, bytes)) {
            return BlkSpec.VIRTIO_BLK_S_IOERR;
        }
        addWritable(chain);
        written = bytes;
        io.set(BlockOperation.READ, sector << BlkSpec.SECTOR_SHIFT, bytes, false, false);
        return SUBMIT;
    }

    private int parseWrite(long sector, DescriptorChain chain, BlkState state) {
        operation = BlkOperation.WRITE;
        long bytes = chain.readableBytes() - BlkSpec.HEADER_BYTES;
        if ((bytes & (BlkSpec.SECTOR_BYTES - 1)) != 0
                || state.offers(BlkSpec.VIRTIO_BLK_F_RO)
                || !state.contains(sector, bytes)) {
            return BlkSpec.VIRTIO_BLK_S_IOERR;
        }
        addReadable(chain);
        io.set(
                BlockOperation.WRITE,
                sector << BlkSpec.SECTOR_SHIFT,
                bytes,
                state.durableWrites(),
                false);
        return SUBMIT;
    }

    private int parseLifetime(DescriptorChain chain, BlkState state) {
        operation = BlkOperation.GET_LIFETIME;
        MemorySegment lifetime = state.lifetime();
        if (lifetime == null) {
            return BlkSpec.VIRTIO_BLK_S_UNSUPP;
        }
        if (chain.writableBytes() - 1 < BlkSpec.LIFETIME_BYTES) {
            return BlkSpec.VIRTIO_BLK_S_IOERR;
        }
        written = chain.copyTo(0, lifetime, 0, BlkSpec.LIFETIME_BYTES);
        return BlkSpec.VIRTIO_BLK_S_OK;
    }

    private int parseRanges(
            BlkOperation kind, long feature, DescriptorChain chain, BlkState state) {
        operation = kind;
        if (!state.offers(feature)) {
            return state.offers(BlkSpec.VIRTIO_BLK_F_RO)
                    ? BlkSpec.VIRTIO_BLK_S_IOERR
                    : BlkSpec.VIRTIO_BLK_S_UNSUPP;
        }
        long bytes = chain.readableBytes() - BlkSpec.HEADER_BYTES;
        if (bytes == 0
                || bytes % BlkSpec.RANGE_BYTES != 0
                || bytes / BlkSpec.RANGE_BYTES > BlkConfigSpace.MAX_RANGES) {
            return BlkSpec.VIRTIO_BLK_S_IOERR;
        }
        addReadable(chain);
        ranges = (int) (bytes / BlkSpec.RANGE_BYTES);
        nextRange = 0;
        rangeBytes = 0;
        // All are judged before the first is carried out. The guest may change them in between, so
        // each is judged again, from its own copy, when its turn comes.
        for (int i = 0; i < ranges; i++) {
            int status = loadRange(i, state);
            if (status != BlkSpec.VIRTIO_BLK_S_OK) {
                return status;
            }
        }
        return SUBMIT;
    }

    /** True for requests that {@link #nextRange} takes through their ranges one by one. */
    boolean hasRanges() {
        return ranges > 0;
    }

    /** True when there are ranges that were not submitted yet. */
    boolean moreRanges() {
        return nextRange < ranges;
    }

    /** Makes the next range the one to submit. Answers {@link #SUBMIT} or the status to give. */
    int nextRange(BlkState state) {
        int status = loadRange(nextRange, state);
        if (status != BlkSpec.VIRTIO_BLK_S_OK) {
            return status;
        }
        nextRange++;
        rangeBytes += io.length();
        return SUBMIT;
    }

    /** Copies a range, judges the copy and sets up the backend's request by it. */
    private int loadRange(int index, BlkState state) {
        io.gather((long) index * BlkSpec.RANGE_BYTES, range, 0, BlkSpec.RANGE_BYTES);
        long sector = range.get(LONG, BlkSpec.RANGE_SECTOR);
        long sectors = Integer.toUnsignedLong(range.get(INT, BlkSpec.RANGE_SECTORS));
        int flags = range.get(INT, BlkSpec.RANGE_FLAGS);
        int known =
                operation == BlkOperation.WRITE_ZEROES
                        ? BlkSpec.VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP
                        : 0;
        if ((flags & ~known) != 0) {
            return BlkSpec.VIRTIO_BLK_S_UNSUPP;
        }
        long bytes = sectors << BlkSpec.SECTOR_SHIFT;
        if (!state.contains(sector, bytes)) {
            return BlkSpec.VIRTIO_BLK_S_IOERR;
        }
        BlockOperation what =
                switch (operation) {
                    case DISCARD -> BlockOperation.DISCARD;
                    case SECURE_ERASE -> BlockOperation.SECURE_ERASE;
                    default -> BlockOperation.WRITE_ZEROES;
                };
        io.set(
                what,
                sector << BlkSpec.SECTOR_SHIFT,
                bytes,
                state.durableWrites(),
                (flags & BlkSpec.VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP) != 0);
        return BlkSpec.VIRTIO_BLK_S_OK;
    }

    /** The device-readable part after the header. */
    private void addReadable(DescriptorChain chain) {
        io.clear();
        int skip = BlkSpec.HEADER_BYTES;
        int count = chain.readableCount();
        for (int i = 0; i < count; i++) {
            int length = chain.length(i);
            if (skip >= length) {
                skip -= length;
                continue;
            }
            MemorySegment segment = chain.segment(i);
            long offset = chain.offset(i) + skip;
            io.addExtent(segment, offset, segment.address() + offset, length - skip);
            skip = 0;
        }
    }

    /** The device-writable part before the status. */
    private void addWritable(DescriptorChain chain) {
        io.clear();
        int last = chain.count() - 1;
        for (int i = chain.readableCount(); i <= last; i++) {
            int length = i == last ? chain.length(i) - 1 : chain.length(i);
            if (length > 0) {
                MemorySegment segment = chain.segment(i);
                long offset = chain.offset(i);
                io.addExtent(segment, offset, segment.address() + offset, length);
            }
        }
    }
}
