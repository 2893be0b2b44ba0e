package dev.ringside.server.options;

import java.util.List;

/** Reads options' values. Each method throws a message that repeats the option and its value. */
public final class Values {
    private Values() {}

    private static final String SUFFIXES = "KMGT";
    private static final int SUFFIX_BITS = 10;

    /** So many fit an int. */
    private static final int FEW_DIGITS = 9;

    /** A size in bytes, with K, M, G or T behind it for powers of 1024. */
    static long size(String option, String text, long least, long most) throws OperatorException {
        long size = bytes(text, FEW_DIGITS);
        if (size < least || size > most) {
            throw new OperatorException(
                    given(option, text)
                            + " is not a size from "
                            + (least >> 20)
                            + "M to "
                            + (most >> 40)
                            + "T: 8G, for example");
        }
        return size;
    }

    /**
     * A number of bytes, with K, M, G or T behind it for powers of 1024.
     *
     * @param mostDigits of the number, at most 18
     * @return -1 when the text is none
     */
    public static long bytes(String text, int mostDigits) {
        if (text.isEmpty()) {
            return -1;
        }
        int suffix = SUFFIXES.indexOf(Character.toUpperCase(text.charAt(text.length() - 1)));
        String digits = suffix < 0 ? text : text.substring(0, text.length() - 1);
        long number = plainNumber(digits, 10, mostDigits);
        int shift = SUFFIX_BITS * (suffix + 1);
        return number < 0 || number > Long.MAX_VALUE >>> shift ? -1 : number << shift;
    }

    /** A decimal number from {@code least} to {@code most}. */
    public static int integer(String option, String text, int least, int most)
            throws OperatorException {
        int value = plainNumber(text, 10);
        if (value < least || value > most) {
            throw new OperatorException(
                    given(option, text) + " is not a number from " + least + " to " + most);
        }
        return value;
    }

    /** A power of two from {@code least} to {@code most}. */
    public static int powerOfTwo(String option, String text, int least, int most)
            throws OperatorException {
        int value = plainNumber(text, 10);
        if (value < least || value > most || Integer.bitCount(value) != 1) {
            throw new OperatorException(
                    given(option, text)
                            + " is not a power of two from "
                            + least
                            + " to "
                            + most
                            + example(least, most));
        }
        return value;
    }

    private static String example(int least, int most) {
        return ": for example " + Math.min(most, Math.max(least, 4096));
    }

    /** Permission bits of a file in octal, as chmod takes them: 600, 0660. */
    static int fileMode(String option, String text) throws OperatorException {
        int value = plainNumber(text, 8);
        if (value < 0 || value > 0777) {
            throw new OperatorException(
                    given(option, text)
                            + " is not an octal file mode from 0000 to 0777: for example 0660");
        }
        return value;
    }

    /** One of a few words. */
    public static String word(String option, String text, List<String> words)
            throws OperatorException {
        if (!words.contains(text)) {
            throw new OperatorException(
                    given(option, text) + " is not one of " + String.join(", ", words));
        }
        return text;
    }

    /** Any text but the empty one. */
    static void notEmpty(String option, String text) throws OperatorException {
        if (text.isEmpty()) {
            throw new OperatorException(
                    option + " has an empty value: write " + option + "=VALUE, or leave it out");
        }
        if (text.indexOf('\0') >= 0) {
            throw new OperatorException(option + " contains a zero byte");
        }
    }

    public static String given(String option, String text) {
        return option + "=" + text;
    }

    private static int plainNumber(String text, int radix) {
        return (int) plainNumber(text, radix, FEW_DIGITS);
    }

    /** The number, or -1 when the text is not one: digits only, and not too many of them. */
    private static long plainNumber(String text, int radix, int mostDigits) {
        if (text.isEmpty() || text.length() > mostDigits) {
            return -1;
        }
        long value = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c >= '0' + radix) {
                return -1;
            }
            value = value * radix + (c - '0');
        }
        return value;
    }
}
