package dev.ringside.server.options;

import java.util.ArrayList;
import java.util.List;

/**
 * Values that list others: parts are separated by commas, and a comma inside a part is written
 * twice. Never ambiguous: from the left, two commas are one of a part, and a single one ends it.
 */
public final class CommaList {
    private CommaList() {}

    /** The parts, at least one. */
    public static List<String> split(String text) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != ',') {
                part.append(c);
            } else if (i + 1 < text.length() && text.charAt(i + 1) == ',') {
                part.append(c);
                i++;
            } else {
                parts.add(part.toString());
                part.setLength(0);
            }
        }
        parts.add(part.toString());
        return parts;
    }

    /** A part as it is written in a list. */
    public static String quote(String part) {
        return part.replace(",", ",,");
    }
}
