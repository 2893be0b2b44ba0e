package dev.ringside.server.cli;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Resource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Several disks, and all NICs, in one process. On the main thread. */
final class ServedTogether implements Served {
    private final List<Served> parts = new ArrayList<>();

    ServedTogether(ServeOptions options) {
        options.disks().forEach(disk -> parts.add(new BlkServer(disk)));
        if (!options.nics().isEmpty()) {
            parts.add(
                    new NetServer(
                            new NetOptions(options.nics(), options.uplinks(), options.server())));
        }
    }

    @Override
    public void open(MetricsRegistry registry, Inheritance inheritance) throws OperatorException {
        for (Served part : parts) {
            part.open(registry, inheritance);
        }
    }

    @Override
    public void attach(Engine engine) throws OperatorException, InterruptedException {
        for (Served part : parts) {
            part.attach(engine);
        }
    }

    @Override
    public List<Resource> resources() {
        return parts.stream().flatMap(part -> part.resources().stream()).toList();
    }

    @Override
    public void beforeFreeze() {
        parts.forEach(Served::beforeFreeze);
    }

    @Override
    public void freeze(Engine engine) throws InterruptedException {
        for (Served part : parts) {
            part.freeze(engine);
        }
    }

    @Override
    public void thaw(Engine engine) throws InterruptedException {
        for (Served part : parts) {
            part.thaw(engine);
        }
    }

    @Override
    public List<String> notes() {
        return parts.stream().flatMap(part -> part.notes().stream()).toList();
    }

    @Override
    public String describe() {
        return parts.stream().map(Served::describe).collect(Collectors.joining("; "));
    }

    @Override
    public void close() {
        parts.reversed().forEach(Served::close);
    }
}
