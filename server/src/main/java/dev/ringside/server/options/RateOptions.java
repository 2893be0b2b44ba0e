package dev.ringside.server.options;

import dev.ringside.virtio.blk.limit.BlkLimits;
import dev.ringside.virtio.blk.limit.Limit;
import dev.ringside.virtio.blk.limit.LimitKind;
import java.util.EnumMap;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** How much a disk, or a group of disks, may do in a second. */
public final class RateOptions {
    private RateOptions() {}

    /** The options, one of each kind. */
    public static void add(CommandSpec spec) {
        for (LimitKind kind : LimitKind.values()) {
            String what =
                    switch (kind) {
                        case IOPS -> "Requests per second";
                        case IOPS_READ -> "Reads per second";
                        case IOPS_WRITE -> "Writes, discards and zeroings per second";
                        case BPS -> "Bytes per second";
                        case BPS_READ -> "Bytes read per second";
                        case BPS_WRITE -> "Bytes written per second";
                    };
            ServeSyntax.text(
                    spec,
                    option(kind),
                    "N[,burst=N]",
                    what + (kind.bytes() ? ": 100M, for example." : ": 20k, for example."));
        }
    }

    private static String option(LimitKind kind) {
        return "--" + kind.word();
    }

    static BlkLimits parse(Given given) throws OperatorException {
        Map<LimitKind, Limit> limits = new EnumMap<>(LimitKind.class);
        for (LimitKind kind : LimitKind.values()) {
            String text = given.text(option(kind));
            if (text != null) {
                try {
                    limits.put(kind, Limit.parse(kind, given.name(option(kind)), text));
                } catch (IllegalArgumentException e) {
                    throw new OperatorException(String.valueOf(e.getMessage()), e);
                }
            }
        }
        return new BlkLimits(limits);
    }
}
