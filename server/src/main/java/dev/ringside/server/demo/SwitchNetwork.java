package dev.ringside.server.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A second, small VM at a switch of the same process: it works wherever the demo does. */
final class SwitchNetwork implements DemoNetwork {
    private static final int MEMORY_MIB = 384;
    private static final String PEER_MAC = "52:54:00:77:00:01";
    private static final int UP_PORT = 7001;
    private static final int DOWN_PORT = 7002;

    private static final String SCRIPT =
            """
            ip link set lo up
            ip address add 10.77.0.1/24 dev eth0
            ip link set eth0 up
            for i in 1 2 3 4 5 6 7 8; do
                dd if=/dev/urandom bs=1M count=%d 2>/dev/null
            done >/tmp/down
            sent=$(md5sum </tmp/down)
            socat TCP-LISTEN:%d,reuseaddr SYSTEM:'md5sum | cut -c1-32 | tee /tmp/up' &
            up=$!
            socat -u FILE:/tmp/down TCP-LISTEN:%d,reuseaddr &
            down=$!
            until [ "$(grep -c ' 0A ' /proc/net/tcp)" = 2 ]; do sleep 0.1; done
            say listening
            wait $up $down
            say digests "$(cat /tmp/up) ${sent%%%% *}"
            """
                    .formatted(DataServer.MIB / 8, UP_PORT, DOWN_PORT);

    private final GuestImage guest;
    private final Path work;
    private volatile @Nullable Qemu machine;
    private String[] digests = {};

    /** Nothing is started yet. */
    SwitchNetwork(final GuestImage guest, final Path work) {
        this.guest = guest;
        this.work = work;
    }

    @Override
    public String describe() {
        return "a switch in the server, with a second VM on it";
    }

    @Override
    public Path socket() {
        return work.resolve("nic.sock");
    }

    private Path peerSocket() {
        return work.resolve("peer.sock");
    }

    @Override
    public List<String> arguments() {
        return List.of(
                "--nic=" + socket() + ",switch=demo,mac=" + MAC,
                "--nic=" + peerSocket() + ",switch=demo,mac=" + PEER_MAC);
    }

    @Override
    public String connect() throws IOException, InterruptedException {
        final Path directory = Files.createDirectories(work.resolve("peer"));
        final Path initramfs =
                guest.writeInitramfs(
                        directory.resolve("initramfs"), SCRIPT, Set.of(GuestImage.Part.NET));
        final Qemu peer =
                Qemu.start(
                        QemuOptions.of(MEMORY_MIB, 1)
                                .booting(guest.kernel(), initramfs)
                                .nic(new QemuOptions.Nic(peerSocket(), 1, PEER_MAC, "", false)),
                        directory,
                        line -> {});
        machine = peer;
        peer.await("@listening");
        return "static " + GUEST_ADDRESS + " " + PEER_ADDRESS + " " + UP_PORT + " " + DOWN_PORT;
    }

    private String[] digests() throws IOException, InterruptedException {
        final Qemu peer = machine;
        if (peer == null) {
            throw new IOException("the network was never connected");
        }
        if (digests.length == 0) {
            digests = peer.await("@digests").split(" ", -1);
            peer.awaitPass();
        }
        return digests;
    }

    @Override
    public String receivedDigest() throws IOException, InterruptedException {
        return digests()[0];
    }

    @Override
    public String sentDigest() throws IOException, InterruptedException {
        return digests()[1];
    }

    @Override
    public void close() {
        final Qemu peer = machine;
        if (peer != null) {
            peer.close();
        }
    }
}
