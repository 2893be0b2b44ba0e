package dev.ringside.server.check;

import dev.ringside.frontend.StartOrder;

/**
 * How a check wants a device started.
 *
 * @param order whose messages, in whose order
 * @param queueSize entries of each ring
 * @param packed packed rings instead of split ones
 * @param eventIdx whether EVENT_IDX is accepted
 * @param inOrder whether IN_ORDER is accepted
 * @param indirect whether requests go in indirect tables
 * @param inflight whether INFLIGHT_SHMFD is accepted
 * @param regions regions of memory
 * @param fragile the memory's files can be cut while they are in use
 */
record Setup(
        StartOrder order,
        int queueSize,
        boolean packed,
        boolean eventIdx,
        boolean inOrder,
        boolean indirect,
        boolean inflight,
        int regions,
        boolean fragile) {

    /** As QEMU starts a device: a split ring of 128 with EVENT_IDX, two regions. */
    static final Setup PLAIN =
            new Setup(StartOrder.QEMU, 128, false, true, false, false, false, 2, false);

    Setup order(StartOrder value) {
        return new Setup(
                value, queueSize, packed, eventIdx, inOrder, indirect, inflight, regions, fragile);
    }

    Setup queueSize(int value) {
        return new Setup(
                order, value, packed, eventIdx, inOrder, indirect, inflight, regions, fragile);
    }

    Setup withPacked() {
        return new Setup(
                order, queueSize, true, eventIdx, inOrder, indirect, inflight, regions, fragile);
    }

    Setup withoutEventIdx() {
        return new Setup(
                order, queueSize, packed, false, inOrder, indirect, inflight, regions, fragile);
    }

    Setup withInOrder() {
        return new Setup(
                order, queueSize, packed, eventIdx, true, indirect, inflight, regions, fragile);
    }

    Setup withIndirect() {
        return new Setup(
                order, queueSize, packed, eventIdx, inOrder, true, inflight, regions, fragile);
    }

    Setup withInflight() {
        return new Setup(
                order, queueSize, packed, eventIdx, inOrder, indirect, true, regions, fragile);
    }

    Setup regions(int value) {
        return new Setup(
                order, queueSize, packed, eventIdx, inOrder, indirect, inflight, value, fragile);
    }

    Setup withFragileMemory() {
        return new Setup(order, queueSize, packed, eventIdx, inOrder, indirect, inflight, 1, true);
    }
}
