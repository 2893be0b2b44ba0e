package dev.ringside.server.process;

import java.util.TimeZone;

/**
 * The files that this process was started from. A start opens few of them, since its classes come
 * from an archive. The rest would be opened when they are needed, and be gone or another program's
 * by then: an operator replaces the files, and has the new program take over.
 */
final class ProgramFiles {
    private ProgramFiles() {}

    /** Opens them all, for as long as the process lives. Takes some 20 ms. */
    static void hold() {
        // What none of the JARs has is looked for in each.
        Object unused = ClassLoader.getSystemResource("dev/ringside/in/none");
        // The JDK has its time zones in a file of their own. Jackson asks for one.
        Object unusedToo = TimeZone.getTimeZone("UTC");
    }
}
