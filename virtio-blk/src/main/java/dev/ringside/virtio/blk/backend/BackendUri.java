package dev.ringside.virtio.blk.backend;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A backend as text: {@code SCHEME:[PATH][,KEY=VALUE]...}. A comma inside the path or a value is
 * written twice.
 *
 * @param scheme what comes before the first colon
 * @param path the first part after the colon, for schemes that have a path; else empty
 * @param options the others, in the order of the text
 */
record BackendUri(String scheme, String path, Map<String, String> options) {
    BackendUri {
        options = Map.copyOf(options);
    }

    /**
     * Takes a text apart.
     *
     * @param hasPath tells whether a scheme's first part is a path
     * @throws BackendException when it is not of this form, or gives an option twice
     */
    static BackendUri parse(String text, Predicate<String> hasPath) throws BackendException {
        int colon = text.indexOf(':');
        if (colon <= 0) {
            throw new BackendException(
                    "backend \""
                            + text
                            + "\": no scheme; write file:PATH, null:size=1G or memory:size=1G");
        }
        String scheme = text.substring(0, colon);
        List<String> parts = split(text.substring(colon + 1));
        String path = hasPath.test(scheme) ? parts.removeFirst() : "";
        Map<String, String> options = new LinkedHashMap<>();
        for (String part : parts) {
            int equals = part.indexOf('=');
            if (part.isEmpty() && parts.size() == 1) {
                continue; // nothing after the colon
            }
            if (equals <= 0) {
                throw new BackendException(
                        "backend \""
                                + text
                                + "\": \""
                                + part
                                + "\" is not KEY=VALUE (a comma inside a path is written twice)");
            }
            String key = part.substring(0, equals);
            if (options.put(key, part.substring(equals + 1)) != null) {
                throw new BackendException(
                        "backend \"" + text + "\": " + key + "= is given twice; keep one");
            }
        }
        return new BackendUri(scheme, path, options);
    }

    private static List<String> split(String text) {
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

    /**
     * Refuses options that the scheme does not know.
     *
     * @throws BackendException that names the option and the valid ones
     */
    void allowOnly(Set<String> known) throws BackendException {
        for (String key : options.keySet()) {
            if (!known.contains(key)) {
                throw new BackendException(
                        scheme
                                + ": unknown option \""
                                + key
                                + "\"; there are "
                                + String.join(", ", known.stream().sorted().toList()));
            }
        }
    }

    /** The value of an option, null when it is not given. */
    @Nullable String value(String key) {
        return options.get(key);
    }

    /**
     * A required size in bytes, a positive multiple of 512.
     *
     * @throws BackendException when it is missing or something else
     */
    long capacity() throws BackendException {
        String text = value("size");
        if (text == null) {
            throw new BackendException(scheme + ": size= is missing; write " + scheme + ":size=1G");
        }
        long bytes = Sizes.parse(scheme + ": size", text);
        if (bytes == 0 || bytes % BlockTraits.SECTOR_BYTES != 0) {
            throw new BackendException(
                    scheme + ": size=" + text + ": must be a positive multiple of 512 bytes");
        }
        return bytes;
    }

    /**
     * A block size: 0 when not given.
     *
     * @throws BackendException when it is not a power of two from 512 to 1 MiB
     */
    int blockSize(String key) throws BackendException {
        String text = value(key);
        if (text == null) {
            return 0;
        }
        long bytes = Sizes.parse(scheme + ": " + key, text);
        if (bytes < BlockTraits.SECTOR_BYTES || bytes > 1 << 20 || Long.bitCount(bytes) != 1) {
            throw new BackendException(
                    scheme
                            + ": "
                            + key
                            + "="
                            + text
                            + ": must be a power of two from 512 to 1M, mostly 512 or 4096");
        }
        return (int) bytes;
    }

    /**
     * An option that is on or off.
     *
     * @throws BackendException when it is something else
     */
    boolean flag(String key, boolean preset) throws BackendException {
        String text = value(key);
        if (text == null) {
            return preset;
        }
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "on" -> true;
            case "off" -> false;
            default ->
                    throw new BackendException(
                            scheme + ": " + key + "=" + text + ": must be on or off");
        };
    }
}
