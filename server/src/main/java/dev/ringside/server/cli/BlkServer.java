package dev.ringside.server.cli;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.cli.BlkOptions.MetricsAddress;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.EngineConfig;
import dev.ringside.shm.Errno;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.SdNotify;
import dev.ringside.virtio.blk.BlkConfig;
import dev.ringside.virtio.blk.BlkDevice;
import dev.ringside.virtio.blk.backend.BackendException;
import dev.ringside.virtio.blk.backend.BlockBackend;
import dev.ringside.virtio.blk.backend.BlockBackends;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/**
 * One disk being served: puts the parts together in the order that leaves nothing behind when one
 * fails (the socket comes last), and takes them apart again. Confined to the main thread.
 */
final class BlkServer implements AutoCloseable {
    /** Leaves the rest of the second that SIGTERM may take to the JVM. */
    private static final long DRAIN_MS = 800;

    private final MetricsRegistry registry = new MetricsRegistry();
    private @Nullable MetricsServer metrics;
    private @Nullable BlkDevice device;
    private @Nullable Engine engine;
    private boolean drained = true;

    private BlkServer() {}

    /**
     * Serves until a signal comes or the last front-end has gone for good.
     *
     * @return the exit status
     * @throws OperatorException when it cannot be started; nothing is left behind then
     */
    static int run(BlkOptions options, PrintStream err)
            throws OperatorException, InterruptedException {
        StopSignal stop = StopSignal.install();
        try (var server = new BlkServer()) {
            Engine engine = server.start(options, err);
            String signal = stop.await(engine);
            return server.stop(engine, signal, err);
        }
    }

    private Engine start(BlkOptions options, PrintStream err) throws OperatorException {
        MetricsAddress address = options.metrics();
        MetricsServer endpoint = address == null ? null : MetricsServer.start(address, registry);
        metrics = endpoint;
        BlkDevice disk = openDisk(options);
        device = disk;
        Engine started = startEngine(options);
        engine = started;
        attach(started, disk, options);
        if (endpoint != null) {
            endpoint.serving(started);
        }
        for (String note : ReadyLine.notes(options, disk.describe())) {
            err.println("ringside: note: " + Text.oneLine(note));
        }
        String url = endpoint == null ? null : endpoint.url();
        err.println(
                "ringside: ready: "
                        + Text.oneLine(ReadyLine.text(options, disk.name(), disk.describe(), url)));
        err.flush();
        boolean unused = SdNotify.notify("READY=1");
        return started;
    }

    private BlkDevice openDisk(BlkOptions options) throws OperatorException {
        BlockBackend backend;
        try {
            backend = BlockBackends.open(options.backend(), options.readOnly());
        } catch (BackendException e) {
            throw new OperatorException(String.valueOf(e.getMessage()), e);
        }
        try {
            String serial = options.serial();
            BlkConfig config =
                    BlkConfig.named(ReadyLine.deviceName(options.source()))
                            .withQueues(options.queues())
                            .withMaxQueueSize(options.queueSize())
                            .withSerial(serial == null ? "" : serial)
                            .withReadOnly(options.readOnly());
            return BlkDevice.create(config, backend, registry);
        } catch (RuntimeException e) {
            backend.close();
            throw e;
        }
    }

    private Engine startEngine(BlkOptions options) throws OperatorException {
        EngineConfig config =
                EngineConfig.of(options.shards(), options.idle())
                        .withCpus(options.cpus())
                        .withMaxSpinNs(options.spinUs() * 1_000L);
        try {
            return Engine.start(config, registry);
        } catch (IOException e) {
            throw new OperatorException("the threads cannot start: " + e.getMessage(), e);
        }
    }

    private static void attach(Engine engine, BlkDevice device, BlkOptions options)
            throws OperatorException {
        try {
            engine.attach(device, options.source());
        } catch (LinuxException e) {
            String way =
                    e.errno() == Errno.EACCES
                            ? ": choose a directory that this user may write to"
                            : "";
            throw new OperatorException(named(options, e) + way, e);
        } catch (FileSystemException e) {
            throw new OperatorException(
                    "the socket file "
                            + e.getFile()
                            + " cannot get its mode or owner: "
                            + e.getReason()
                            + ": give a --socket-mode and --socket-owner that this user may set",
                    e);
        } catch (IOException e) {
            throw new OperatorException(named(options, e), e);
        }
    }

    /** The message, which names the socket if it does not yet. */
    private static String named(BlkOptions options, IOException e) {
        String message = String.valueOf(e.getMessage());
        String socket = options.source().description();
        return message.contains(socket) ? message : "socket " + socket + ": " + message;
    }

    private int stop(Engine engine, @Nullable String signal, PrintStream err)
            throws InterruptedException {
        boolean unused = SdNotify.notify("STOPPING=1");
        drained = engine.shutdown(DRAIN_MS);
        if (!drained) {
            err.println(
                    "ringside: warning: "
                            + signal
                            + ": host I/O did not finish within "
                            + DRAIN_MS
                            + " ms; what the guest had no answer for is lost");
            return ExitCode.FAILED;
        }
        err.println(
                "ringside: stopped: "
                        + (signal == null ? "the front-end hung up" : signal)
                        + ", every request taken was answered");
        return ExitCode.OK;
    }

    @Override
    public void close() {
        // With host I/O still under way neither its memory nor its files may go away: the kernel
        // takes them back when the process ends, in the right order.
        if (engine != null && drained) {
            engine.close();
        }
        if (device != null && drained) {
            device.close();
        }
        if (metrics != null) {
            metrics.close();
        }
    }
}
