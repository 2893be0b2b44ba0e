package dev.ringside.virtio.net.offload;

import dev.ringside.virtio.net.frame.Frame;

/** A place in a frame's bytes, from which the next segment's payload is taken by reference. */
final class SegmentPayload {
    /** The extent; -1: the head. */
    private int extent;

    private int offset;
    private int nextExtent;
    private int nextOffset;

    /** Goes to a byte of the frame, or to its end. */
    void seek(Frame frame, int position) {
        extent = -1;
        offset = position;
        int length = frame.headBytes();
        while (offset >= length && extent < frame.extents() - 1) {
            offset -= length;
            extent++;
            length = frame.length(extent);
        }
        nextExtent = extent;
        nextOffset = offset;
    }

    /**
     * Appends that many bytes to a segment, without going on.
     *
     * @return false when the frame has not that many
     */
    boolean append(Frame frame, Frame segment, int count) {
        int i = extent;
        int skip = offset;
        int left = count;
        int extents = frame.extents();
        while (left > 0) {
            if (i >= extents) {
                return false;
            }
            int length = i < 0 ? frame.headBytes() : frame.length(i);
            int piece = Math.min(left, length - skip);
            if (piece > 0) {
                if (i < 0) {
                    segment.add(frame.headMemory(), frame.headOffset() + skip, piece);
                } else {
                    segment.add(frame.segment(i), frame.offset(i) + skip, piece);
                }
                left -= piece;
                skip += piece;
            }
            if (skip >= length) {
                i++;
                skip = 0;
            }
        }
        nextExtent = i;
        nextOffset = skip;
        return true;
    }

    /** Goes on behind what was appended last. */
    void advance() {
        extent = nextExtent;
        offset = nextOffset;
    }
}
