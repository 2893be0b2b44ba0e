package dev.ringside.virtio.blk.backend;

/** Sizes as operators write and read them: bytes, or a number with K, M, G, T (powers of 1024). */
final class Sizes {
    private static final String SUFFIXES = "KMGT";

    private Sizes() {}

    /**
     * Reads a size.
     *
     * @throws BackendException when it is not one, or does not fit 63 bits; {@code what} names it
     */
    static long parse(String what, String text) throws BackendException {
        int suffix =
                text.isEmpty()
                        ? -1
                        : SUFFIXES.indexOf(Character.toUpperCase(text.charAt(text.length() - 1)));
        String digits = suffix < 0 ? text : text.substring(0, text.length() - 1);
        if (digits.isEmpty() || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new BackendException(
                    what
                            + "="
                            + text
                            + ": not a size; give bytes, or a number with K, M, G or T, as in 10G");
        }
        try {
            return Math.multiplyExact(Long.parseLong(digits), 1L << (10 * (suffix + 1)));
        } catch (ArithmeticException | NumberFormatException e) {
            throw new BackendException(what + "=" + text + ": larger than 8388607T", e);
        }
    }

    /** The size in the largest unit that gives a whole number. */
    static String text(long bytes) {
        int unit = 0;
        long value = bytes;
        while (unit < SUFFIXES.length() && value != 0 && value % 1024 == 0) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? value + " bytes" : value + " " + SUFFIXES.charAt(unit - 1) + "iB";
    }
}
