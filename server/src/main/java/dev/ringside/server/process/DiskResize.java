package dev.ringside.server.process;

import dev.ringside.server.engine.DeviceStatus;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.options.OperatorException;
import dev.ringside.virtio.blk.BlkDevice;
import dev.ringside.virtio.blk.backend.BackendException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Gives a disk that is being used another size. */
final class DiskResize {
    /** What is under way may take so long before the disk is made smaller. */
    private static final long DRAIN_MS = 5_000;

    private final Engine engine;
    private final BlkDevice disk;
    private final String title;

    DiskResize(Engine engine, BlkDevice disk, String title) {
        this.engine = engine;
        this.disk = disk;
        this.title = title;
    }

    /** See {@link Part#resize}. */
    long to(@Nullable Long bytes, boolean shrink) throws OperatorException, InterruptedException {
        try {
            if (bytes == null) {
                boolean unused = disk.refresh();
            } else if (bytes >= disk.capacityBytes()) {
                disk.resize(bytes);
            } else if (shrink) {
                cut(bytes);
            } else {
                throw new OperatorException(
                        title
                                + " would become smaller, from "
                                + disk.capacityBytes()
                                + " bytes to "
                                + bytes
                                + ", and what is behind the new end would be lost: allow that with"
                                + " shrink (--shrink), once the guest has made its file system"
                                + " smaller");
            }
            return disk.capacityBytes();
        } catch (IOException e) {
            throw new OperatorException(String.valueOf(e.getMessage()), e);
        }
    }

    /** While nothing is under way: a write behind the new end would make the image longer again. */
    private void cut(long bytes) throws IOException, OperatorException, InterruptedException {
        boolean pausedBefore =
                engine.status().stream()
                        .filter(status -> status.device().equals(disk.name()))
                        .anyMatch(DeviceStatus::paused);
        try {
            if (!Changes.await(engine.pause(disk.name(), true), DRAIN_MS)) {
                throw new BackendException(
                        title
                                + " is as it was: requests that are under way do not end, so it"
                                + " cannot be made smaller now");
            }
            disk.resize(bytes);
        } finally {
            if (!pausedBefore) {
                CompletableFuture<Boolean> unused = engine.pause(disk.name(), false);
            }
        }
    }
}
