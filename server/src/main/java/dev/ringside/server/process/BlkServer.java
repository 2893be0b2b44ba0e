package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.DeviceHandle;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.options.BlkOptions;
import dev.ringside.server.options.BlkParser;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Resource;
import dev.ringside.shm.Fd;
import dev.ringside.shm.Sandbox;
import dev.ringside.virtio.blk.BlkConfig;
import dev.ringside.virtio.blk.BlkDevice;
import dev.ringside.virtio.blk.backend.BackendException;
import dev.ringside.virtio.blk.backend.BlockBackend;
import dev.ringside.virtio.blk.backend.BlockBackends;
import dev.ringside.virtio.blk.limit.BlkLimits;
import dev.ringside.virtio.blk.limit.LimitGroup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The disk of {@code ringside blk}. */
public final class BlkServer implements Part {
    /** What the storage is called between processes. */
    private static final String STORAGE = "storage of disk ";

    private final LimitGroups groups;
    private BlkOptions options;
    private final Hold hold = new Hold();
    private @Nullable BlkDevice device;
    private @Nullable DeviceHandle attached;

    public BlkServer(BlkOptions options) {
        this(options, new LimitGroups());
    }

    /** A disk among others, with which it may share limits. */
    BlkServer(BlkOptions options, LimitGroups groups) {
        this.options = options;
        this.groups = groups;
    }

    @Override
    public void open(MetricsRegistry registry, Inheritance inheritance) throws OperatorException {
        String group = options.limitGroup();
        List<LimitGroup> shared = group == null ? List.of() : List.of(groups.get(group));
        BlockBackend backend;
        Resource storage = inheritance.take(STORAGE + options.name());
        try {
            backend =
                    BlockBackends.open(
                            options.backend(),
                            options.readOnly(),
                            storage == null ? null : storage.fds().getFirst());
        } catch (BackendException e) {
            throw new OperatorException(String.valueOf(e.getMessage()), e);
        }
        try {
            String serial = options.serial();
            BlkConfig config =
                    BlkConfig.named(options.name())
                            .withQueues(options.queues())
                            .withMaxQueueSize(options.queueSize())
                            .withSerial(serial == null ? "" : serial)
                            .withReadOnly(options.readOnly())
                            .withOnError(options.onError());
            device = BlkDevice.create(config, backend, registry, shared);
        } catch (RuntimeException e) {
            backend.close();
            throw e;
        }
        disk().limits().set(options.limits());
        LimitsMoved.take(title(), inheritance, disk().limits());
    }

    @Override
    public String name() {
        return options.name();
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
    public long resize(Engine engine, @Nullable Long bytes, boolean shrink)
            throws OperatorException, InterruptedException {
        return new DiskResize(engine, disk(), title()).to(bytes, shrink);
    }

    private BlkDevice disk() {
        return Objects.requireNonNull(device);
    }

    @Override
    public void attach(Engine engine) throws OperatorException {
        attached = Attaching.attach(engine, disk(), options.source());
    }

    @Override
    public boolean detach(Engine engine) throws InterruptedException {
        return Attaching.detach(engine, attached);
    }

    @Override
    public BlkOptions options() {
        return options;
    }

    @Override
    public LimitGroup limits() {
        return disk().limits();
    }

    @Override
    public boolean adapts(Record other) {
        return other instanceof BlkOptions disk
                && disk.withLimits(BlkLimits.NONE).equals(options.withLimits(BlkLimits.NONE));
    }

    @Override
    public void adapt(Record other) {
        options = (BlkOptions) other;
        disk().limits().set(options.limits());
    }

    @Override
    public String title() {
        return "disk " + options.name();
    }

    @Override
    public List<Resource> resources() {
        List<Resource> all = new ArrayList<>();
        Fd storage = disk().storage();
        if (storage != null) {
            all.add(new Resource(STORAGE + options.name(), List.of(storage), Map.of()));
        }
        all.addAll(LimitsMoved.give(title(), disk().limits().limits(), options.limits()));
        return all;
    }

    @Override
    public void confine(Sandbox sandbox) {
        Confinement.allow(options.source(), sandbox);
        Fd storage = disk().storage();
        if (storage == null || !options.backend().startsWith(BlkParser.FILE_SCHEME)) {
            return;
        }
        // Queues open it once more, for an error state of their own.
        Path image = Path.of("/proc/self/fd/" + storage.number());
        if (options.readOnly()) {
            sandbox.read(image);
        } else {
            sandbox.write(image);
        }
    }

    @Override
    public List<String> notes() {
        return BlkReadyLine.notes(options, disk().describe());
    }

    @Override
    public String describe() {
        return BlkReadyLine.text(options, disk().name(), disk().describe());
    }

    @Override
    public void close() {
        if (device != null) {
            device.close();
        }
    }
}
