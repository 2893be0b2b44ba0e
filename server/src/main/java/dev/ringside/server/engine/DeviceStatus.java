package dev.ringside.server.engine;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.MemoryRegion;
import dev.ringside.vhostuser.RingState;
import dev.ringside.vhostuser.VhostUserSession;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One device at a moment, for people.
 *
 * @param device its name
 * @param kind {@code disk} or {@code nic}
 * @param socket where its front-end comes from
 * @param connected whether a front-end is there
 * @param accepting whether front-ends that come are accepted
 * @param paused whether the operator has it take nothing from its queues
 * @param attributes what is particular to its kind, such as {@code capacity} or {@code link}
 * @param features what was negotiated, in hexadecimal
 * @param memoryRegions of the guest, that are mapped
 * @param memoryBytes in all of them
 * @param queues every queue that the device has
 */
public record DeviceStatus(
        String device,
        String kind,
        String socket,
        boolean connected,
        boolean accepting,
        boolean paused,
        Map<String, String> attributes,
        String features,
        int memoryRegions,
        long memoryBytes,
        List<QueueStatus> queues) {
    private static final int BLOCK_DEVICE = 2;

    /** Keeps a list of its own; attributes stay in their order. */
    public DeviceStatus {
        queues = List.copyOf(queues);
    }

    /** Conductor thread: how it is now. */
    static DeviceStatus of(Endpoint endpoint, @Nullable VhostUserSession session) {
        final VirtioDevice device = endpoint.device();
        final GuestMemory memory = session == null ? GuestMemory.empty() : session.memory();
        final long features = session == null ? 0 : session.negotiatedFeatures();
        final boolean packed = (features & VirtioSpec.VIRTIO_F_RING_PACKED) != 0;
        final List<RingState> rings = session == null ? List.of() : session.rings();
        final List<QueueStatus> queues = new ArrayList<>();
        for (int i = 0; i < device.queueCount(); i++) {
            final RingState ring =
                    session == null
                            ? new RingState(i, 0, false, false, false, false)
                            : rings.get(i);
            queues.add(
                    endpoint.stats()
                            .status(ring, packed, endpoint.paused(), endpoint.shard(i).index()));
        }
        return new DeviceStatus(
                device.name(),
                device.deviceId() == BLOCK_DEVICE ? "disk" : "nic",
                endpoint.description(),
                session != null,
                endpoint.operator().accepting(),
                endpoint.paused(),
                device.attributes(),
                Long.toHexString(features),
                memory.regions().size(),
                memory.regions().stream().mapToLong(MemoryRegion::sizeBytes).sum(),
                queues);
    }
}
