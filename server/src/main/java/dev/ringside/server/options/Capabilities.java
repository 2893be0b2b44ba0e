package dev.ringside.server.options;

import java.util.Arrays;
import java.util.List;

/**
 * The back-end program conventions of QEMU's vhost-user documents (docs/interop/vhost-user.rst,
 * "Backend program conventions", and vhost-user.json): {@code --print-capabilities} answers with
 * JSON on stdout whatever else is on the command line.
 */
public final class Capabilities {
    public static final String OPTION = "--print-capabilities";

    private Capabilities() {}

    /** Whether the question is asked: all other options, even wrong ones, are then ignored. */
    public static boolean asked(List<String> arguments) {
        return arguments.contains(OPTION);
    }

    /** The answer of a device type with these features; all are plain words. */
    public static String json(String type, String... features) {
        String list = String.join(",", Arrays.stream(features).map(f -> '"' + f + '"').toList());
        return "{\"type\":\"" + type + "\",\"features\":[" + list + "]}";
    }
}
