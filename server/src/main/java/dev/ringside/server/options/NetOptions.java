package dev.ringside.server.options;

import java.util.List;

/**
 * What {@code ringside net} was asked to serve; every value was checked by itself and against the
 * others.
 *
 * @param nics at least one; their names differ
 * @param uplinks ports of the host on switches
 * @param server what does not depend on what is served
 */
public record NetOptions(List<NicOptions> nics, List<UplinkOptions> uplinks, ServerOptions server) {
    public NetOptions {
        nics = List.copyOf(nics);
        uplinks = List.copyOf(uplinks);
    }
}
