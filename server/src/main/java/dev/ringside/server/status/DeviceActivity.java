package dev.ringside.server.status;

import dev.ringside.server.engine.DeviceStatus;
import java.util.List;

/**
 * What a device did since the process serves it, and how it is.
 *
 * @param status how it is
 * @param operations what it did, each kind that was seen
 * @param errors requests that failed
 * @param drops frames that did not pass
 * @param ringFill of each queue: chains that wait in the ring of a NIC's, and are in flight of a
 *     disk's
 */
public record DeviceActivity(
        DeviceStatus status,
        List<OperationActivity> operations,
        long errors,
        long drops,
        List<Long> ringFill) {
    /** Keeps lists of its own. */
    public DeviceActivity {
        operations = List.copyOf(operations);
        ringFill = List.copyOf(ringFill);
    }
}
