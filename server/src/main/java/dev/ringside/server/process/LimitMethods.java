package dev.ringside.server.process;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.ringside.server.control.Method;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.OperatorException;
import dev.ringside.virtio.blk.limit.BlkLimits;
import dev.ringside.virtio.blk.limit.Limit;
import dev.ringside.virtio.blk.limit.LimitGroup;
import dev.ringside.virtio.blk.limit.LimitKind;
import java.util.List;
import java.util.Map;

/** The methods about limits of disks and groups. Any thread. */
final class LimitMethods {
    private final Served served;

    private LimitMethods(ControlSocket.Context context) {
        served = context.served();
    }

    static List<Method<?>> of(ControlSocket.Context context) {
        LimitMethods methods = new LimitMethods(context);
        return List.of(
                Method.change(
                        "disk.limits",
                        Change.class,
                        "Changes what a disk, or a limit group, may do in a second.",
                        methods::change));
    }

    /**
     * What is to be otherwise.
     *
     * @param name of the disk or limit group
     * @param limits texts as of options, by kind: {@code iops}, {@code bps-write}; what is not
     *     there stays
     */
    record Change(
            @JsonProperty(required = true) String name,
            @JsonProperty(required = true) Map<String, String> limits) {}

    /**
     * What is in force.
     *
     * @param name the disk or limit group
     * @param limits texts by kind
     */
    record Limits(String name, Map<String, String> limits) {}

    private Limits change(Change wanted) throws RpcException, InterruptedException {
        return Changes.make(
                served,
                () -> {
                    LimitGroup group = Changes.part(served, wanted.name()).limits();
                    group.set(group.limits().with(parse(wanted.limits())));
                    return new Limits(wanted.name(), group.limits().texts());
                });
    }

    private static Map<LimitKind, Limit> parse(Map<String, String> texts) throws OperatorException {
        try {
            return BlkLimits.parse(texts);
        } catch (IllegalArgumentException e) {
            throw new OperatorException(String.valueOf(e.getMessage()), e);
        }
    }
}
