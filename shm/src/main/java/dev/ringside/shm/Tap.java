package dev.ringside.shm;

import java.util.ArrayList;
import java.util.List;

/**
 * A TAP or macvtap interface of the host from its user-space side: what is written here the host
 * receives, what the host sends is read here. It has one or more queues, each a descriptor; the
 * kernel deals out flows to those that are attached.
 *
 * <p>Each frame is preceded by a virtio_net_hdr of {@link #headerBytes} bytes in little-endian
 * order when {@link #hasVnetHeader}. Reads and writes never block.
 *
 * <p>{@link #read}, {@link #writev} are for the data path: by one thread per queue at a time,
 * without allocation. The rest is for any thread, but each queue's {@link #attach} and {@link
 * #detach} by one at a time. Nothing may be in flight at {@link #close}.
 */
public final class Tap implements AutoCloseable {
    /** The most queues that the kernel gives a TAP interface (MAX_TAP_QUEUES). */
    public static final int MAX_QUEUES = 256;

    /** The header that virtio 1.x has: with num_buffers (section 5.1.6). */
    public static final int HEADER_BYTES = 12;

    private final String name;
    private final boolean macvtap;
    private final boolean created;
    private final int flags;
    private final boolean multiQueue;
    private final int headerBytes;
    private final Fd[] queues;

    private Tap(String name, boolean macvtap, boolean created, int flags, List<Fd> fds)
            throws LinuxException {
        this.name = name;
        this.macvtap = macvtap;
        this.created = created;
        this.flags = flags;
        this.multiQueue = (flags & TunSpec.IFF_MULTI_QUEUE) != 0;
        queues = fds.toArray(Fd[]::new);
        headerBytes = (flags & TunSpec.IFF_VNET_HDR) != 0 ? HEADER_BYTES : 0;
        for (Fd fd : queues) {
            setHeader(fd);
        }
    }

    /**
     * Makes a TAP interface of that name, or takes over the one that is there. One that was made
     * here vanishes when closed, unless {@link #setPersistent}.
     *
     * @param name 1 to 15 bytes; with {@code %d} in it the kernel chooses a number
     * @param queueCount 1 to {@link #MAX_QUEUES}; more than one need an interface that was made
     *     with multi_queue
     * @param vnetHeader whether frames shall have headers: without there are no offloads
     * @throws LinuxException with the way out: no tun driver, not allowed, in use, of another kind
     */
    public static Tap open(String name, int queueCount, boolean vnetHeader) throws LinuxException {
        NetInterface.checkName(name);
        checkCount(queueCount);
        boolean created = !NetInterface.exists(name);
        List<Fd> fds = new ArrayList<>();
        try {
            int flags = TapSetup.flags(vnetHeader, queueCount > 1);
            Fd first = TapSetup.openControl();
            fds.add(first);
            int result = TapSetup.setInterface(first, name, flags);
            if (result == -Errno.EINVAL && queueCount == 1) {
                // An interface with several queues wants to be opened as one.
                flags = TapSetup.flags(vnetHeader, true);
                result = TapSetup.setInterface(first, name, flags);
            }
            if (result < 0) {
                throw TapSetup.refused(name, TapSetup.flags(false, queueCount > 1), -result);
            }
            String real = TapSetup.state(first).name();
            while (fds.size() < queueCount) {
                Fd next = TapSetup.openControl();
                fds.add(next);
                int more = TapSetup.setInterface(next, real, flags);
                if (more < 0) {
                    throw TapSetup.refused(real, flags, -more);
                }
            }
            return new Tap(real, false, created, flags, fds);
        } catch (LinuxException | RuntimeException e) {
            fds.forEach(Fd::close);
            throw e;
        }
    }

    /**
     * Opens a macvtap interface that is there, in the namespace that /sys shows, by its device
     * {@code /dev/tapINDEX}.
     *
     * @throws LinuxException ENODEV when there is none; else what open(2) says
     */
    public static Tap openMacvtap(String name, int queueCount, boolean vnetHeader)
            throws LinuxException {
        checkCount(queueCount);
        List<Fd> fds = new ArrayList<>();
        try {
            int flags = TapSetup.flags(vnetHeader, queueCount > 1);
            while (fds.size() < queueCount) {
                Fd fd = TapSetup.openMacvtap(name);
                fds.add(fd);
                LinuxException.check(
                        TapSetup.setInterface(fd, name, flags), "macvtap " + name + ": TUNSETIFF");
            }
            return new Tap(name, true, false, flags, fds);
        } catch (LinuxException | RuntimeException e) {
            fds.forEach(Fd::close);
            throw e;
        }
    }

