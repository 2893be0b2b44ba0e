package dev.ringside.server.process;

import dev.ringside.server.options.OperatorException;
import dev.ringside.virtio.blk.limit.LimitGroup;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The limits that disks share, by name. Any thread. */
final class LimitGroups {
    private final Map<String, LimitGroup> groups = new ConcurrentHashMap<>();

    void add(String name, LimitGroup group) {
        groups.put(name, group);
    }

    void remove(String name) {
        groups.remove(name);
    }

    /** The group that a disk names. */
    LimitGroup get(String name) throws OperatorException {
        LimitGroup group = groups.get(name);
        if (group == null) {
            throw new OperatorException("there is no [limit-group." + name + "]");
        }
        return group;
    }
}
