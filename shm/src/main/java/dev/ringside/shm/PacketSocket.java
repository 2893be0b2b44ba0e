package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A packet(7) socket on an Ethernet interface of the host: it hears the frames that arrive there
 * (not those that the host sends), and sends frames out of it. Frames are received in a ring of
 * mapped memory without system calls, and sent by one writev(2) each.
 *
 * <p>{@link #peek}, {@link #consume}, {@link #writev} and the methods about the frame at hand are
 * for the data path: by one thread at a time, without allocation or waiting. VLAN tags that the
 * kernel took off are put back.
 *
 * <p>The interface may go down and up again: nothing is received in between, and sending gives
 * -ENETDOWN. When it is deleted, sending gives -ENXIO for ever.
 */
public final class PacketSocket implements AutoCloseable {
    /** struct virtio_net_hdr, without num_buffers. */
    public static final int HEADER_BYTES = 10;

    /** Asks {@link #join} for a group that nobody has. */
    public static final int NEW_GROUP = -1;

    private static final int MAX_GROUP = 0xffff;
    private static final int LENGTH_AT = 16;
    private static final int TYPE =
            PacketSpec.SOCK_RAW | SocketSpec.SOCK_NONBLOCK | SocketSpec.SOCK_CLOEXEC;
    private static final short ALL_PROTOCOLS = Short.reverseBytes((short) PacketSpec.ETH_P_ALL);

    private final String name;
    private final Fd fd;
    private final int headerBytes;
    private final int index;
    private final @Nullable PacketRing ring;
    // What getsockopt writes, and the length that it wants; allocated once.
    private final MemorySegment answer =
            Arena.ofAuto().allocate(LENGTH_AT + Integer.BYTES, Long.BYTES);
    private long drops;

    private PacketSocket(
            String name, int index, Fd fd, int headerBytes, @Nullable PacketRing ring) {
        this.name = name;
        this.index = index;
        this.fd = fd;
        this.headerBytes = headerBytes;
        this.ring = ring;
    }

    /**
     * Opens a socket that hears all frames.
     *
     * @throws LinuxException ENODEV when there is no such interface, EPERM without CAP_NET_RAW,
     *     EAFNOSUPPORT when the kernel has no packet sockets, EINVAL when it is no Ethernet
     */
    public static PacketSocket open(String name, PacketOptions options) throws LinuxException {
        return open(name, options, true);
    }

    /** Opens a socket that hears nothing, only to send: it has no ring. See {@link #open}. */
    public static PacketSocket openTransmit(String name, PacketOptions options)
            throws LinuxException {
        return open(name, options, false);
    }

    private static PacketSocket open(String name, PacketOptions options, boolean receives)
            throws LinuxException {
        try (NetInterface net = NetInterface.open(name)) {
            if (!net.isEthernet()) {
                throw new LinuxException(
                        "packet " + name, Errno.EINVAL, "it is no Ethernet interface");
            }
            // Protocol 0: nothing is heard before it is bound to its interface.
            int number = SocketCalls.socket(PacketSpec.AF_PACKET, TYPE, 0);
            if (number < 0) {
                String hint = number == -Errno.EPERM ? "packet sockets need CAP_NET_RAW" : "";
                throw new LinuxException("packet " + name + ": socket AF_PACKET", -number, hint);
            }
            Fd fd = Fd.adopt(number);
            PacketRing ring = null;
            try {
                int header = options.vnetHeader() ? HEADER_BYTES : 0;
                if (options.vnetHeader()) {
                    set(name, fd, PacketSpec.PACKET_VNET_HDR, 1);
                }
                set(name, fd, PacketSpec.PACKET_QDISC_BYPASS, options.qdiscBypass() ? 1 : 0);
                if (receives) {
                    set(name, fd, PacketSpec.PACKET_VERSION, PacketSpec.TPACKET_V3);
                    set(name, fd, PacketSpec.PACKET_IGNORE_OUTGOING, 1);
                    makeRing(name, fd, options);
                    ring = PacketRing.map(fd, options, header, "packet " + name);
                }
                bind(name, fd, net.index(), receives ? ALL_PROTOCOLS : 0);
                if (receives && options.promiscuous()) {
                    beNosy(name, fd, net.index());
                }
                return new PacketSocket(name, net.index(), fd, header, ring);
            } catch (LinuxException | RuntimeException e) {
                if (ring != null) {
                    ring.close();
                }
                fd.close();
                throw e;
            }
        }
    }

    private static void set(String name, Fd fd, int option, int value) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            set(name, fd, option, arena.allocateFrom(JAVA_INT, value), "");
        }
    }

    private static void set(String name, Fd fd, int option, MemorySegment value, String hint)
            throws LinuxException {
        int result = SocketCalls.setOption(fd.number(), PacketSpec.SOL_PACKET, option, value);
        if (result < 0) {
            throw new LinuxException(
                    "packet " + name + ": setsockopt SOL_PACKET " + option, -result, hint);
        }
    }

    private static void makeRing(String name, Fd fd, PacketOptions options) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(PacketSpec.TPACKET_REQ3_SIZE, Long.BYTES);
            request.set(JAVA_INT, PacketSpec.REQ_BLOCK_SIZE, options.blockBytes());
            request.set(JAVA_INT, PacketSpec.REQ_BLOCK_NR, options.blockCount());
            // Frames are as long as they are in this version: this number only has to fit.
            request.set(JAVA_INT, PacketSpec.REQ_FRAME_SIZE, options.blockBytes());
            request.set(JAVA_INT, PacketSpec.REQ_FRAME_NR, options.blockCount());
            request.set(JAVA_INT, PacketSpec.REQ_RETIRE_BLK_TOV, options.retireMs());
            String hint = "a ring of " + options.ringBytes() + " bytes; use fewer blocks";
            set(name, fd, PacketSpec.PACKET_RX_RING, request, hint);
        }
    }

    private static void bind(String name, Fd fd, int index, short protocol) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(PacketSpec.SOCKADDR_LL_SIZE, Long.BYTES);
            address.set(JAVA_SHORT, 0, (short) PacketSpec.AF_PACKET);
            address.set(JAVA_SHORT, PacketSpec.SLL_PROTOCOL, protocol);
            address.set(JAVA_INT, PacketSpec.SLL_IFINDEX, index);
            LinuxException.check(
                    SocketCalls.bind(fd.number(), address), "packet " + name + ": bind");
        }
    }

    private static void beNosy(String name, Fd fd, int index) throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(PacketSpec.PACKET_MREQ_SIZE, Long.BYTES);
            request.set(JAVA_INT, PacketSpec.MR_IFINDEX, index);
            request.set(JAVA_SHORT, PacketSpec.MR_TYPE, (short) PacketSpec.PACKET_MR_PROMISC);
            set(name, fd, PacketSpec.PACKET_ADD_MEMBERSHIP, request, "");
        }
    }

    /**
     * Shares the interface's flows with other sockets, by hash (PACKET_FANOUT): each flow goes to
     * one of the sockets of the group. A socket leaves its group when closed.
     *
     * @param group what this method gave for the first socket of the group; {@link #NEW_GROUP} for
     *     the first
     * @return the group
     * @throws LinuxException EINVAL when the interface is down
     */
    public int join(int group) throws LinuxException {
        if (group < NEW_GROUP || group > MAX_GROUP) {
            throw new IllegalArgumentException("a group is 0 to " + MAX_GROUP + ", not " + group);
        }
        int type = PacketSpec.PACKET_FANOUT_HASH;
        if (group == NEW_GROUP) {
            type |= PacketSpec.PACKET_FANOUT_FLAG_UNIQUEID;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocateFrom(JAVA_INT, Math.max(group, 0) | type << 16);
            String hint = "set the interface up before: ip link set " + name + " up";
            set(name, fd, PacketSpec.PACKET_FANOUT, value, hint);
            if (group != NEW_GROUP) {
                return group;
            }
            LinuxException.check(
                    SocketCalls.getOption(
                            fd.number(), PacketSpec.SOL_PACKET, PacketSpec.PACKET_FANOUT, value),
                    "packet " + name + ": getsockopt PACKET_FANOUT");
            return value.get(JAVA_INT, 0) & MAX_GROUP;
        }
    }

    /** The interface's name. */
    public String name() {
        return name;
    }

    /** The descriptor's number: to poll it. It is readable when {@link #peek} finds a frame. */
    public int fd() {
        return fd.number();
    }

    /** The size of the virtio_net_hdr before each frame in bytes; 0 when there is none. */
    public int headerBytes() {
        return headerBytes;
    }

    /** The index of the interface that it was opened on. */
    public int index() {
        return index;
    }

    private PacketRing ring() {
        if (ring == null) {
            throw new IllegalStateException(this + " was opened only to send");
        }
        return ring;
    }

    /** The memory that frames are received in. */
    public MemorySegment memory() {
        return ring().memory();
    }

    /** Whether a frame is at hand; the same one until {@link #consume}. Data path, no call. */
    public boolean peek() {
        return ring().peek();
    }

    /**
     * Where the frame at hand starts in {@link #memory}; its header, in little-endian order, is the
     * {@link #headerBytes} before. Data path.
     */
    public long frameOffset() {
        return ring().dataOffset();
    }

    /** The length of the frame at hand in bytes, without its header. Data path. */
    public int frameBytes() {
        return ring().dataBytes();
    }

    /** Gives the frame at hand back to the kernel. Data path, no call. */
    public void consume() {
        ring().consume();
    }

    /**
     * Sends one frame with its header. Data path.
     *
     * @return bytes sent, always all of them; -EAGAIN: no room now; -ENOBUFS: the interface's queue
     *     dropped it; -EMSGSIZE: longer than the MTU; -ENETDOWN: down; -ENXIO: gone; -EINVAL: not a
     *     frame, or a header that does not fit it; or another negative error number
     */
    public int writev(IoVectors pieces) {
        return Libc.writev(fd.number(), pieces.address(), pieces.count());
    }

    /**
     * Takes the socket's pending error (SO_ERROR), which else makes every poll come back at once.
     * By the thread that receives.
     *
     * @return the positive error number: ENETDOWN after the interface went down; 0: none
     */
    public int takeError() {
        int result = ask(SocketSpec.SOL_SOCKET, SocketSpec.SO_ERROR, Integer.BYTES);
        return result < 0 ? -result : answer.get(JAVA_INT, 0);
    }

    /**
     * Frames that the kernel had no room for in the ring, since the socket was opened. Asks the
     * kernel only when a block received since the last call says that there were some: so idle
     * sockets cost nothing. By the thread that receives.
     */
    public long drops() {
        return ring().takeLosing() ? askDrops() : drops;
    }

    /** Like {@link #drops}, but asks the kernel in any case. */
    public long askDrops() {
        int length = PacketSpec.TPACKET_STATS_V3_SIZE;
        if (ask(PacketSpec.SOL_PACKET, PacketSpec.PACKET_STATISTICS, length) >= 0) {
            // The kernel starts from 0 again with each question.
            drops += answer.get(JAVA_INT, PacketSpec.STATS_DROPS) & 0xffffffffL;
        }
        return drops;
    }

    private int ask(int level, int option, int length) {
        answer.set(JAVA_INT, LENGTH_AT, length);
        long address = answer.address();
        return SocketCalls.getOption(fd.number(), level, option, address, address + LENGTH_AT);
    }

    /**
     * Closes the socket, which may take milliseconds; does nothing the second time. Nobody may use
     * {@link #memory} any more.
     */
    @Override
    public void close() {
        if (ring != null) {
            ring.close();
        }
        fd.close();
    }

    @Override
    public String toString() {
        return "packet " + name;
    }
}
