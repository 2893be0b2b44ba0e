package dev.ringside.server.check;

/** How much a statement weighs, in the words of RFC 2119. */
public enum Level {
    /** Guests lose data or do not start where this does not hold; the exit status says so. */
    MUST,

    /** Something that a good back-end does; it counts with {@code --strict} only. */
    SHOULD
}
