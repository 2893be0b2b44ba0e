package dev.ringside.frontend;

/** Where a front-end lets a ring go on after its back-end went away. */
public enum BaseConvention {
    /**
     * QEMU: from the used index, so that what was in flight is done again. A packed ring holds no
     * index: it is given the base again that it was given before.
     */
    USED_INDEX,
    /** cloud-hypervisor: from the available index; right only when nothing was in flight. */
    AVAILABLE_INDEX
}
