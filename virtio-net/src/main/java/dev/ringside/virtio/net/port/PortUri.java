package dev.ringside.virtio.net.port;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A port as text: {@code SCHEME[:NAME][,KEY=VALUE]...}, as in {@code tap:tap0,queues=4}, {@code
 * generator:size=64} or {@code null}. A comma inside the name or a value is written twice.
 *
 * @param scheme what comes before the first colon
 * @param name the first part after the colon, for schemes that have a name; else empty
 * @param options the others
 */
public record PortUri(String scheme, String name, Map<String, String> options) {
    /** Keeps a copy of the options. */
    public PortUri {
        options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    }

    /**
     * Takes a text apart.
     *
     * @param hasName tells whether a scheme's first part is a name
     * @throws IllegalArgumentException when it is not of this form, or gives an option twice; the
     *     message is for the operator
     */
    public static PortUri parse(String text, Predicate<String> hasName) {
        int colon = text.indexOf(':');
        String scheme = colon < 0 ? text : text.substring(0, colon);
        if (scheme.isEmpty() || scheme.indexOf(',') >= 0 || scheme.indexOf('=') >= 0) {
            throw new IllegalArgumentException(
                    "port \"" + text + "\": no scheme; write tap:NAME, switch:NAME or null");
        }
        List<String> parts =
                colon < 0 ? new ArrayList<>() : split(text.substring(colon + 1), new ArrayList<>());
        String name = hasName.test(scheme) && !parts.isEmpty() ? parts.removeFirst() : "";
        if (parts.size() == 1 && parts.getFirst().isEmpty()) {
            parts.clear(); // nothing after the colon
        }
        Map<String, String> options = new LinkedHashMap<>();
        for (String part : parts) {
            addOption(text, part, options);
        }
        return new PortUri(scheme, name, options);
    }

    private static void addOption(String text, String part, Map<String, String> options) {
        int equals = part.indexOf('=');
        if (equals <= 0) {
            throw new IllegalArgumentException(
                    "port \""
                            + text
                            + "\": \""
                            + part
                            + "\" is not KEY=VALUE (a comma inside a name is written twice)");
        }
        String key = part.substring(0, equals);
        if (options.put(key, part.substring(equals + 1)) != null) {
            throw new IllegalArgumentException(
                    "port \"" + text + "\": " + key + "= is given twice; keep one");
        }
    }

    private static List<String> split(String text, List<String> parts) {
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

    /** Scheme and name, as in {@code tap:tap0}: how the operator knows it, in metrics and logs. */
    public String label() {
        return name.isEmpty() ? scheme : scheme + ":" + name;
    }

    /**
     * Refuses options that the scheme does not know.
     *
     * @throws IllegalArgumentException that names the option and those there are
     */
    public void allowOnly(String... known) {
        TreeSet<String> allowed = new TreeSet<>(List.of(known));
        for (String key : options.keySet()) {
            if (!allowed.contains(key)) {
                throw new IllegalArgumentException(
                        scheme
                                + ": unknown option \""
                                + key
                                + "\"; there "
                                + (allowed.isEmpty()
                                        ? "are none"
                                        : "are " + String.join(", ", allowed)));
            }
        }
    }

    /**
     * The name, which must be there.
     *
     * @param what it is, in capitals, as in {@code PATH}
     * @throws IllegalArgumentException when it is empty
     */
    public String requireName(String what) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException(
                    scheme + ": " + what + " is missing; write " + scheme + ":" + what);
        }
        return name;
    }

    /** The value of an option, null when it is not given. */
    public @Nullable String value(String key) {
        return options.get(key);
    }

    /**
     * An option that is on or off.
     *
     * @throws IllegalArgumentException when it is something else
     */
    public boolean flag(String key, boolean preset) {
        return choice(key, preset ? "on" : "off", "on", "off").equals("on");
    }

    /**
     * An option that is one of a few words.
     *
     * @throws IllegalArgumentException when it is something else
     */
    public String choice(String key, String preset, String... allowed) {
        String text = value(key);
        if (text == null) {
            return preset;
        }
        if (!List.of(allowed).contains(text)) {
            throw refused(key, text, "must be " + String.join(" or ", allowed));
        }
        return text;
    }

    /**
     * An option that is a decimal number.
     *
     * @throws IllegalArgumentException when it is something else, or outside {@code min} to {@code
     *     max}
     */
    public long number(String key, long preset, long min, long max) {
        String text = value(key);
        if (text == null) {
            return preset;
        }
        long number = -1;
        boolean digits = !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
        if (digits && text.length() <= 18) {
            number = Long.parseLong(text);
        }
        if (number < min || number > max) {
            throw refused(key, text, "must be a number from " + min + " to " + max);
        }
        return number;
    }

    /** As {@link #number}, for a number that fits an int. */
    public int intNumber(String key, int preset, int min, int max) {
        return (int) number(key, preset, min, max);
    }

    /**
     * What to throw when an option's value is refused.
     *
     * @param rule what is allowed, as in {@code must be on or off}
     */
    public IllegalArgumentException refused(String key, String value, String rule) {
        return new IllegalArgumentException(scheme + ": " + key + "=" + value + ": " + rule);
    }
}