    /**
     * Takes over descriptors that somebody else has opened and set up, each a queue of the same TAP
     * or macvtap interface. They are made non-blocking and close-on-exec, and their header's size
     * is set to {@link #HEADER_BYTES}. They must have been opened with IFF_NO_PI, as everybody
     * does: the kernel does not tell (IFF_NOFILTER is the same bit).
     *
     * @param fds at least one; consumed: closed when this method throws
     * @throws LinuxException EINVAL when they are of different interfaces or of a TUN interface
     */
    public static Tap adopt(List<Fd> fds) throws LinuxException {
        try {
            checkCount(fds.size());
            TapSetup.State first = TapSetup.state(fds.getFirst());
            for (Fd fd : fds) {
                TapSetup.State state = TapSetup.state(fd);
                String call = "adopt tap " + fd;
                if (!state.name().equals(first.name())) {
                    throw new LinuxException(
                            call,
                            Errno.EINVAL,
                            "it is of " + state.name() + ", the first one of " + first.name());
                }
                if ((state.flags() & TunSpec.IFF_TAP) == 0) {
                    throw new LinuxException(
                            call, Errno.EINVAL, "it is a tun interface, without Ethernet frames");
                }
                LinuxException.check(
                        Libc.setNonBlockingCloseOnExec(fd.number()), "fcntl tap " + fd);
            }
            boolean macvtap = TapSetup.isMacvtap(first.name());
            return new Tap(first.name(), macvtap, false, first.flags(), fds);
        } catch (LinuxException | RuntimeException e) {
            fds.forEach(Fd::close);
            throw e;
        }
    }

    private static void checkCount(int queueCount) {
        if (queueCount < 1 || queueCount > MAX_QUEUES) {
            throw new IllegalArgumentException(
                    queueCount + " queues: an interface has 1 to " + MAX_QUEUES);
        }
    }

    private void setHeader(Fd fd) throws LinuxException {
        if (headerBytes > 0) {
            LinuxException.check(
                    TapSetup.setNumber(fd, TunSpec.TUNSETVNETHDRSZ, headerBytes),
                    what() + ": TUNSETVNETHDRSZ " + headerBytes);
            LinuxException.check(
                    TapSetup.setNumber(fd, TunSpec.TUNSETVNETLE, 1), what() + ": TUNSETVNETLE");
        }
    }

    /**
     * Opens the TAP interface that somebody made under this one's name after this one was deleted:
     * the descriptors' numbers stay what they were, so whoever reads and writes goes on. All queues
     * are attached then, and no offloads are set, as at first. By a thread in the namespace that
     * the interface is in.
     *
     * @throws LinuxException why not; then nothing has changed. ENODEV: it is not there
     */
    public void reopen() throws LinuxException {
        if (macvtap || !NetInterface.exists(name)) {
            throw new LinuxException(what() + ": reopen", Errno.ENODEV, "there is no such TAP");
        }
        List<Fd> fresh = new ArrayList<>();
        try {
            while (fresh.size() < queues.length) {
                Fd fd = TapSetup.openControl();
                fresh.add(fd);
                int result = TapSetup.setInterface(fd, name, flags);
                if (result < 0) {
                    throw TapSetup.refused(name, flags, -result);
                }
                setHeader(fd);
            }
            for (int i = 0; i < queues.length; i++) {
                queues[i].replaceWith(fresh.get(i));
            }
        } finally {
            fresh.forEach(Fd::close);
        }
    }

    private String what() {
        return (macvtap ? "macvtap " : "tap ") + name;
    }

    /** The interface's name when it was opened. */
    public String name() {
        return name;
    }

    /** Whether it is a macvtap interface, which receives only what is for its own MAC. */
    public boolean isMacvtap() {
        return macvtap;
    }

    /** Whether {@link #open} made it: it was not there before. */
    public boolean wasCreated() {
        return created;
    }

    /** Whether each frame is preceded by a virtio_net_hdr. */
    public boolean hasVnetHeader() {
        return headerBytes > 0;
    }

    /** The size of the header in bytes; 0 when there is none. */
    public int headerBytes() {
        return headerBytes;
    }

    /** How many queues were opened. */
    public int queueCount() {
        return queues.length;
    }

    /** A queue's descriptor, still owned by this object: to hand it to another process. */
    public Fd descriptor(int queue) {
        return queues[queue];
    }

