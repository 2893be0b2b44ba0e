package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.options.NetSyntax;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.UplinkOptions;
import dev.ringside.server.options.Values;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Resource;
import dev.ringside.shm.Sandbox;
import dev.ringside.virtio.net.l2.SwitchUplink;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A port of the host on a switch: polled on shards, and no guest's. */
final class UplinkServer implements Part {
    private final UplinkOptions options;
    private final NetHost host;
    private @Nullable SwitchUplink uplink;
    private int firstShard;

    UplinkServer(UplinkOptions options, NetHost host) {
        this.options = options;
        this.host = host;
    }

    @Override
    public UplinkOptions options() {
        return options;
    }

    @Override
    public String title() {
        return "uplink " + options.port() + " of switch " + options.switchName();
    }

    @Override
    public String name() {
        return title();
    }

    private String resource() {
        return "port of " + title();
    }

    @Override
    public void open(MetricsRegistry registry, Inheritance inheritance) throws OperatorException {
        try {
            SwitchUplink opened = host.ports().connect(options, inheritance.take(resource()));
            uplink = opened;
            firstShard = host.takeShards(opened.maxQueuePairs());
        } catch (IOException | IllegalArgumentException e) {
            throw new OperatorException(
                    Values.given(NetSyntax.UPLINK, options.port()) + ": " + e.getMessage(), e);
        }
    }

    private SwitchUplink uplink() {
        return Objects.requireNonNull(uplink);
    }

    @Override
    public void attach(Engine engine) {}

    @Override
    public void confine(Sandbox sandbox) {
        Confinement.allowPort(options.port(), sandbox);
    }

    @Override
    public boolean detach(Engine engine) throws InterruptedException {
        freeze(engine);
        return true;
    }

    @Override
    public List<Resource> resources() {
        return NicServer.resource(resource(), uplink().outside());
    }

    @Override
    public void beforeFreeze() {
        uplink().outside().setFrozen(true);
    }

    @Override
    public void freeze(Engine engine) throws InterruptedException {
        for (int i = 0; i < uplink().maxQueuePairs(); i++) {
            int pair = i;
            engine.onShard(firstShard + pair, context -> uplink().closePair(pair));
        }
    }

    @Override
    public void thaw(Engine engine) throws InterruptedException {
        uplink().outside().setFrozen(false);
        for (int i = 0; i < uplink().maxQueuePairs(); i++) {
            int pair = i;
            engine.onShard(firstShard + pair, context -> uplink().openPair(context, pair));
        }
    }

    @Override
    public List<String> notes() {
        return List.of();
    }

    @Override
    public String describe() {
        return uplink().describe();
    }

    @Override
    public void close() {
        if (uplink != null) {
            uplink.close();
        }
    }
}
