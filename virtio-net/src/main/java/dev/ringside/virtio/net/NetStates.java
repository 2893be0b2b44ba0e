package dev.ringside.virtio.net;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

/** The device's present state. Any thread, without locks. */
final class NetStates {
    private final AtomicReference<NetState> present;

    NetStates(NetState first) {
        present = new AtomicReference<>(first);
    }

    /** The present state. */
    NetState get() {
        return Objects.requireNonNull(present.get());
    }

    /**
     * Changes it.
     *
     * @param edit free of side effects: it may be called again
     * @return the state before
     */
    NetState change(UnaryOperator<NetState> edit) {
        while (true) {
            NetState before = get();
            if (present.compareAndSet(before, edit.apply(before))) {
                return before;
            }
        }
    }
}
