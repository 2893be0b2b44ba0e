package dev.ringside.server.process;

import dev.ringside.server.options.OperatorException;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Resource;
import dev.ringside.virtio.blk.limit.BlkLimits;
import dev.ringside.virtio.blk.limit.Limit;
import dev.ringside.virtio.blk.limit.LimitGroup;
import dev.ringside.virtio.blk.limit.LimitKind;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Limits that were changed while the process ran, on their way to the next process. */
final class LimitsMoved {
    private static final String NAME = "limits of ";

    private LimitsMoved() {}

    /** What the next process has to know; nothing when the limits are those of the options. */
    static List<Resource> give(String whose, BlkLimits now, BlkLimits byOptions) {
        if (now.equals(byOptions)) {
            return List.of();
        }
        Map<String, String> texts = new LinkedHashMap<>();
        now.limits().forEach((kind, limit) -> texts.put(kind.word(), limit.text()));
        return List.of(new Resource(NAME + whose, List.of(), texts));
    }

    /** Goes on with the limits of the process before, if they were changed there. */
    static void take(String whose, Inheritance inheritance, LimitGroup group)
            throws OperatorException {
        Resource moved = inheritance.take(NAME + whose);
        if (moved == null) {
            return;
        }
        Map<LimitKind, Limit> limits = new EnumMap<>(LimitKind.class);
        for (Map.Entry<String, String> entry : moved.details().entrySet()) {
            LimitKind kind = LimitKind.of(entry.getKey());
            if (kind == null) {
                throw new OperatorException(
                        whose + ": the process before has a limit " + entry.getKey());
            }
            limits.put(kind, Limit.parse(kind, entry.getKey(), entry.getValue()));
        }
        group.set(new BlkLimits(limits));
    }
}
