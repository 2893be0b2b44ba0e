package dev.ringside.server.cli;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import dev.ringside.virtio.blk.BlkConfig;
import dev.ringside.virtio.blk.BlkDevice;
import dev.ringside.virtio.blk.backend.BackendException;
import dev.ringside.virtio.blk.backend.BlockBackend;
import dev.ringside.virtio.blk.backend.BlockBackends;
import java.io.PrintStream;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The disk of {@code ringside blk}. */
final class BlkServer implements Served {
    private final BlkOptions options;
    private @Nullable BlkDevice device;

    private BlkServer(BlkOptions options) {
        this.options = options;
    }

    /** See {@link Server#run}. */
    static int run(BlkOptions options, PrintStream err)
            throws OperatorException, InterruptedException {
        return Server.run(new BlkServer(options), options.threads(), options.metrics(), err);
    }

    @Override
    public void open(MetricsRegistry registry) throws OperatorException {
        BlockBackend backend;
        try {
            backend = BlockBackends.open(options.backend(), options.readOnly());
        } catch (BackendException e) {
            throw new OperatorException(String.valueOf(e.getMessage()), e);
        }
        try {
            String serial = options.serial();
            BlkConfig config =
                    BlkConfig.named(SocketOptions.deviceName(options.source(), "disk"))
                            .withQueues(options.queues())
                            .withMaxQueueSize(options.queueSize())
                            .withSerial(serial == null ? "" : serial)
                            .withReadOnly(options.readOnly());
            device = BlkDevice.create(config, backend, registry);
        } catch (RuntimeException e) {
            backend.close();
            throw e;
        }
    }

    private BlkDevice disk() {
        return Objects.requireNonNull(device);
    }

    @Override
    public void attach(Engine engine) throws OperatorException {
        Attaching.attach(engine, disk(), options.source());
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
