package dev.ringside.frontend;

/**
 * How a driver cuts a buffer - header and frame, one after the other - into descriptors. The
 * specification leaves that to the driver (virtio 1.3 section 2.7.4.1), so a device has to take all
 * of it.
 *
 * @param firstBytes length of the first descriptor; 0: like the others; {@link #HEADER}: as long as
 *     the header
 * @param pieceBytes length of the following ones; 0: all that is left in one
 * @param gapBytes room between them that belongs to nobody
 * @param indirect in one indirect table
 */
public record NetLayout(int firstBytes, int pieceBytes, int gapBytes, boolean indirect) {
    /** The first descriptor holds the header and nothing else. */
    public static final int HEADER = -1;

    /** Header and frame in one descriptor. */
    public static NetLayout together() {
        return new NetLayout(0, 0, 0, false);
    }

    /**
     * The header in a descriptor of its own, the frame in another: what the legacy interface
     * prescribes, and how iPXE posts receive buffers.
     */
    public static NetLayout headerApart() {
        return new NetLayout(HEADER, 0, 0, false);
    }

    /** Pieces of one length, the header cut like the rest. */
    public static NetLayout pieces(final int pieceBytes) {
        return new NetLayout(0, pieceBytes, 0, false);
    }

    /** In an indirect table or not. */
    public NetLayout indirect(final boolean value) {
        return new NetLayout(firstBytes, pieceBytes, gapBytes, value);
    }

    /** With room between the descriptors' buffers. */
    public NetLayout gapBytes(final int value) {
        return new NetLayout(firstBytes, pieceBytes, value, indirect);
    }

    /** Length of the piece that begins at {@code offset} of a buffer of {@code total} bytes. */
    int pieceBytes(final int offset, final int total, final int headerBytes) {
        final int left = total - offset;
        final int first = firstBytes == HEADER ? headerBytes : firstBytes;
        if (offset == 0 && first > 0) {
            return Math.min(first, left);
        }
        return pieceBytes == 0 ? left : Math.min(pieceBytes, left);
    }

    /** Descriptors that a buffer of {@code total} bytes needs. */
    public int count(final int total, final int headerBytes) {
        int count = 0;
        for (int at = 0; at < total; at += pieceBytes(at, total, headerBytes)) {
            count++;
        }
        return count;
    }

    /** Room that a buffer of {@code total} bytes takes, gaps included: one after each piece. */
    public int spanBytes(final int total, final int headerBytes) {
        return total + gapBytes * count(total, headerBytes);
    }

    /** Replaces a chain's buffers by those of a buffer that begins at a guest address. */
    void cut(
            final DriverChain chain,
            final long guestAddress,
            final int total,
            final int headerBytes,
            final boolean deviceWrites) {
        chain.clear();
        long address = guestAddress;
        int at = 0;
        while (at < total) {
            final int length = pieceBytes(at, total, headerBytes);
            chain.append(address, length, deviceWrites);
            address += length + gapBytes;
            at += length;
        }
    }

    /** Adds a chain to a queue: direct, or as one indirect descriptor. */
    int add(final DriverQueue queue, final DriverChain chain) {
        return indirect ? queue.addIndirect(chain) : queue.add(chain);
    }

    /** Gives a chain descriptors for good, to be offered again and again. */
    int reserve(final DriverQueue queue, final DriverChain chain) {
        return queue.reserve(chain, indirect ? 0 : chain.count());
    }
}
