package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.options.BlkOptions;
import dev.ringside.server.options.LimitGroupOptions;
import dev.ringside.server.options.NetOptions;
import dev.ringside.server.options.NicOptions;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeOptions;
import dev.ringside.server.options.ServerOptions;
import dev.ringside.server.options.UplinkOptions;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Resource;
import dev.ringside.shm.Sandbox;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Several disks and NICs in one process, which may change while it runs. Any thread. */
public final class ServedTogether implements Served {
    /** What the captures are called between processes. */
    private static final String CAPTURES = "captures";

    private final LimitGroups limitGroups = new LimitGroups();
    private final NetHost host;
    private final List<Part> parts = new ArrayList<>();
    private final @Nullable Reload reload;
    private @Nullable MetricsRegistry registry;

    private final Hold hold = new Hold();

    private ServedTogether(
            Stream<? extends Record> options, ServerOptions server, @Nullable Reload reload) {
        host = new NetHost(server.control() != null);
        this.reload = reload;
        options.map(this::part).forEach(parts::add);
    }

    /** The NICs and uplinks of one command line. */
    public static ServedTogether of(NetOptions options) {
        return new ServedTogether(
                Stream.concat(options.nics().stream(), options.uplinks().stream()),
                options.server(),
                null);
    }

    /** All that a configuration describes, and describes anew when it is reloaded. */
    public static ServedTogether of(ServeOptions options, Reload reload) {
        return new ServedTogether(options.parts(), options.server(), reload);
    }

    @Override
    public synchronized List<Part> parts() {
        return List.copyOf(parts);
    }

    @Override
    public @Nullable Reload configuration() {
        return reload;
    }

    @Override
    public boolean hearsHangUp() {
        return reload != null;
    }

    private Part part(Record options) {
        return switch (options) {
            case BlkOptions disk -> new BlkServer(disk, limitGroups);
            case LimitGroupOptions group -> new LimitGroupServer(group, limitGroups);
            case NicOptions nic -> new NicServer(nic, host);
            case UplinkOptions uplink -> new UplinkServer(uplink, host);
            default -> throw new IllegalArgumentException(options.toString());
        };
    }

    @Override
    public synchronized void open(MetricsRegistry metrics, Inheritance inheritance)
            throws OperatorException {
        registry = metrics;
        host.open(metrics);
        for (Part part : parts) {
            part.open(metrics, inheritance);
        }
        Resource captured = inheritance.take(CAPTURES);
        if (captured != null) {
            host.captures().takeOver(captured.details());
        }
    }

    @Override
    public synchronized void attach(Engine engine) throws OperatorException, InterruptedException {
        for (Part part : parts) {
            part.attach(engine);
        }
        // Last: a start that fails leaves no file behind.
        host.captures().start();
        Signals.listen((name, number) -> host.captures().toggle(), "USR2");
        if (reload != null) {
            reload.listen(engine, this);
        }
    }

    @Override
    public synchronized void confine(Sandbox sandbox) {
        parts.forEach(part -> part.confine(sandbox));
    }

    /**
     * Goes over to other parts: all of it, or nothing. Those that are the same go on and notice
     * nothing; one that is otherwise is another one. Whoever calls this {@link #hold holds} it.
     *
     * @return what was done, for the operator
     * @throws OperatorException when it cannot be; what was served before is served again
     */
    synchronized String change(Stream<? extends Record> options, Engine engine)
            throws OperatorException, InterruptedException {
        return new PartsChange(engine, registry, this::part).run(parts, options.toList());
    }

    @Override
    public boolean hold() {
        return hold.take();
    }

    @Override
    public void release() {
        hold.release();
    }

    @Override
    public synchronized List<Resource> resources() {
        List<Resource> all = new ArrayList<>();
        parts.forEach(part -> all.addAll(part.resources()));
        all.add(new Resource(CAPTURES, List.of(), host.captures().running()));
        return all;
    }

    @Override
    public synchronized void beforeFreeze() {
        parts.forEach(Part::beforeFreeze);
    }

    @Override
    public synchronized void freeze(Engine engine) throws InterruptedException {
        for (Part part : parts) {
            part.freeze(engine);
        }
        host.captures().freeze();
    }

    @Override
    public synchronized void thaw(Engine engine) throws InterruptedException {
        host.captures().thaw();
        for (Part part : parts) {
            part.thaw(engine);
        }
    }

    @Override
    public synchronized List<String> notes() {
        return parts.stream().flatMap(part -> part.notes().stream()).toList();
    }

    @Override
    public synchronized String describe() {
        return parts.stream().map(Part::describe).collect(Collectors.joining("; "));
    }

    @Override
    public synchronized void close() {
        host.captures().close();
        parts.forEach(Part::close);
        host.close();
    }
}