    /** A queue's descriptor, still owned by this object: to poll it. */
    public int fd(int queue) {
        return queues[queue].number();
    }

    /**
     * Says what readers accept (TUNSETOFFLOAD), of all queues.
     *
     * @param wanted {@link TapOffload} bits
     * @return what is in force: less than wanted where bits need others, or the kernel is older
     */
    public int setOffload(int wanted) throws LinuxException {
        if (headerBytes == 0) {
            return 0;
        }
        int bits = TapOffload.consistent(wanted);
        int result = ioctl(TunSpec.TUNSETOFFLOAD, bits);
        if (result == -Errno.EINVAL && (bits & TapOffload.USO) != 0) {
            bits &= ~TapOffload.USO;
            result = ioctl(TunSpec.TUNSETOFFLOAD, bits);
        }
        LinuxException.check(result, what() + ": TUNSETOFFLOAD 0x" + Integer.toHexString(bits));
        return bits;
    }

    /**
     * Says whether the interface stays when nobody has it open (TUNSETPERSIST). Of a macvtap
     * interface, which always stays, it does nothing.
     */
    public void setPersistent(boolean persistent) throws LinuxException {
        if (!macvtap) {
            LinuxException.check(
                    ioctl(TunSpec.TUNSETPERSIST, persistent ? 1 : 0), what() + ": TUNSETPERSIST");
        }
    }

    /** An ioctl on the interface, through the first queue that is attached to it. */
    private int ioctl(long request, long argument) {
        int result = -Errno.EBADFD;
        for (int i = 0; i < queues.length && result == -Errno.EBADFD; i++) {
            result = FileCalls.ioctl(fd(i), request, argument);
        }
        return result;
    }

    /**
     * Bounds what the host may hold of what was written here (TUNSETSNDBUF): beyond, writes give
     * -EAGAIN.
     *
     * @param bytes more than 0
     */
    public void setSendBuffer(int bytes) throws LinuxException {
        for (Fd fd : queues) {
            LinuxException.check(
                    TapSetup.setNumber(fd, TunSpec.TUNSETSNDBUF, bytes),
                    what() + ": TUNSETSNDBUF " + bytes);
        }
    }

    /**
     * Gives a queue its share of the traffic (TUNSETQUEUE); all have it at first. Takes
     * milliseconds at times.
     *
     * @return 0, or a negative error number; 0 for the one queue of an interface without several
     */
    public int attach(int queue) {
        return multiQueue ? ignoreRepeated(TapSetup.setQueue(queues[queue], true)) : 0;
    }

    /** Takes a queue's share away; the others get all. See {@link #attach}. */
    public int detach(int queue) {
        return multiQueue ? ignoreRepeated(TapSetup.setQueue(queues[queue], false)) : 0;
    }

    private static int ignoreRepeated(int result) {
        return result == -Errno.EINVAL ? 0 : result;
    }

    /**
     * Whether a queue is attached, as the kernel says; false when the interface is gone. Of macvtap
     * the kernel does not tell.
     */
    public boolean isAttached(int queue) {
        try {
            return (TapSetup.state(queues[queue]).flags() & TunSpec.IFF_DETACH_QUEUE) == 0;
        } catch (LinuxException e) {
            return false;
        }
    }

    /**
     * Reads one frame with its header. Data path.
     *
     * @param address where to
     * @param lengthBytes room for header and frame; what does not fit of a frame is lost
     * @return bytes read; -EAGAIN: nothing is there; -EIO: down (macvtap); -EBADFD: the interface
     *     is gone; or another negative error number
     */
    public int read(int queue, long address, int lengthBytes) {
        return (int) Libc.read(fd(queue), address, lengthBytes);
    }

    /** Like {@link #read}, into several pieces. Data path. */
    public int readv(int queue, IoVectors pieces) {
        return Libc.readv(fd(queue), pieces.address(), pieces.count());
    }

    /**
     * Writes one frame with its header. Data path.
     *
     * @return bytes written, always all of them; -EAGAIN: no room now; -EIO: the interface is down;
     *     -EINVAL: not a frame, or a header that does not fit it; -EBADFD: the interface is gone;
     *     or another negative error number
     */
    public int writev(int queue, IoVectors pieces) {
        return Libc.writev(fd(queue), pieces.address(), pieces.count());
    }

    /**
     * Closes the queues; an interface that is not persistent goes. Does nothing the second time.
     */
    @Override
    public void close() {
        for (Fd fd : queues) {
            fd.close();
        }
    }

    @Override
    public String toString() {
        return what();
    }
}
