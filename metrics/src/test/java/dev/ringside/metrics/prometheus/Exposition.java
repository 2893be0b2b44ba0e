package dev.ringside.metrics.prometheus;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A strict reader of Prometheus' text format 0.0.4, written from its description and independent of
 * the library that writes it.
 */
final class Exposition {
    record Sample(String name, Map<String, String> labels, double value) {}

    record Family(String name, String type, String help, List<Sample> samples) {}

    private final Map<String, Family> families = new LinkedHashMap<>();

    static Exposition parse(String text) {
        if (!text.endsWith("\n")) {
            throw new IllegalArgumentException("the last line has no end");
        }
        var exposition = new Exposition();
        Map<String, String> help = new LinkedHashMap<>();
        for (String line : text.split("\n", -1)) {
            if (line.startsWith("# HELP ")) {
                String[] parts = line.split(" ", 4);
                help.put(parts[2], parts[3]);
            } else if (line.startsWith("# TYPE ")) {
                String[] parts = line.split(" ", 4);
                String name = parts[2];
                if (!help.containsKey(name)) {
                    throw new IllegalArgumentException(name + " has no HELP");
                }
                var family = new Family(name, parts[3], help.get(name), new ArrayList<>());
                if (exposition.families.put(name, family) != null) {
                    throw new IllegalArgumentException(name + " appears twice");
                }
            } else if (!line.isEmpty()) {
                exposition.addSample(line);
            }
        }
        return exposition;
    }

    Family family(String name) {
        Family family = families.get(name);
        if (family == null) {
            throw new IllegalArgumentException("no " + name + " among " + families.keySet());
        }
        return family;
    }

    Map<String, Family> families() {
        return families;
    }

    double value(String name, Map<String, String> labels) {
        return family(name.replaceFirst("_(bucket|sum|count)$", "")).samples().stream()
                .filter(s -> s.name().equals(name) && s.labels().equals(labels))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no " + name + labels))
                .value();
    }

    private void addSample(String line) {
        int nameEnd = 0;
        while (nameEnd < line.length() && isNameChar(line.charAt(nameEnd))) {
            nameEnd++;
        }
        String name = line.substring(0, nameEnd);
        Map<String, String> labels = new TreeMap<>();
        int at = nameEnd;
        if (line.charAt(at) == '{') {
            at = readLabels(line, at + 1, labels);
        }
        if (line.charAt(at) != ' ') {
            throw new IllegalArgumentException("no space before the value: " + line);
        }
        String number = line.substring(at + 1).replace("+Inf", "Infinity");
        Family family = families.get(name);
        if (family == null) {
            family = family(name.replaceFirst("_(bucket|sum|count)$", ""));
        }
        family.samples().add(new Sample(name, labels, Double.parseDouble(number)));
    }

    private static int readLabels(String line, int from, Map<String, String> labels) {
        int at = from;
        while (line.charAt(at) != '}') {
            int equals = line.indexOf('=', at);
            String label = line.substring(at, equals);
            if (line.charAt(equals + 1) != '"') {
                throw new IllegalArgumentException("no quote: " + line);
            }
            var value = new StringBuilder();
            at = equals + 2;
            while (line.charAt(at) != '"') {
                if (line.charAt(at) == '\\') {
                    at++;
                    value.append(
                            switch (line.charAt(at)) {
                                case 'n' -> '\n';
                                case '"' -> '"';
                                case '\\' -> '\\';
                                default -> throw new IllegalArgumentException("escape: " + line);
                            });
                } else {
                    value.append(line.charAt(at));
                }
                at++;
            }
            labels.put(label, value.toString());
            at++;
            if (line.charAt(at) == ',') {
                at++;
            }
        }
        return at + 1;
    }

    private static boolean isNameChar(char c) {
        return c == '_' || c == ':' || Character.isLetterOrDigit(c);
    }
}
