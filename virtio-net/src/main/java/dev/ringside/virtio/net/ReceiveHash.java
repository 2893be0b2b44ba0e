package dev.ringside.virtio.net;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.offload.HashType;
import dev.ringside.virtio.net.offload.Headers;
import dev.ringside.virtio.net.offload.Toeplitz;

/** Hashes the frames of one receiveq by the driver's rules. One thread. */
final class ReceiveHash {
    private final HashRules rules;
    private final Toeplitz toeplitz;
    private final Headers headers = new Headers();

    /** A look of our own at a frame that others read too. */
    private final Frame view = new Frame(FrameKeeper.NONE, 64);

    private int value;
    private int type;

    ReceiveHash(HashRules rules) {
        this.rules = rules;
        toeplitz = new Toeplitz(rules.key());
    }

    /** Whether these are its rules. */
    @SuppressWarnings("ReferenceEquality") // each change makes new ones
    boolean isBy(HashRules others) {
        return rules == others;
    }

    /** Hashes a frame; pulls its headers if it may. */
    void hash(Frame frame) {
        Frame own = frame;
        if (frame.shared()) {
            view.viewOf(frame);
            own = view;
        }
        // What could be parsed counts, also when something behind it is broken.
        headers.parse(own);
        value = toeplitz.hash(own, headers, rules.types());
        type = toeplitz.type();
    }

    /** The last frame's hash. */
    int value() {
        return value;
    }

    /** What the last frame's hash is of, as a report names it. */
    int report() {
        return HashType.report(type);
    }

    /** The pair that the last frame belongs to, or {@code own} when hashes choose none. */
    int pair(int own) {
        return rules.steers() ? rules.pair(value, type != 0) : own;
    }

    /** Lets go of guest memory. */
    void forget() {
        view.forget();
    }
}
