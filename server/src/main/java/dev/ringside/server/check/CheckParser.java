package dev.ringside.server.check;

import dev.ringside.server.options.CommaList;
import dev.ringside.server.options.Given;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.Values;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Gives the texts of {@link CheckSyntax} their meaning. */
final class CheckParser {
    private static final int DEFAULT_SECONDS = 2;
    private static final int MAX_SECONDS = 600;
    private static final long MS_PER_SECOND = 1000;

    private CheckParser() {}

    static CheckOptions parse(Given given) throws OperatorException {
        Path socket = given.path(CheckSyntax.SOCKET_PATH);
        if (socket == null) {
            throw new OperatorException(
                    "say where the back-end listens: --socket-path=PATH (see "
                            + CheckSyntax.COMMAND
                            + " --help)");
        }
        int seconds = given.integer(CheckSyntax.TIMEOUT, DEFAULT_SECONDS, 1, MAX_SECONDS);
        return new CheckOptions(
                socket,
                kind(given.text(CheckSyntax.DEVICE)),
                only(given.text(CheckSyntax.ONLY)),
                given.has(CheckSyntax.HOSTILE),
                given.has(CheckSyntax.WRITES),
                given.has(CheckSyntax.STRICT),
                seconds * MS_PER_SECOND,
                given.text(CheckSyntax.START));
    }

    private static @Nullable DeviceKind kind(@Nullable String text) throws OperatorException {
        if (text == null) {
            return null;
        }
        String word = Values.word(CheckSyntax.DEVICE, text, List.of("blk", "net"));
        return DeviceKind.valueOf(word.toUpperCase(Locale.ROOT));
    }

    private static List<String> only(@Nullable String text) throws OperatorException {
        List<String> names = text == null ? List.of() : CommaList.split(text);
        for (String name : names) {
            if (!Catalogue.knows(name)) {
                throw new OperatorException(
                        "there is no check and no group of checks called '"
                                + name
                                + "': "
                                + CheckSyntax.COMMAND
                                + " --list prints their names");
            }
        }
        return names;
    }
}
