package dev.ringside.server.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a VM is made of, and the QEMU command line for it. Immutable.
 *
 * @param memoryMib size of the guest's memory
 * @param memoryBackend QEMU's object for that memory, without id, size and share
 * @param cpus virtual CPUs
 * @param kernel booted directly, with {@code initramfs}; null: SeaBIOS boots from the first disk
 * @param initramfs goes with {@code kernel}
 * @param disks the vhost-user-blk devices, in the order of the guest's names
 * @param nics the virtio-net devices, in the order of the guest's names
 * @param extra further arguments, at the end
 */
public record QemuOptions(
        int memoryMib,
        String memoryBackend,
        int cpus,
        @Nullable Path kernel,
        @Nullable Path initramfs,
        List<Disk> disks,
        List<Nic> nics,
        List<String> extra) {
    /** The program, looked up in PATH. */
    static final String PROGRAM = "qemu-system-x86_64";

    /**
     * What a directly booted kernel is told. Emulated on a busy machine, its timer may look broken
     * when it is only late: without {@code no_timer_check} the kernel panics then.
     */
    public static final String KERNEL_ARGUMENTS =
            "console=ttyS0 loglevel=3 panic=-1 no_timer_check";

    private static final int MAX_MEMORY_MIB = 16 * 1024;
    private static final int MEMORY_SLOTS = 4;
    private static final int NOTIFIED_PER_PAIR = 2;
    private static final int NOTIFIED_BESIDES = 2;

    /**
     * One vhost-user-blk device.
     *
     * @param socket where its back-end listens
     * @param properties of the device, such as {@code num-queues=1,event_idx=off}; may be empty
     * @param reconnects whether QEMU connects again after the back-end went away
     */
    public record Disk(Path socket, String properties, boolean reconnects) {}

    /**
     * One virtio-net device with a vhost-user back-end.
     *
     * @param socket where its back-end listens
     * @param queuePairs how many pairs of receiveq and transmitq the driver may use
     * @param mac its address, such as {@code 52:54:00:00:00:01}
     * @param properties of the device, such as {@code host_mtu=9000}; may be empty
     * @param reconnects whether QEMU connects again after the back-end went away
     */
    public record Nic(
            Path socket, int queuePairs, String mac, String properties, boolean reconnects) {}

    /** A VM of {@code memoryMib} and {@code cpus} with memory from a memfd and nothing attached. */
    public static QemuOptions of(final int memoryMib, final int cpus) {
        return new QemuOptions(
                memoryMib,
                "memory-backend-memfd",
                cpus,
                null,
                null,
                List.of(),
                List.of(),
                List.of());
    }

    /** The same VM with a kernel that is booted directly. */
    public QemuOptions booting(final Path newKernel, final Path newInitramfs) {
        return new QemuOptions(
                memoryMib, memoryBackend, cpus, newKernel, newInitramfs, disks, nics, extra);
    }

    /** The same VM with one disk more. */
    public QemuOptions disk(final Path socket, final String properties) {
        return withDisk(new Disk(socket, properties, false));
    }

    /** The same VM with one disk more, which QEMU connects again when its back-end comes back. */
    public QemuOptions reconnectingDisk(final Path socket, final String properties) {
        return withDisk(new Disk(socket, properties, true));
    }

    private QemuOptions withDisk(final Disk disk) {
        return new QemuOptions(
                memoryMib,
                memoryBackend,
                cpus,
                kernel,
                initramfs,
                appended(disks, List.of(disk)),
                nics,
                extra);
    }

    /** The same VM with one NIC more. */
    public QemuOptions nic(final Nic nic) {
        return new QemuOptions(
                memoryMib,
                memoryBackend,
                cpus,
                kernel,
                initramfs,
                disks,
                appended(nics, List.of(nic)),
                extra);
    }

    /** The same VM with more arguments at the end of QEMU's command line. */
    public QemuOptions with(final String... arguments) {
        return new QemuOptions(
                memoryMib,
                memoryBackend,
                cpus,
                kernel,
                initramfs,
                disks,
                nics,
                appended(extra, List.of(arguments)));
    }

    private static <T> List<T> appended(final List<T> all, final List<T> more) {
        final List<T> result = new ArrayList<>(all);
        result.addAll(more);
        return List.copyOf(result);
    }

    /** The same VM with its memory from another QEMU object, such as memory-backend-file. */
    public QemuOptions memoryFrom(final String newMemoryBackend) {
        return new QemuOptions(
                memoryMib, newMemoryBackend, cpus, kernel, initramfs, disks, nics, extra);
    }

    /** The command line; {@code qmp} is the socket that QEMU shall listen on for its protocol. */
    List<String> command(final Path qmp, final QemuVersion version) {
        final List<String> command = new ArrayList<>();
        command.add(PROGRAM);
        command.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none"));
        command.addAll(List.of("-M", "q35,memory-backend=mem"));
        command.addAll(accelerator(version));
        command.addAll(List.of("-smp", Integer.toString(cpus)));
        command.addAll(
                List.of(
                        "-m",
                        memoryMib + "M,slots=" + MEMORY_SLOTS + ",maxmem=" + MAX_MEMORY_MIB + "M"));
        command.addAll(
                List.of("-object", memoryBackend + ",id=mem,size=" + memoryMib + "M,share=on"));
        command.addAll(List.of("-chardev", "stdio,id=console,signal=off"));
        command.addAll(List.of("-serial", "chardev:console"));
        command.addAll(List.of("-qmp", "unix:" + qmp + ",server=on,wait=off"));
        if (kernel != null && initramfs != null) {
            command.addAll(List.of("-kernel", kernel.toString()));
            command.addAll(List.of("-initrd", initramfs.toString()));
            command.addAll(List.of("-append", KERNEL_ARGUMENTS));
        }
        for (int i = 0; i < disks.size(); i++) {
            command.addAll(diskArguments(i, disks.get(i), version));
        }
        for (int i = 0; i < nics.size(); i++) {
            command.addAll(nicArguments(i, nics.get(i), version));
        }
        command.addAll(extra);
        return List.copyOf(command);
    }

    private List<String> diskArguments(
            final int index, final Disk disk, final QemuVersion version) {
        final String comma = disk.properties().isEmpty() ? "" : ",";
        final String boot = kernel == null && index == 0 ? ",bootindex=0" : "";
        final String reconnect = disk.reconnects() ? "," + version.reconnectOption() : "";
        return List.of(
                "-chardev",
                "socket,id=disk" + index + ",path=" + disk.socket() + reconnect,
                "-device",
                "vhost-user-blk-pci,id=blk"
                        + index
                        + ",chardev=disk"
                        + index
                        + comma
                        + disk.properties()
                        + boot);
    }

    private List<String> nicArguments(final int index, final Nic nic, final QemuVersion version) {
        final String reconnect = nic.reconnects() ? "," + version.reconnectOption() : "";
        return List.of(
                "-chardev",
                "socket,id=nic" + index + ",path=" + nic.socket() + reconnect,
                "-netdev",
                "vhost-user,id=net" + index + ",chardev=nic" + index + queues(nic.queuePairs()),
                "-device",
                nicDevice(index, nic, hasKvm() || version.emulatesVectorsOfNics()));
    }

    private static String queues(final int queuePairs) {
        return queuePairs > 1 ? ",queues=" + queuePairs : "";
    }

    private String nicDevice(final int index, final Nic nic, final boolean vectors) {
        final StringBuilder device = new StringBuilder("virtio-net-pci,id=vnic").append(index);
        device.append(",netdev=net").append(index).append(",mac=").append(nic.mac());
        if (nic.queuePairs() > 1) {
            device.append(",mq=on");
        }
        // One vector for each queue, one for the control queue and one for the configuration.
        final int needed = NOTIFIED_PER_PAIR * nic.queuePairs() + NOTIFIED_BESIDES;
        device.append(",vectors=").append(vectors ? needed : 0);
        if (kernel != null) {
            // A kernel that is booted directly needs no firmware for booting from the network.
            device.append(",romfile=");
        }
        if (!nic.properties().isEmpty()) {
            device.append(',').append(nic.properties());
        }
        return device.toString();
    }

    /** KVM only where the CPU really has it: without VMX or SVM /dev/kvm may open and yet crawl. */
    static boolean hasKvm() {
        final Path kvm = Path.of("/dev/kvm");
        if (!Files.isReadable(kvm) || !Files.isWritable(kvm)) {
            return false;
        }
        try (var cpuinfo = Files.lines(Path.of("/proc/cpuinfo"))) {
            return cpuinfo.anyMatch(line -> line.matches("flags\\s*:.*\\b(vmx|svm)\\b.*"));
        } catch (final java.io.IOException e) {
            return false;
        }
    }

    private static List<String> accelerator(final QemuVersion version) {
        final String tcg = "tcg,thread=" + (version.emulatesCpusInParallel() ? "multi" : "single");
        return hasKvm()
                ? List.of("-accel", "kvm", "-accel", tcg, "-cpu", "max")
                : List.of("-accel", tcg, "-cpu", "Nehalem");
    }
}
