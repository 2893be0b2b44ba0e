package dev.ringside.server.control;

import java.util.Locale;

/** What a method does, and what a client may do: each includes those before it. */
public enum Access {
    /** Looks at the process, and changes nothing. */
    READ,

    /** Changes what is served. */
    CHANGE;

    /** As documents and {@code control.methods} write it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether who may do this may do that. */
    boolean allows(Access wanted) {
        return compareTo(wanted) >= 0;
    }
}
