package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.demo.QemuOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A machine that boots from the network: iPXE's driver first, then the kernel's. */
final class NetworkBootIT extends NicTest {
    private static final String ADDRESS = "10.0.0.77";
    private static final int MEMORY_MIB = 512;

    @SuppressWarnings("NullAway.Init")
    private Namespace host;

    @SuppressWarnings("NullAway.Init")
    private NicServer server;

    @SuppressWarnings("NullAway.Init")
    private Path files;

    @Override
    void setUp() throws Exception {
        host = namespace();
        server =
                serve(
                        BackEnd.isPeer()
                                ? NetSpec.of(NetSpec.Nic.onTap("tap0"))
                                : NetSpec.of(NetSpec.Nic.onSwitch("lan", ""))
                                        .uplink("tap0", "lan", ""),
                        host);
        host.run("ip address add 10.0.0.1/24 dev tap0; ip link set tap0 up");
        files = Files.createDirectory(path("files"));
    }

    @Test
    void shouldBootWhenIpxeGetsAnAddressAndTheKernelThroughTheNic() throws Exception {
        Files.copy(image().vmlinuz(), files.resolve("kernel"));
        image().writeInitramfs(
                        files.resolve("initrd"),
                        """
                        say address "$(cat /sys/class/net/eth0/address)"
                        ip() { busybox ip "$@"; }
                        ip link set eth0 up
                        printf '#!/bin/sh\\n[ "$1" != bound ] || echo "@lease $ip"\\n' >/tmp/script
                        chmod 755 /tmp/script
                        busybox udhcpc -i eth0 -n -q -s /tmp/script
                        """,
                        Set.of());
        Files.writeString(
                files.resolve("boot.ipxe"),
                """
                #!ipxe
                kernel http://10.0.0.1/kernel %s initrd=initrd
                initrd http://10.0.0.1/initrd
                boot
                """
                        .formatted(QemuOptions.KERNEL_ARGUMENTS));
        startServices();

        final NetGuest guest =
                start(
                        server.attach(QemuOptions.of(MEMORY_MIB, 1), 0, "bootindex=0")
                                // The firmware and iPXE write to the serial port then.
                                .with("-machine", "graphics=off"),
                        server);

        assertEquals(NetSpec.mac(0), guest.machine().await("@address"));
        assertEquals(ADDRESS, guest.machine().await("@lease"));
        guest.machine().awaitPass();
        final String leases = Files.readString(path("leases"));
        assertTrue(leases.contains(NetSpec.mac(0) + " " + ADDRESS), leases);
        assertTrue(Files.readString(path("dnsmasq.log")).contains("sent " + files), "TFTP");
    }

    /** DHCP and TFTP for iPXE's script, HTTP for what is large. */
    private void startServices() throws Exception {
        host.start(
                path("dnsmasq.log"),
                "dnsmasq",
                "--no-daemon",
                "--conf-file=/dev/null",
                "--port=0",
                "--log-dhcp",
                "--interface=tap0",
                "--dhcp-range=" + ADDRESS + "," + ADDRESS,
                "--dhcp-boot=boot.ipxe",
                "--dhcp-leasefile=" + path("leases"),
                "--enable-tftp",
                "--tftp-root=" + files);
        host.start(path("httpd.log"), "busybox", "httpd", "-f", "-p", "80", "-h", files.toString());
    }
}
