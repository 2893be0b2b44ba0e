package dev.ringside.virtqueue;

import java.util.List;
import java.util.Map;

/**
 * One ring at a moment, for people: what stands in it and where the device is. Numbers are as they
 * were read, whatever they are; nothing but the ring itself was read.
 *
 * @param format {@code split} or {@code packed}
 * @param size Queue Size
 * @param inFlight chains taken and not completed
 * @param fault why the queue stopped itself; empty: it did not
 * @param content what was read
 */
public record RingView(String format, int size, int inFlight, String fault, Content content) {
    /**
     * What was read.
     *
     * @param fields the ring's own words (by the specification's names), then the device's
     *     positions; none when the ring is not to be touched now
     * @param entries what was made available last, the oldest first
     */
    public record Content(Map<String, Long> fields, List<Entry> entries) {
        static final Content NONE = new Content(Map.of(), List.of());

        /** Keeps a list of its own; fields stay in their order. */
        public Content {
            entries = List.copyOf(entries);
        }
    }

    /**
     * A place of the ring.
     *
     * @param position available index of a split ring, slot of a packed one
     * @param id of its chain: head, or buffer ID
     * @param state {@code available}, {@code in flight} or {@code used}
     * @param descriptors those of its chain that stand in the ring, as far as they are shown
     */
    public record Entry(int position, int id, String state, List<Descriptor> descriptors) {
        /** Keeps a list of its own. */
        public Entry {
            descriptors = List.copyOf(descriptors);
        }
    }

    /**
     * A descriptor.
     *
     * @param slot in the descriptor area
     * @param address of its buffer, in hexadecimal
     * @param length of its buffer in bytes
     * @param flags by the specification's names, without the prefix
     * @param next of a split ring: where the chain goes on, if the flags say that it does
     */
    public record Descriptor(int slot, String address, long length, String flags, int next) {}

    /** Most entries of one view. */
    public static final int MAX_ENTRIES = 256;
}
