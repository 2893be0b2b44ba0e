package dev.ringside.server.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code ringside net} was asked to serve; every value was checked by itself and against the
 * others.
 *
 * @param nics at least one; their names differ
 * @param uplinks ports of the host on switches
 * @param threads the polling threads
 * @param metrics where /metrics is served; null: nowhere
 */
record NetOptions(
        List<NicOptions> nics,
        List<UplinkOptions> uplinks,
        ThreadOptions threads,
        @Nullable MetricsAddress metrics) {
    NetOptions {
        nics = List.copyOf(nics);
        uplinks = List.copyOf(uplinks);
    }
}
