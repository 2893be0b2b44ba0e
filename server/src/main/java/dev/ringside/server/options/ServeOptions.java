package dev.ringside.server.options;

import java.util.List;
import java.util.stream.Stream;

/**
 * What {@code ringside serve} was asked to serve; every value was checked by itself and against the
 * others.
 *
 * @param disks those of {@code [disk.NAME]}
 * @param nics those of {@code [nic.NAME]}
 * @param uplinks those of {@code [uplink.NAME]}
 * @param limitGroups those of {@code [limit-group.NAME]}
 * @param server what does not depend on what is served
 */
public record ServeOptions(
        List<BlkOptions> disks,
        List<NicOptions> nics,
        List<UplinkOptions> uplinks,
        List<LimitGroupOptions> limitGroups,
        ServerOptions server) {
    public ServeOptions {
        disks = List.copyOf(disks);
        nics = List.copyOf(nics);
        uplinks = List.copyOf(uplinks);
        limitGroups = List.copyOf(limitGroups);
    }

    /** All that is served, in the order in which it is opened. */
    public Stream<Record> parts() {
        return Stream.of(limitGroups, disks, nics, uplinks).flatMap(List::stream);
    }
}
