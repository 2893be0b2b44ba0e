package dev.ringside.vhostuser;

/**
 * A ring as the session sees it, for people.
 *
 * @param index the ring
 * @param size entries; 0: not yet set
 * @param started whether the host runs it
 * @param enabled whether it may take from the ring while it is started
 * @param waiting whether it was kicked and cannot start: its size, its addresses or the memory
 *     under them have not come
 * @param faulted whether it stopped itself, or could not be started
 */
public record RingState(
        int index, int size, boolean started, boolean enabled, boolean waiting, boolean faulted) {}
