package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * A network interface of the host, by its name: what can be asked of it and set. It belongs to the
 * network namespace that the opening thread was in. The interface may vanish and come back; each
 * call asks the kernel anew (netdevice(7)). Any thread; nothing here is for the data path.
 */
public final class NetInterface implements AutoCloseable {
    /** A MAC address's length in bytes. */
    public static final int MAC_BYTES = 6;

    private static final int CONTROL = SocketSpec.SOCK_DGRAM | SocketSpec.SOCK_CLOEXEC;

    private final String name;
    private final Fd socket;

    private NetInterface(String name, Fd socket) {
        this.name = name;
        this.socket = socket;
    }

    /**
     * Gets a hold of an interface.
     *
     * @throws LinuxException ENODEV when there is none of that name, EINVAL when it cannot be one
     */
    public static NetInterface open(String name) throws LinuxException {
        checkName(name);
        Fd socket =
                Fd.adopt(
                        LinuxException.check(
                                SocketCalls.socket(SocketSpec.AF_UNIX, CONTROL, 0), "socket"));
        NetInterface found = new NetInterface(name, socket);
        try {
            found.index();
            return found;
        } catch (LinuxException e) {
            socket.close();
            throw e;
        }
    }

    /** Whether the calling thread's namespace has an interface of that name now. */
    public static boolean exists(String name) throws LinuxException {
        try (NetInterface found = open(name)) {
            return found.index() > 0;
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENODEV) {
                return false;
            }
            throw e;
        }
    }

    /** Throws EINVAL when the kernel could not have an interface of that name. */
    static void checkName(String name) throws LinuxException {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        boolean legal =
                length > 0
                        && length < NetSpec.IFNAMSIZ
                        && !name.equals(".")
                        && !name.equals("..")
                        && name.chars().noneMatch(c -> c == '/' || c == ':' || c <= ' ');
        if (!legal) {
            throw new LinuxException(
                    "interface '" + name + "'",
                    Errno.EINVAL,
                    "a name has 1 to 15 bytes, none of them a blank, '/' or ':'");
        }
    }

    /** A struct ifreq with a name in it. */
    static MemorySegment request(Arena arena, String name) {
        MemorySegment request = arena.allocate(NetSpec.IFREQ_SIZE, Long.BYTES);
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(bytes, 0, request, JAVA_BYTE, NetSpec.IFREQ_NAME, bytes.length);
        return request;
    }

    /** The name in a struct ifreq. */
    static String nameIn(MemorySegment request) {
        return request.asSlice(NetSpec.IFREQ_NAME, NetSpec.IFNAMSIZ).getString(0);
    }

    /** The name it was opened by. */
    public String name() {
        return name;
    }

    /**
     * Its index, more than 0. An interface that was deleted and made again has another one.
     *
     * @throws LinuxException ENODEV when it is gone
     */
    public int index() throws LinuxException {
        return number(NetSpec.SIOCGIFINDEX, "SIOCGIFINDEX");
    }

    /** The largest payload of a frame in bytes, without the Ethernet header. */
    public int mtu() throws LinuxException {
        return number(NetSpec.SIOCGIFMTU, "SIOCGIFMTU");
    }

    /**
     * Sets the MTU.
     *
     * @throws LinuxException EINVAL when the interface cannot, EPERM without CAP_NET_ADMIN
     */
    public void setMtu(int mtu) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            request.set(JAVA_INT, NetSpec.IFREQ_NUMBER, mtu);
            ioctl(NetSpec.SIOCSIFMTU, "SIOCSIFMTU " + mtu, request);
        }
    }

    /** Its MAC address, 6 bytes. */
    public byte[] mac() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            ioctl(NetSpec.SIOCGIFHWADDR, "SIOCGIFHWADDR", request);
            return request.asSlice(NetSpec.IFREQ_HWADDR, MAC_BYTES).toArray(JAVA_BYTE);
        }
    }

    /** Whether it is an Ethernet interface: has MAC addresses and Ethernet frames. */
    public boolean isEthernet() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            ioctl(NetSpec.SIOCGIFHWADDR, "SIOCGIFHWADDR", request);
            return request.get(JAVA_SHORT, NetSpec.IFREQ_HWADDR_FAMILY) == NetSpec.ARPHRD_ETHER;
        }
    }

    /**
     * Sets its MAC address.
     *
     * @throws IllegalArgumentException unless it has 6 bytes
     * @throws LinuxException EADDRNOTAVAIL for a group address, EPERM without CAP_NET_ADMIN
     */
    public void setMac(byte[] mac) throws LinuxException {
        if (mac.length != MAC_BYTES) {
            throw new IllegalArgumentException("a MAC address of " + mac.length + " bytes");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            short family = (short) NetSpec.ARPHRD_ETHER;
            request.set(JAVA_SHORT, NetSpec.IFREQ_HWADDR_FAMILY, family);
            MemorySegment.copy(mac, 0, request, JAVA_BYTE, NetSpec.IFREQ_HWADDR, MAC_BYTES);
            ioctl(NetSpec.SIOCSIFHWADDR, "SIOCSIFHWADDR", request);
        }
    }

    /** Whether it was set up (IFF_UP). */
    public boolean isUp() throws LinuxException {
        return (flags() & NetSpec.IFF_UP) != 0;
    }

    /** Whether it is up and has a carrier (ETHTOOL_GLINK; where there is no such, IFF_RUNNING). */
    public boolean hasLink() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocateFrom(JAVA_INT, NetSpec.ETHTOOL_GLINK, 0);
            MemorySegment request = request(arena, name);
            request.set(JAVA_LONG, NetSpec.IFREQ_DATA, value.address());
            int number = socket.number();
            int result = FileCalls.ioctl(number, NetSpec.SIOCETHTOOL, request.address());
            if (result == -Errno.EOPNOTSUPP) {
                return (flags() & NetSpec.IFF_RUNNING) != 0;
            }
            if (result < 0) {
                throw new LinuxException(
                        "interface " + name + ": ETHTOOL_GLINK", -result, hint(-result));
            }
            return value.get(JAVA_INT, NetSpec.ETHTOOL_VALUE_DATA) != 0;
        }
    }

    /**
     * Sets it up or down.
     *
     * @throws LinuxException EPERM without CAP_NET_ADMIN
     */
    public void setUp(boolean up) throws LinuxException {
        int flags = flags();
        int wanted = up ? flags | NetSpec.IFF_UP : flags & ~NetSpec.IFF_UP;
        if (wanted == flags) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            request.set(JAVA_SHORT, NetSpec.IFREQ_FLAGS, (short) wanted);
            ioctl(NetSpec.SIOCSIFFLAGS, "SIOCSIFFLAGS " + (up ? "up" : "down"), request);
        }
    }

    private int flags() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            ioctl(NetSpec.SIOCGIFFLAGS, "SIOCGIFFLAGS", request);
            return request.get(JAVA_SHORT, NetSpec.IFREQ_FLAGS) & 0xffff;
        }
    }

    private int number(int code, String call) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            ioctl(code, call, request);
            return request.get(JAVA_INT, NetSpec.IFREQ_NUMBER);
        }
    }

    private void ioctl(int code, String call, MemorySegment request) throws LinuxException {
        int result = FileCalls.ioctl(socket.number(), code, request.address());
        if (result < 0) {
            throw new LinuxException("interface " + name + ": " + call, -result, hint(-result));
        }
    }

    private static String hint(int errno) {
        return switch (errno) {
            case Errno.ENODEV -> "no such interface in this network namespace; see ip link";
            case Errno.EPERM -> "this needs CAP_NET_ADMIN";
            case Errno.EINVAL -> "the interface does not take this value; see ip -d link";
            default -> "";
        };
    }

    /** Lets go of it, which changes nothing of the interface; does nothing the second time. */
    @Override
    public void close() {
        socket.close();
    }
}
