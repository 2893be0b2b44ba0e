package dev.ringside.server.process;

import dev.ringside.server.options.OperatorException;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Resource;
import dev.ringside.virtio.blk.limit.BlkLimits;
import dev.ringside.virtio.blk.limit.LimitGroup;
import java.util.List;

/** Limits that were changed while the process ran, on their way to the next process. */
final class LimitsMoved {
    private static final String NAME = "limits of ";

    private LimitsMoved() {}

    /** What the next process has to know; nothing when the limits are those of the options. */
    static List<Resource> give(String whose, BlkLimits now, BlkLimits byOptions) {
        if (now.equals(byOptions)) {
            return List.of();
        }
        return List.of(new Resource(NAME + whose, List.of(), now.texts()));
    }

    /** Goes on with the limits of the process before, if they were changed there. */
    static void take(String whose, Inheritance inheritance, LimitGroup group)
            throws OperatorException {
        Resource moved = inheritance.take(NAME + whose);
        if (moved == null) {
            return;
        }
        try {
            group.set(new BlkLimits(BlkLimits.parse(moved.details())));
        } catch (IllegalArgumentException e) {
            throw new OperatorException(
                    whose + ": what the process before has cannot be: " + e.getMessage(), e);
        }
    }
}
