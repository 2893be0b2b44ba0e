package dev.ringside.frontend;

import java.util.Arrays;

/**
 * The buffers of one request in the order the driver wants them: guest addresses, lengths, and how
 * many of them come first as device-readable (virtio 1.3 section 2.7.4.2). Reusable; one thread.
 */
public final class DriverChain {
    private long[] addresses = new long[8];
    private int[] lengths = new int[8];
    private boolean[] writable = new boolean[8];
    private int count;

    /** An empty chain. */
    public DriverChain() {}

    /** Forgets all buffers. */
    public DriverChain clear() {
        count = 0;
        return this;
    }

    /** Appends a buffer that the device reads. */
    public DriverChain readable(final long guestAddress, final int length) {
        return append(guestAddress, length, false);
    }

    /** Appends a buffer that the device writes. */
    public DriverChain writable(final long guestAddress, final int length) {
        return append(guestAddress, length, true);
    }

    /** Appends a buffer. The order is not checked: a hostile driver mixes them as it likes. */
    public DriverChain append(final long guestAddress, final int length, final boolean write) {
        if (count == addresses.length) {
            addresses = Arrays.copyOf(addresses, count * 2);
            lengths = Arrays.copyOf(lengths, count * 2);
            writable = Arrays.copyOf(writable, count * 2);
        }
        addresses[count] = guestAddress;
        lengths[count] = length;
        writable[count++] = write;
        return this;
    }

    /** How many buffers there are. */
    public int count() {
        return count;
    }

    /** The guest address of a buffer. */
    public long address(final int i) {
        return addresses[i];
    }

    /** The length of a buffer; read it as unsigned. */
    public int length(final int i) {
        return lengths[i];
    }

    /** The descriptor flags of a buffer: WRITE or nothing. */
    int flags(final int i) {
        return writable[i] ? VirtioSpec.DESC_F_WRITE : 0;
    }
}
