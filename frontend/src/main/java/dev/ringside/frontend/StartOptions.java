package dev.ringside.frontend;

/** What the start of every device needs to know. */
sealed interface StartOptions permits BlkOptions, NetOptions {
    /** Whose messages, in whose order. */
    StartOrder order();

    /** How many the back-end must have by GET_QUEUE_NUM: queues of a disk, pairs of a NIC. */
    int queues();

    /** Entries of each ring. */
    int queueSize();

    /** Features that the driver accepts of what the device offers. */
    long features();

    /** Accept CONFIGURE_MEM_SLOTS where the order knows it. */
    boolean memorySlots();

    /** Accept INFLIGHT_SHMFD where the order knows it. */
    boolean inflight();

    /** Size of the indirect table of each head; 0: none. */
    int indirectEntries();
}
