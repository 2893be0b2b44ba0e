package dev.ringside.virtio.net.port.tap;

import dev.ringside.virtio.net.port.PortUri;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which interface a {@link TapPort} is on, and how it shall be. {@code null}: as it is.
 *
 * @param macvtap a macvtap interface, not a TAP
 * @param name the interface's; empty for {@code fds}
 * @param fds descriptors that were inherited, one of each queue; empty for a name
 * @param queues how many queues to open, 1 to 256; those of {@code fds} are as many as these
 * @param persistent whether it stays when it is closed
 * @param up whether to set it up or down; {@code null}: up when it is made here
 * @param mtu largest IP packet to set, bytes; 0: as it is
 * @param mac the interface's MAC address to set: of a macvtap interface the guest's
 * @param vnetHeader whether checksums and large segments may pass undone
 * @param sendBufferBytes what the host may hold of what the guest sent; 0: without limit
 * @param namespace the network namespace it is in, as {@code ip netns} knows it, or a path
 */
record TapOptions(
        boolean macvtap,
        String name,
        List<Integer> fds,
        int queues,
        @Nullable Boolean persistent,
        @Nullable Boolean up,
        int mtu,
        @Nullable String mac,
        boolean vnetHeader,
        int sendBufferBytes,
        @Nullable String namespace) {
    private static final int MAX_QUEUES = 256;
    private static final int MIN_MTU = 68;
    private static final int MAX_MTU = 65535;
    private static final String FD = "fd=";

    TapOptions {
        fds = List.copyOf(fds);
    }

    /**
     * Reads {@code tap:NAME[,KEY=VALUE]...}, {@code tap:fd=N[:N]...} or {@code macvtap:NAME...}.
     *
     * @throws IllegalArgumentException that names the option and what it may be
     */
    static TapOptions of(PortUri uri) {
        boolean macvtap = uri.scheme().equals("macvtap");
        boolean byFd = !macvtap && uri.name().startsWith(FD);
        if (macvtap) {
            uri.allowOnly("queues", "up", "mtu", "mac", "vnet");
        } else if (byFd) {
            uri.allowOnly("sndbuf");
        } else {
            uri.allowOnly("queues", "persist", "up", "mtu", "mac", "vnet", "sndbuf", "netns");
        }
        String name = uri.requireName("INTERFACE");
        List<Integer> fds = byFd ? descriptors(name) : List.of();
        return new TapOptions(
                macvtap,
                byFd ? "" : name,
                fds,
                byFd ? fds.size() : uri.intNumber("queues", 1, 1, MAX_QUEUES),
                flag(uri, "persist"),
                flag(uri, "up"),
                uri.intNumber("mtu", 0, MIN_MTU, MAX_MTU),
                mac(uri),
                uri.flag("vnet", true),
                uri.intNumber("sndbuf", 0, 1, Integer.MAX_VALUE),
                uri.value("netns"));
    }

    private static List<Integer> descriptors(String name) {
        List<Integer> fds = new ArrayList<>();
        for (String part : name.substring(FD.length()).split(":", -1)) {
            try {
                fds.add(Integer.parseUnsignedInt(part));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(
                        "tap: " + name + ": must be descriptors' numbers, as fd=3 or fd=3:4", e);
            }
        }
        return fds;
    }

    private static @Nullable Boolean flag(PortUri uri, String key) {
        return uri.value(key) == null ? null : uri.flag(key, false);
    }

    private static @Nullable String mac(PortUri uri) {
        String text = uri.value("mac");
        if (text != null && !text.matches("([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}")) {
            throw uri.refused("mac", text, "must be six bytes, as 02:00:00:00:00:01");
        }
        return text;
    }

    /** The bytes of a text that {@link #mac} may be. */
    static byte[] macBytes(String mac) {
        return HexFormat.ofDelimiter(":").parseHex(mac);
    }
}
