package dev.ringside.server.process;

import dev.ringside.server.engine.DeviceStatus;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Resource;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What an operator has done to a running process by its control socket, and no configuration says:
 * which devices are paused, whose plug is pulled, whether front-ends are accepted. Goes along when
 * another process takes over.
 */
final class OperatorState {
    /** What it is called between processes. */
    private static final String NAME = "operator";

    private static final String PAUSED = "paused ";
    private static final String UNPLUGGED = "unplugged ";
    private static final String DRAINING = "draining";
    private static final String YES = "yes";

    private OperatorState() {}

    /** What it is now. */
    static Resource save(Engine engine, Served served) throws InterruptedException {
        Map<String, String> state = new TreeMap<>();
        for (DeviceStatus device : engine.status()) {
            if (device.paused()) {
                state.put(PAUSED + device.device(), YES);
            }
            if (!device.accepting()) {
                state.put(DRAINING, YES);
            }
        }
        for (Part part : served.parts()) {
            if (!part.plugged()) {
                state.put(UNPLUGGED + part.name(), YES);
            }
        }
        return new Resource(NAME, List.of(), state);
    }

    /** Makes it so again, before anything is served. */
    static void restore(Inheritance inheritance, Engine engine, Served served)
            throws OperatorException {
        Resource saved = inheritance.take(NAME);
        if (saved == null) {
            return;
        }
        Map<String, String> state = saved.details();
        if (state.containsKey(DRAINING)) {
            engine.accept(false);
        }
        for (Part part : served.parts()) {
            if (state.containsKey(UNPLUGGED + part.name())) {
                part.setLink(false);
            }
            if (state.containsKey(PAUSED + part.name())) {
                pause(engine, part.name());
            }
        }
    }

    private static void pause(Engine engine, String device) throws OperatorException {
        try {
            var unused = engine.pause(device, true);
        } catch (IOException e) {
            throw new OperatorException(String.valueOf(e.getMessage()), e);
        }
    }
}
