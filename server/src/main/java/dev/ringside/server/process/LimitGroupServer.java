package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.options.LimitGroupOptions;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Resource;
import dev.ringside.shm.Sandbox;
import dev.ringside.virtio.blk.limit.BlkLimits;
import dev.ringside.virtio.blk.limit.LimitGroup;
import dev.ringside.virtio.blk.limit.LimitMetrics;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Limits that several disks share. */
final class LimitGroupServer implements Part {
    private final LimitGroups groups;
    private final LimitGroup group;
    private LimitGroupOptions options;
    private @Nullable LimitMetrics metrics;

    LimitGroupServer(LimitGroupOptions options, LimitGroups groups) {
        this.options = options;
        this.groups = groups;
        group = new LimitGroup(options.limits());
    }

    @Override
    public void open(MetricsRegistry registry, Inheritance inheritance) throws OperatorException {
        LimitsMoved.take(title(), inheritance, group);
        groups.add(options.name(), group);
        metrics = LimitMetrics.ofGroup(registry, options.name(), group);
    }

    @Override
    public void attach(Engine engine) {}

    @Override
    public boolean detach(Engine engine) {
        return true;
    }

    @Override
    public String name() {
        return title();
    }

    @Override
    public LimitGroupOptions options() {
        return options;
    }

    @Override
    public LimitGroup limits() {
        return group;
    }

    @Override
    public boolean adapts(Record other) {
        return other instanceof LimitGroupOptions group && group.name().equals(options.name());
    }

    @Override
    public void adapt(Record other) {
        options = (LimitGroupOptions) other;
        group.set(options.limits());
    }

    @Override
    public String title() {
        return "limit group " + options.name();
    }

    @Override
    public List<Resource> resources() {
        return LimitsMoved.give(title(), group.limits(), options.limits());
    }

    @Override
    public void confine(Sandbox sandbox) {}

    @Override
    public List<String> notes() {
        return List.of();
    }

    @Override
    public String describe() {
        BlkLimits limits = group.limits();
        return title() + ": " + (limits.isNone() ? "no limits" : limits.text());
    }

    @Override
    public void close() {
        groups.remove(options.name());
        LimitMetrics shown = metrics;
        if (shown != null) {
            shown.close();
        }
    }
}
