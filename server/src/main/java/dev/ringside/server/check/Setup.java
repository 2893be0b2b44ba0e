package dev.ringside.server.check;

import dev.ringside.frontend.StartOrder;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioSpec;
import java.util.function.Consumer;

/** How a check wants a device started. Immutable: each setting gives a copy. */
final class Setup {
    /** As QEMU starts a device: a split ring of 128 with EVENT_IDX, two regions. */
    static final Setup PLAIN = new Setup();

    private static final int INDIRECT_ENTRIES = 8;

    private StartOrder order = StartOrder.QEMU;
    private int queueSize = 128;
    private int regions = 2;
    private boolean packed;
    private boolean eventIdx = true;
    private boolean inOrder;
    private boolean indirect;
    private boolean inflight;
    private boolean fragile;

    private Setup() {}

    private Setup with(Consumer<Setup> change) {
        Setup copy = new Setup();
        copy.order = order;
        copy.queueSize = queueSize;
        copy.regions = regions;
        copy.packed = packed;
        copy.eventIdx = eventIdx;
        copy.inOrder = inOrder;
        copy.indirect = indirect;
        copy.inflight = inflight;
        copy.fragile = fragile;
        change.accept(copy);
        return copy;
    }

    /** With the messages of another front-end, in its order. */
    Setup order(StartOrder value) {
        return with(copy -> copy.order = value);
    }

    /** With so many entries in each ring. */
    Setup queueSize(int value) {
        return with(copy -> copy.queueSize = value);
    }

    /** With memory in so many regions. */
    Setup regions(int value) {
        return with(copy -> copy.regions = value);
    }

    /** With packed rings. */
    Setup withPacked() {
        return with(copy -> copy.packed = true);
    }

    /** Without EVENT_IDX. */
    Setup withoutEventIdx() {
        return with(copy -> copy.eventIdx = false);
    }

    /** With IN_ORDER. */
    Setup withInOrder() {
        return with(copy -> copy.inOrder = true);
    }

    /** With requests in indirect tables. */
    Setup withIndirect() {
        return with(copy -> copy.indirect = true);
    }

    /** With INFLIGHT_SHMFD. */
    Setup withInflight() {
        return with(copy -> copy.inflight = true);
    }

    /** With memory of one region, whose file can be cut while it is in use. */
    Setup withFragileMemory() {
        return with(copy -> copy.fragile = true);
    }

    StartOrder order() {
        return order;
    }

    int queueSize() {
        return queueSize;
    }

    int regions() {
        return regions;
    }

    boolean packed() {
        return packed;
    }

    boolean inOrder() {
        return inOrder;
    }

    boolean indirect() {
        return indirect;
    }

    boolean inflight() {
        return inflight;
    }

    boolean fragile() {
        return fragile;
    }

    /** Of these features those that are accepted, and those of rings that are asked for. */
    long features(long usual) {
        long features = usual;
        features |= packed ? VhostUserSpec.bit(VirtioSpec.F_RING_PACKED) : 0;
        features |= inOrder ? VhostUserSpec.bit(VirtioSpec.F_IN_ORDER) : 0;
        features &= eventIdx ? -1 : ~VhostUserSpec.bit(VirtioSpec.F_EVENT_IDX);
        return features;
    }

    /** Size of the indirect table of each head; 0: none. */
    int indirectEntries() {
        return indirect ? INDIRECT_ENTRIES : 0;
    }
}
