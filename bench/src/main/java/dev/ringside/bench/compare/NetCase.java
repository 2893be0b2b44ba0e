package dev.ringside.bench.compare;

import dev.ringside.frontend.NetLoadOptions.Mode;
import java.util.ArrayList;
import java.util.List;

/**
 * One kind of traffic.
 *
 * @param bytes of each frame, without the header of virtio
 * @param single only one frame is under way: what is measured is its round trip
 */
record NetCase(Mode mode, int bytes, boolean single) {
    static List<NetCase> all(final List<Integer> sizes) {
        final List<NetCase> cases = new ArrayList<>();
        for (final Mode mode : Mode.values()) {
            sizes.forEach(bytes -> cases.add(new NetCase(mode, bytes, false)));
        }
        sizes.forEach(bytes -> cases.add(new NetCase(Mode.LOOP, bytes, true)));
        return cases;
    }

    String title() {
        return switch (mode) {
            case SINK -> "sink: driver to device";
            case SOURCE -> "source: device to driver";
            case LOOP -> single ? "one frame, there and back" : "loop: there and back";
        };
    }

    /** For {@code ringside net --port}. */
    String ringsidePort() {
        return switch (mode) {
            case SINK -> "null";
            case SOURCE -> "generator:size=" + bytes;
            case LOOP -> "loopback";
        };
    }

    /** For testpmd's {@code set fwd} in the back-end. */
    String peerForwarding() {
        return switch (mode) {
            case SINK -> "rxonly";
            case SOURCE -> "txonly";
            case LOOP -> "io";
        };
    }
}
