package dev.ringside.server.demo;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** What the demo says. Any thread. */
final class DemoReport {
    private static final String[] GUEST_WORDS = {"@note "};

    private final PrintStream out;

    DemoReport(final PrintStream out) {
        this.out = out;
    }

    /** A line about what the host did. */
    void host(final String what, final String text) {
        out.printf(Locale.ROOT, "  %-10s %s%n", what, text);
        out.flush();
    }

    /** A heading. */
    void heading(final String text) {
        out.println(text);
        out.flush();
    }

    /** A console line of the guest: only what it says for people is passed on. */
    void guestLine(final String line) {
        for (final String word : GUEST_WORDS) {
            if (line.startsWith(word)) {
                host("guest", line.substring(word.length()));
            }
        }
    }

    /** Lines as they are, indented. */
    void block(final List<String> lines) {
        lines.forEach(line -> out.println("    " + line));
        out.flush();
    }

    /** How to do the same with a VM of one's own. */
    void ownMachine(
            final String image,
            final String socket,
            final String nicSocket,
            final boolean served,
            final QemuVersion version) {
        heading("");
        heading(
                served
                        ? "Both are served until Ctrl-C. Attach them to a VM of your own:"
                        : "With a VM of your own:");
        if (!served) {
            block(
                    List.of(
                            "bin/ringside blk --socket-path="
                                    + socket
                                    + " --blk-file="
                                    + image
                                    + " --metrics-port=9101 &",
                            "bin/ringside net --socket-path="
                                    + nicSocket
                                    + " --tap=tap0 --metrics-port=9102 &"));
            heading("  and then, with QEMU:");
        } else {
            heading("  QEMU:");
        }
        block(
                List.of(
                        "qemu-system-x86_64 -accel kvm -cpu host -m 2G \\",
                        "  -object memory-backend-memfd,id=mem,size=2G,share=on \\",
                        "  -M q35,memory-backend=mem \\",
                        "  -chardev socket,id=disk0,path="
                                + socket
                                + ","
                                + version.reconnectOption()
                                + " \\",
                        "  -device vhost-user-blk-pci,chardev=disk0,num-queues=1 \\",
                        "  -chardev socket,id=nic0,path="
                                + nicSocket
                                + ","
                                + version.reconnectOption()
                                + " \\",
                        "  -netdev vhost-user,id=net0,chardev=nic0 \\",
                        "  -device virtio-net-pci,netdev=net0 ..."));
        heading("  or with cloud-hypervisor:");
        block(
                List.of(
                        "cloud-hypervisor --cpus boot=2 --memory size=2G,shared=on \\",
                        "  --disk vhost_user=true,socket=" + socket + ",num_queues=1 \\",
                        "  --net vhost_user=true,socket=" + nicSocket + ",num_queues=2 ..."));
    }
}
