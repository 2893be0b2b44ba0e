package dev.ringside.vhostuser;

import dev.ringside.shm.Fd;

/**
 * The in-flight region of a {@link SavedSession}.
 *
 * @param file what it is mapped from
 * @param sizeBytes size
 * @param offset where in the file it starts
 * @param queues how many queues it is for
 * @param queueSize the most entries of one of them
 */
public record SavedInflight(Fd file, long sizeBytes, long offset, int queues, int queueSize) {}
