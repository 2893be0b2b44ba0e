package dev.ringside.server.process;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.ringside.server.control.Method;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.engine.DeviceStatus;
import dev.ringside.server.engine.Engine;
import dev.ringside.virtqueue.RingView;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** The methods about devices of either kind. Any thread. */
final class DeviceMethods {
    /** What a device has under way may take so long; longer is told. */
    private static final long DRAIN_MS = 5_000;

    private static final int DEFAULT_ENTRIES = 16;

    private final Engine engine;
    private final Served served;
    private final Statistics statistics;

    private DeviceMethods(ControlSocket.Context context) {
        engine = context.engine();
        served = context.served();
        statistics = new Statistics(context.metrics());
    }

    static List<Method<?>> of(ControlSocket.Context context) {
        DeviceMethods methods = new DeviceMethods(context);
        return List.of(
                Method.read(
                        "device.list",
                        Method.None.class,
                        "How every device is.",
                        none -> methods.engine.status()),
                Method.read("device.show", Name.class, "How one device is.", methods::show),
                Method.read(
                        "device.stats",
                        Chosen.class,
                        "What was counted and measured of one device, or of all.",
                        methods::stats),
                Method.read(
                        "device.ring",
                        Ring.class,
                        "What stands in the ring of a queue, and where the device is in it.",
                        methods::ring),
                Method.change(
                        "device.pause",
                        Name.class,
                        "Has a device take nothing more from its queues.",
                        name -> methods.pause(name, true)),
                Method.change(
                        "device.resume",
                        Name.class,
                        "Has a paused device go on.",
                        name -> methods.pause(name, false)),
                Method.change(
                        "disk.resize",
                        Resize.class,
                        "Gives a disk another size, which its guest sees at once.",
                        methods::resize));
    }

    /**
     * Names a device.
     *
     * @param name of a disk or NIC
     */
    record Name(@JsonProperty(required = true) String name) {}

    /**
     * Names a device, or none.
     *
     * @param name of a disk or NIC; null: all
     */
    record Chosen(@Nullable String name) {}

    /**
     * Names a ring.
     *
     * @param name of a disk or NIC
     * @param queue which of its queues
     * @param entries the most entries to show; null: 16
     */
    record Ring(
            @JsonProperty(required = true) String name,
            @JsonProperty(required = true) int queue,
            @Nullable Integer entries) {}

    /**
     * What a disk is to become.
     *
     * @param name of the disk
     * @param bytes its size; null: that of its image, which somebody else has changed
     * @param shrink whether it may become smaller
     */
    record Resize(
            @JsonProperty(required = true) String name, @Nullable Long bytes, boolean shrink) {}

    /**
     * How a device was left.
     *
     * @param name the device
     * @param paused whether it takes nothing
     * @param drained whether everything it took before is answered
     */
    record Paused(String name, boolean paused, boolean drained) {}

    /**
     * How a disk was left.
     *
     * @param name the disk
     * @param bytes its size now
     */
    record Resized(String name, long bytes) {}

    private DeviceStatus show(Name wanted) throws RpcException, InterruptedException {
        List<DeviceStatus> devices = engine.status();
        for (DeviceStatus device : devices) {
            if (device.device().equals(wanted.name())) {
                return device;
            }
        }
        throw RpcException.refused(
                "there is no device "
                        + wanted.name()
                        + ": there are "
                        + String.join(", ", devices.stream().map(DeviceStatus::device).toList()));
    }

    private List<Statistics.Device> stats(Chosen wanted) throws RpcException, InterruptedException {
        String name = wanted.name();
        List<DeviceStatus> devices = name == null ? engine.status() : List.of(show(new Name(name)));
        return statistics.of(devices);
    }

    private RingView ring(Ring wanted) throws RpcException, InterruptedException {
        DeviceStatus device = show(new Name(wanted.name()));
        int queues = device.queues().size();
        if (wanted.queue() < 0 || wanted.queue() >= queues) {
            throw RpcException.refused(
                    wanted.name()
                            + " has no queue "
                            + wanted.queue()
                            + ": they are 0 to "
                            + (queues - 1));
        }
        Integer entries = wanted.entries();
        int most = entries == null ? DEFAULT_ENTRIES : entries;
        if (most < 1 || most > RingView.MAX_ENTRIES) {
            throw RpcException.refused(
                    most + " entries cannot be shown: 1 to " + RingView.MAX_ENTRIES + " can");
        }
        RingView view = view(wanted, most);
        if (view == null) {
            throw RpcException.refused(
                    "queue " + wanted.queue() + " of " + wanted.name() + " is not started");
        }
        return view;
    }

    private @Nullable RingView view(Ring wanted, int entries)
            throws RpcException, InterruptedException {
        try {
            CompletableFuture<@Nullable RingView> seen =
                    engine.view(wanted.name(), wanted.queue(), entries);
            return seen.get();
        } catch (IOException | ExecutionException e) {
            throw RpcException.refused(String.valueOf(e.getMessage()));
        }
    }

    private Paused pause(Name wanted, boolean paused) throws RpcException, InterruptedException {
        show(wanted);
        return Changes.make(
                served,
                () -> {
                    boolean drained = Changes.await(engine.pause(wanted.name(), paused), DRAIN_MS);
                    return new Paused(wanted.name(), paused, paused && drained);
                });
    }

    private Resized resize(Resize wanted) throws RpcException, InterruptedException {
        return Changes.make(
                served,
                () ->
                        new Resized(
                                wanted.name(),
                                Changes.part(served, wanted.name())
                                        .resize(engine, wanted.bytes(), wanted.shrink())));
    }
}
