package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * How large the terminal at a descriptor is, in characters.
 *
 * @param rows from top to bottom
 * @param columns from left to right
 */
public record Terminal(int rows, int columns) {
    /** TIOCGWINSZ of asm-generic/ioctls.h: fills a struct winsize, four unsigned shorts. */
    static final long TIOCGWINSZ = 0x5413;

    private static final int WINSIZE_BYTES = 8;
    private static final int STANDARD_OUTPUT = 1;

    /** The terminal that standard output goes to; null: it goes elsewhere. */
    public static @Nullable Terminal ofOutput() {
        return of(STANDARD_OUTPUT);
    }

    static @Nullable Terminal of(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(WINSIZE_BYTES, Short.BYTES);
            if (FileCalls.ioctl(fd, TIOCGWINSZ, size.address()) < 0) {
                return null;
            }
            return new Terminal(
                    Short.toUnsignedInt(size.get(JAVA_SHORT, 0)),
                    Short.toUnsignedInt(size.get(JAVA_SHORT, Short.BYTES)));
        }
    }
}
