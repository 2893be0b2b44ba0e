package dev.ringside.virtio.net.port;

/** What became of a frame that was put into a sink. */
public enum Verdict {
    /** It is where it should go; the source may reuse its memory. */
    DONE,
    /** It was dropped, and counted by whoever dropped it; the source may reuse its memory. */
    DROPPED,
    /**
     * Nothing happened, there is no room: the source keeps it and puts it again at a later poll.
     */
    LATER,
    /**
     * Somebody holds it ({@link dev.ringside.virtio.net.frame.Frame#hold()}): its memory belongs to
     * them until its keeper hears that it was released.
     */
    HELD
}
