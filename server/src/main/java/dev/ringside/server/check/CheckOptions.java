package dev.ringside.server.check;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the operator asked for.
 *
 * @param socket where the back-end listens
 * @param kind what device it has; null: find out
 * @param only names of groups and checks; empty: all that are not hostile
 * @param hostile attack, too
 * @param writes data on the disk may be destroyed
 * @param strict what SHOULD be counts as what MUST be
 * @param timeoutMs how long an answer may take
 * @param startCommand starts the back-end when nobody listens; null: that is the operator's task
 */
public record CheckOptions(
        Path socket,
        @Nullable DeviceKind kind,
        List<String> only,
        boolean hostile,
        boolean writes,
        boolean strict,
        long timeoutMs,
        @Nullable String startCommand) {

    public CheckOptions {
        only = List.copyOf(only);
    }
}
