package dev.ringside.server.engine;

import dev.ringside.shm.Fd;
import org.jspecify.annotations.Nullable;

/**
 * One device's sockets, frozen. Descriptors are those of the endpoint that was saved: whoever goes
 * on elsewhere gets duplicates.
 *
 * @param device the device's name
 * @param stateHex {@link dev.ringside.virtqueue.device.VirtioDevice#saveState}
 * @param listening the listening socket; null: there is none
 * @param socketFile the file of that socket, absolute, to be removed in the end; null: not ours
 * @param connection the front-end that is connected; null: none
 */
public record SavedEndpoint(
        String device,
        String stateHex,
        @Nullable Fd listening,
        @Nullable String socketFile,
        @Nullable SavedConnection connection) {}
