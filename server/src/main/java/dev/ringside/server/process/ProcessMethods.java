package dev.ringside.server.process;

import dev.ringside.server.control.Method;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.engine.DeviceStatus;
import dev.ringside.server.engine.Engine;
import java.util.List;
import java.util.Map;

/** The methods about the process as a whole. Any thread. */
final class ProcessMethods {
    private final Engine engine;
    private final Served served;
    private final Runnable stop;

    private ProcessMethods(ControlSocket.Context context) {
        engine = context.engine();
        served = context.served();
        stop = context.stop();
    }

    static List<Method<?>> of(ControlSocket.Context context) {
        ProcessMethods methods = new ProcessMethods(context);
        return List.of(
                Method.change(
                        "process.drain",
                        Drain.class,
                        "Accepts no front-end any more, or again; who is connected stays.",
                        methods::drain),
                Method.change(
                        "process.shutdown",
                        Method.None.class,
                        "Ends the process as SIGTERM does.",
                        none -> methods.shutdown()));
    }

    /**
     * Whether front-ends are accepted.
     *
     * @param undo true: again
     */
    record Drain(boolean undo) {}

    /**
     * What {@code process.drain} left.
     *
     * @param accepting whether front-ends are accepted
     * @param connected devices that have one
     */
    record Drained(boolean accepting, List<String> connected) {
        Drained {
            connected = List.copyOf(connected);
        }
    }

    private Drained drain(Drain wanted) throws RpcException, InterruptedException {
        return Changes.make(
                served,
                () -> {
                    engine.accept(wanted.undo());
                    return new Drained(
                            wanted.undo(),
                            engine.status().stream()
                                    .filter(DeviceStatus::connected)
                                    .map(DeviceStatus::device)
                                    .toList());
                });
    }

    private Map<String, Object> shutdown() {
        stop.run();
        return Map.of();
    }
}
