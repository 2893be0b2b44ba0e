package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** How the queues of TAP and macvtap interfaces are opened and asked about. */
final class TapSetup {
    static final Path NET_CLASS = Path.of("/sys/class/net");
    private static final int ACCESS = FileSpec.O_RDWR | FileSpec.O_NONBLOCK | FileSpec.O_CLOEXEC;
    private static final int FLAGS = TunSpec.IFF_TAP | TunSpec.IFF_NO_PI;

    private TapSetup() {}

    /** A queue's flags and the name of its interface (TUNGETIFF). */
    record State(String name, int flags) {}

    /** The flags that TUNSETIFF shall set. */
    static int flags(boolean vnetHeader, boolean multiQueue) {
        return FLAGS
                | (vnetHeader ? TunSpec.IFF_VNET_HDR : 0)
                | (multiQueue ? TunSpec.IFF_MULTI_QUEUE : 0);
    }

    static Fd openControl() throws LinuxException {
        int number = FileCalls.open(TunSpec.CONTROL_DEVICE, ACCESS);
        if (number < 0) {
            String hint =
                    switch (-number) {
                        case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
                                "the kernel's tun driver is not there: modprobe tun";
                        case Errno.EACCES, Errno.EPERM ->
                                "let this user read and write it: it is mode 0666 by default";
                        default -> "";
                    };
            throw new LinuxException("open " + TunSpec.CONTROL_DEVICE, -number, hint);
        }
        return Fd.adopt(number);
    }

    /** TUNSETIFF. The caller may try other flags when it fails. */
    static int setInterface(Fd fd, String name, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = NetInterface.request(arena, name);
            request.set(JAVA_SHORT, NetSpec.IFREQ_FLAGS, (short) flags);
            return FileCalls.ioctl(fd.number(), TunSpec.TUNSETIFF, request.address());
        }
    }

    static LinuxException refused(String name, int flags, int errno) {
        boolean many = (flags & TunSpec.IFF_MULTI_QUEUE) != 0;
        String make = "ip tuntap add dev " + name + " mode tap user USER multi_queue";
        String hint =
                switch (errno) {
                    case Errno.EPERM ->
                            "it needs CAP_NET_ADMIN to make it; or make it for this user before: "
                                    + make;
                    case Errno.EBUSY -> "another process has it; stop that one or take another";
                    case Errno.E2BIG -> "it has no more queues; use fewer";
                    case Errno.EINVAL ->
                            many
                                    ? "it is there, but no tap with several queues; make it by: "
                                            + make
                                    : "it is there, but no tap; take another name";
                    default -> "";
                };
        return new LinuxException("tap " + name + ": TUNSETIFF", errno, hint);
    }

    /**
     * What a descriptor is.
     *
     * @throws LinuxException EBADFD or ENOTTY when it is no queue of an interface
     */
    static State state(Fd fd) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(NetSpec.IFREQ_SIZE, Long.BYTES);
            int result = FileCalls.ioctl(fd.number(), TunSpec.TUNGETIFF, request.address());
            if (result < 0) {
                throw new LinuxException(
                        "adopt tap " + fd + ": TUNGETIFF",
                        -result,
                        "it is no descriptor of a tap or macvtap interface");
            }
            int flags = request.get(JAVA_SHORT, NetSpec.IFREQ_FLAGS) & 0xffff;
            return new State(NetInterface.nameIn(request), flags);
        }
    }

    /** An ioctl that reads an int through its argument: TUNSETVNETHDRSZ and its like. */
    static int setNumber(Fd fd, long request, int value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocateFrom(JAVA_INT, value);
            return FileCalls.ioctl(fd.number(), request, number.address());
        }
    }

    /** Whether the namespace that /sys shows has a macvtap interface of that name. */
    static boolean isMacvtap(String name) {
        return Files.isDirectory(NET_CLASS.resolve(name).resolve("macvtap"));
    }

    /** TUNSETQUEUE. */
    static int setQueue(Fd fd, boolean attached) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(NetSpec.IFREQ_SIZE, Long.BYTES);
            int flag = attached ? TunSpec.IFF_ATTACH_QUEUE : TunSpec.IFF_DETACH_QUEUE;
            request.set(JAVA_SHORT, NetSpec.IFREQ_FLAGS, (short) flag);
            return FileCalls.ioctl(fd.number(), TunSpec.TUNSETQUEUE, request.address());
        }
    }

    /** Opens one queue of a macvtap interface by its character device. */
    static Fd openMacvtap(String name) throws LinuxException {
        Path device = macvtapDevice(name);
        int number = FileCalls.open(device.toString(), ACCESS);
        if (number < 0) {
            String hint =
                    switch (-number) {
                        case Errno.ENOENT ->
                                "make the node: mknod "
                                        + device
                                        + " c MAJOR MINOR, with the numbers of "
                                        + NET_CLASS.resolve(name).resolve("macvtap/tap*/dev");
                        case Errno.EACCES, Errno.EPERM ->
                                "let this user read and write it: chown USER " + device;
                        case Errno.EBUSY -> "all its queues are open; see who has it: fuser";
                        default -> "";
                    };
            throw new LinuxException("macvtap " + name + ": open " + device, -number, hint);
        }
        return Fd.adopt(number);
    }

    private static Path macvtapDevice(String name) throws LinuxException {
        NetInterface.checkName(name);
        Path folder = NET_CLASS.resolve(name).resolve("macvtap");
        try (DirectoryStream<Path> taps = Files.newDirectoryStream(folder, "tap*")) {
            for (Path tap : taps) {
                return Path.of("/dev").resolve(String.valueOf(tap.getFileName()));
            }
        } catch (IOException e) {
            throw new LinuxException("macvtap " + name, Errno.ENODEV, makeMacvtap(name));
        }
        throw new LinuxException("macvtap " + name, Errno.ENODEV, makeMacvtap(name));
    }

    private static String makeMacvtap(String name) {
        return "there is no macvtap interface of that name; make it: ip link add link IFACE name "
                + name
                + " type macvtap mode bridge";
    }
}
