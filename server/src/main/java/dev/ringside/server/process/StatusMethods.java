package dev.ringside.server.process;

import dev.ringside.server.control.Method;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.log.Log;
import dev.ringside.server.log.LogLevel;
import dev.ringside.server.status.StatusReader;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The methods that say how the process is, and how much it says by itself. Any thread. */
final class StatusMethods {
    private static final long PATIENCE_MS = 2_000;

    private StatusMethods() {}

    static List<Method<?>> of(ControlSocket.Context context) {
        Engine engine = context.engine();
        StatusReader reader = new StatusReader(engine, context.metrics(), Version.text());
        return List.of(
                Method.read(
                        StatusReader.METHOD,
                        Method.None.class,
                        "What the process, its shards and its devices did since the start.",
                        none -> reader.read()),
                Method.read(
                        "process.health",
                        Method.None.class,
                        "What /healthz and /readyz say.",
                        none -> new Health(engine.failures(PATIENCE_MS), engine.notReady())),
                Method.change(
                        "log.level",
                        Level.class,
                        "Writes lines of the log from a level on, and says which one that is.",
                        StatusMethods::level));
    }

    /**
     * How the process is.
     *
     * @param failures what only a restart repairs, a line for each
     * @param notReady why front-ends are not served now; null: they are
     */
    record Health(List<String> failures, @Nullable String notReady) {
        Health {
            failures = List.copyOf(failures);
        }
    }

    /**
     * What to write.
     *
     * @param level the least; null: as it is
     */
    record Level(@Nullable String level) {}

    private static Map<String, String> level(Level wanted) throws RpcException {
        String text = wanted.level();
        if (text != null) {
            if (!LogLevel.texts().contains(text)) {
                throw new RpcException(
                        RpcException.INVALID_PARAMS,
                        "level " + text + " is not one of " + String.join(", ", LogLevel.texts()));
            }
            Log.level(LogLevel.of(text));
        }
        return Map.of("level", Log.level().text());
    }
}
