package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A libvirtd of the test's own, with {@code /run}, {@code /etc} and {@code /var} of its own and a
 * network namespace; for root only. It ends with all that it has started. One thread at a time.
 */
final class Libvirt implements AutoCloseable {
    private static final long LIMIT_NS = 60_000_000_000L;

    /** Its daemon and the programs that it runs are where root has them. */
    private static final String PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

    private static final String MOUNTS =
            """
            mount --make-rprivate /
            mkdir "$d/layers"
            mount -t tmpfs tmpfs "$d/layers"
            for folder in etc var; do
                mkdir "$d/layers/$folder" "$d/layers/$folder.work"
                mount -t overlay -o "lowerdir=/$folder,upperdir=$d/layers/$folder" \\
                    -o "workdir=$d/layers/$folder.work" overlay "/$folder"
            done
            mount -t tmpfs tmpfs /run
            mkdir -p /etc/libvirt /etc/ringside /run/ringside-vm1 /var/lib/ringside/vm1
            cat >/etc/libvirt/libvirtd.conf <<'END'
            auth_unix_rw = "none"
            unix_sock_group = "root"
            END
            # Looked for even where another user is named.
            grep -q ^libvirt-qemu: /etc/passwd || echo libvirt-qemu:x:64055:0::/: >>/etc/passwd
            grep -q ^libvirt-qemu: /etc/group || echo libvirt-qemu:x:64055: >>/etc/group
            grep -q ^kvm: /etc/group || echo kvm:x:64056: >>/etc/group
            # QEMU as root, without a security driver, cgroups, or a daemon for its output.
            cat >/etc/libvirt/qemu.conf <<'END'
            user = "root"
            group = "root"
            security_driver = "none"
            remember_owner = 0
            namespaces = []
            cgroup_controllers = []
            stdio_handler = "file"
            END
            """;

    private final Namespace host;
    private final Path log;
    private @Nullable Process daemon;

    private Libvirt(final Namespace host, final Path log) {
        this.host = host;
        this.log = log;
    }

    /** Starts it. */
    static Libvirt start(final Path directory) throws IOException, InterruptedException {
        final Namespace host = Namespace.createWithMounts(directory, MOUNTS);
        final Libvirt libvirt = new Libvirt(host, directory.resolve("libvirtd.log"));
        try {
            libvirt.startDaemon();
        } catch (final IOException | InterruptedException | RuntimeException e) {
            libvirt.close();
            throw e;
        }
        return libvirt;
    }

    private void startDaemon() throws IOException, InterruptedException {
        final Process started = host.start(log, "env", PATH, "libvirtd");
        daemon = started;
        final long deadline = System.nanoTime() + LIMIT_NS;
        while (host.attempt("[ -S /run/libvirt/libvirt-sock ]").status() != 0) {
            if (!started.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("libvirtd does not listen: " + messages());
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    /** Where it runs: the host's end of the VM's cables, and the files that its VMs see. */
    Namespace host() {
        return host;
    }

    /** Runs virsh, which must succeed, and gives back what it printed. */
    String virsh(final String... words) throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(List.of("env", PATH, "virsh", "--quiet"));
        command.addAll(List.of("--connect", "qemu:///system"));
        command.addAll(List.of(words));
        final var answer = host.attempt(String.join(" ", command));
        assertEquals(0, answer.status(), () -> answer.output() + "\n" + messages());
        return answer.output();
    }

    /** What it and its VMs' QEMUs printed. */
    String messages() {
        try {
            final String qemus = host.attempt("cat /var/log/libvirt/qemu/*.log").output();
            return Files.readString(log) + "\n" + qemus;
        } catch (final IOException e) {
            return "(its messages cannot be read: " + e + ")";
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    @Override
    public void close() {
        host.close();
        final Process running = daemon;
        if (running != null) {
            running.destroyForcibly().onExit().join();
        }
    }
}
