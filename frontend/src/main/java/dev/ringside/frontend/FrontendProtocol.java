package dev.ringside.frontend;

import static dev.ringside.frontend.VhostUserSpec.bit;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The front-end's messages as methods (vhost-user.rst, section "Front-end message types"). Each
 * sends at once; those with a reply wait for it. With {@link #needReply} on, every message without
 * a reply of its own is sent with NEED_REPLY and its acknowledgement awaited.
 *
 * <p>One thread at a time. Methods throw {@link NegativeReplyException} when the back-end refuses,
 * {@link java.io.EOFException} when it hung up.
 */
public final class FrontendProtocol implements AutoCloseable {
    private final FrontendConnection connection;
    private boolean needReply;
    private long protocolFeatures;
    private long features;

    /** Over a connection, which it owns from now on. */
    public FrontendProtocol(final FrontendConnection connection) {
        this.connection = connection;
    }

    /** The connection, for messages of any other form. */
    public FrontendConnection connection() {
        return connection;
    }

    /**
     * Turns acknowledgements on or off; legal once REPLY_ACK was negotiated.
     *
     * @return the setting before
     */
    public boolean needReply(final boolean on) {
        final boolean before = needReply;
        needReply = on;
        return before;
    }

    /** The protocol features set last. */
    public long protocolFeatures() {
        return protocolFeatures;
    }

    /** Whether a protocol feature was negotiated. */
    public boolean has(final int protocolFeature) {
        return (protocolFeatures & bit(protocolFeature)) != 0;
    }

    /** Sends a message that has no reply of its own, acknowledged when {@link #needReply} is on. */
    public void tell(final int request, final byte[] payload, final Fd... fds) throws IOException {
        if (!needReply) {
            connection.send(request, 0, payload, fds);
            return;
        }
        final FrontendMessage ack =
                connection.call(request, VhostUserSpec.NEED_REPLY, payload, fds);
        ack.closeFds();
        if (ack.u64() != 0) {
            throw new NegativeReplyException(request, ack.u64());
        }
    }

    /** Like {@link #tell}, acknowledged in any case when REPLY_ACK was negotiated. */
    public void tellAndWait(final int request, final byte[] payload, final Fd... fds)
            throws IOException {
        final boolean before = needReply(has(VhostUserSpec.PROTOCOL_F_REPLY_ACK));
        try {
            tell(request, payload, fds);
        } finally {
            needReply(before);
        }
    }

    private byte[] ask(final int request, final byte[] payload) throws IOException {
        final FrontendMessage reply =
                connection.call(request, needReply ? VhostUserSpec.NEED_REPLY : 0, payload);
        reply.closeFds();
        return reply.payload();
    }

    private long askLong(final int request) throws IOException {
        final byte[] reply = ask(request, new byte[0]);
        if (reply.length != Long.BYTES) {
            throw new IOException(
                    "message "
                            + request
                            + " answered with "
                            + reply.length
                            + " bytes instead of 8");
        }
        return le(reply.length).put(reply).getLong(0);
    }

    private static ByteBuffer le(final int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] u64(final long value) {
        return le(Long.BYTES).putLong(value).array();
    }

    private static byte[] state(final int index, final int value) {
        return le(8).putInt(index).putInt(value).array();
    }

    /** GET_FEATURES. */
    public long getFeatures() throws IOException {
        return askLong(VhostUserSpec.GET_FEATURES);
    }

    /** SET_FEATURES. */
    public void setFeatures(final long features) throws IOException {
        tell(VhostUserSpec.SET_FEATURES, u64(features));
        this.features = features;
    }

    /** SET_OWNER. */
    public void setOwner() throws IOException {
        tell(VhostUserSpec.SET_OWNER, new byte[0]);
    }

    /** RESET_OWNER. */
    public void resetOwner() throws IOException {
        tell(VhostUserSpec.RESET_OWNER, new byte[0]);
    }

    /** GET_PROTOCOL_FEATURES. */
    public long getProtocolFeatures() throws IOException {
        return askLong(VhostUserSpec.GET_PROTOCOL_FEATURES);
    }

    /** SET_PROTOCOL_FEATURES. */
    public void setProtocolFeatures(final long features) throws IOException {
        tell(VhostUserSpec.SET_PROTOCOL_FEATURES, u64(features));
        protocolFeatures = features;
    }

    /** GET_QUEUE_NUM. */
    public int getQueueNum() throws IOException {
        return (int) askLong(VhostUserSpec.GET_QUEUE_NUM);
    }

    /** GET_MAX_MEM_SLOTS. */
    public long getMaxMemSlots() throws IOException {
        return askLong(VhostUserSpec.GET_MAX_MEM_SLOTS);
    }

    /** The payload of SET_MEM_TABLE for some regions. */
    public static byte[] memoryTable(final List<FrontendRegion> regions) {
        final byte[] payload = new byte[8 + VhostUserSpec.MEMORY_REGION_BYTES * regions.size()];
        final ByteBuffer buffer = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(regions.size()).putInt(0);
        regions.forEach(region -> describe(buffer, region));
        return payload;
    }

    /** The payload of ADD_MEM_REG and REM_MEM_REG for a region. */
    public static byte[] memoryRegion(final FrontendRegion region) {
        final byte[] payload = new byte[8 + VhostUserSpec.MEMORY_REGION_BYTES];
        describe(ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).putLong(0), region);
        return payload;
    }

    private static void describe(final ByteBuffer payload, final FrontendRegion region) {
        payload.putLong(region.guestAddress())
                .putLong(region.sizeBytes())
                .putLong(region.userAddress())
                .putLong(region.mmapOffset());
    }

    /** SET_MEM_TABLE; acknowledged whenever REPLY_ACK allows it, unless told otherwise. */
    public void setMemTable(final List<FrontendRegion> regions) throws IOException {
        tell(
                VhostUserSpec.SET_MEM_TABLE,
                memoryTable(regions),
                regions.stream().map(FrontendRegion::fd).toArray(Fd[]::new));
    }

    /** ADD_MEM_REG. */
    public void addMemory(final FrontendRegion region) throws IOException {
        tell(VhostUserSpec.ADD_MEM_REG, memoryRegion(region), region.fd());
    }

    /** REM_MEM_REG. */
    public void removeMemory(final FrontendRegion region) throws IOException {
        tell(VhostUserSpec.REM_MEM_REG, memoryRegion(region));
    }

    /** SET_VRING_NUM. */
    public void setVringNum(final int index, final int size) throws IOException {
        tell(VhostUserSpec.SET_VRING_NUM, state(index, size));
    }

    /** SET_VRING_BASE. */
    public void setVringBase(final int index, final int base) throws IOException {
        tell(VhostUserSpec.SET_VRING_BASE, state(index, base));
    }

    /** SET_VRING_ADDR from user addresses; no log. */
    public void setVringAddr(
            final int index, final long descriptors, final long used, final long available)
            throws IOException {
        tell(
                VhostUserSpec.SET_VRING_ADDR,
                le(40).putInt(index)
                        .putInt(0)
                        .putLong(descriptors)
                        .putLong(used)
                        .putLong(available)
                        .putLong(0)
                        .array());
    }

    /**
     * SET_VRING_ADDR for a ring in some memory: by user addresses, or with F_ACCESS_PLATFORM by
     * those that the driver uses.
     */
    public void setVringAddr(final QueueLayout layout, final FrontendMemory memory)
            throws IOException {
        if ((features & bit(VirtioSpec.F_ACCESS_PLATFORM)) != 0) {
            setVringAddr(
                    layout.index(),
                    layout.descriptorGuestAddress(),
                    layout.deviceGuestAddress(),
                    layout.driverGuestAddress());
            return;
        }
        setVringAddr(
                layout.index(),
                memory.userAddress(layout.descriptorGuestAddress()),
                memory.userAddress(layout.deviceGuestAddress()),
                memory.userAddress(layout.driverGuestAddress()));
    }

    /** SET_VRING_ADDR for a ring whose used ring is logged, under its own guest address. */
    public void setLoggedVringAddr(final QueueLayout layout, final FrontendMemory memory)
            throws IOException {
        setLoggedVringAddr(layout, memory, layout.deviceGuestAddress());
    }

    /** The same under any address. */
    public void setLoggedVringAddr(
            final QueueLayout layout, final FrontendMemory memory, final long logAddress)
            throws IOException {
        tell(
                VhostUserSpec.SET_VRING_ADDR,
                le(40).putInt(layout.index())
                        .putInt(VhostUserSpec.VRING_F_LOG)
                        .putLong(memory.userAddress(layout.descriptorGuestAddress()))
                        .putLong(memory.userAddress(layout.deviceGuestAddress()))
                        .putLong(memory.userAddress(layout.driverGuestAddress()))
                        .putLong(logAddress)
                        .array());
    }

    /**
     * SET_LOG_BASE: a log of {@code sizeBytes} at an offset of a file, which stays the caller's.
     * When this returns the back-end does not write to the log before any more.
     */
    public void setLogBase(final Fd file, final long sizeBytes, final long offset)
            throws IOException {
        final byte[] description = le(16).putLong(sizeBytes).putLong(offset).array();
        final FrontendMessage reply =
                connection.call(
                        VhostUserSpec.SET_LOG_BASE,
                        needReply ? VhostUserSpec.NEED_REPLY : 0,
                        description,
                        file);
        reply.closeFds();
        if (reply.payload().length == Long.BYTES) {
            throw new NegativeReplyException(VhostUserSpec.SET_LOG_BASE, reply.u64());
        }
        if (!Arrays.equals(description, reply.payload())) {
            throw new IOException(
                    "SET_LOG_BASE was answered with " + Arrays.toString(reply.payload()));
        }
    }

    /** SET_LOG_FD; the eventfd stays the caller's. */
    public void setLogFd(final EventFd changed) throws IOException {
        tell(VhostUserSpec.SET_LOG_FD, new byte[0], changed.fd());
    }

    /**
     * SET_DEVICE_STATE_FD over a channel of the front-end's, which stays the caller's.
     *
     * @param direction TRANSFER_SAVE or TRANSFER_LOAD
     */
    public void setDeviceStateFd(final int direction, final Fd channel) throws IOException {
        final FrontendMessage reply =
                connection.call(
                        VhostUserSpec.SET_DEVICE_STATE_FD,
                        needReply ? VhostUserSpec.NEED_REPLY : 0,
                        state(direction, 0),
                        channel);
        reply.closeFds();
        if (reply.u64() != VhostUserSpec.VRING_NOFD) {
            throw new NegativeReplyException(VhostUserSpec.SET_DEVICE_STATE_FD, reply.u64());
        }
    }

    /** CHECK_DEVICE_STATE. */
    public void checkDeviceState() throws IOException {
        final long result = askLong(VhostUserSpec.CHECK_DEVICE_STATE);
        if (result != 0) {
            throw new NegativeReplyException(VhostUserSpec.CHECK_DEVICE_STATE, result);
        }
    }

    /** GET_VRING_BASE: stops the ring; returns the next available index the device would take. */
    public int getVringBase(final int index) throws IOException {
        final byte[] reply = ask(VhostUserSpec.GET_VRING_BASE, state(index, 0));
        final ByteBuffer payload = le(reply.length).put(reply);
        if (reply.length != 8 || payload.getInt(0) != index) {
            throw new IOException(
                    "GET_VRING_BASE of ring "
                            + index
                            + " was answered with "
                            + Arrays.toString(reply));
        }
        return payload.getInt(4);
    }

    /** SET_VRING_KICK; null: no descriptor, the back-end polls. */
    public void setVringKick(final int index, final @Nullable EventFd kick) throws IOException {
        eventFd(VhostUserSpec.SET_VRING_KICK, index, kick);
    }

    /** SET_VRING_CALL; null: no descriptor, the driver polls. */
    public void setVringCall(final int index, final @Nullable EventFd call) throws IOException {
        eventFd(VhostUserSpec.SET_VRING_CALL, index, call);
    }

    /** SET_VRING_ERR; null: no descriptor. */
    public void setVringErr(final int index, final @Nullable EventFd err) throws IOException {
        eventFd(VhostUserSpec.SET_VRING_ERR, index, err);
    }

    private void eventFd(final int request, final int index, final @Nullable EventFd event)
            throws IOException {
        if (event == null) {
            tell(request, u64(index | VhostUserSpec.VRING_NOFD));
        } else {
            tell(request, u64(index), event.fd());
        }
    }

    /** SET_VRING_ENABLE. */
    public void setVringEnable(final int index, final boolean on) throws IOException {
        tell(VhostUserSpec.SET_VRING_ENABLE, state(index, on ? 1 : 0));
    }

    /**
     * GET_CONFIG.
     *
     * @throws IOException also when the answer has not exactly the size asked for
     */
    public byte[] getConfig(final int offset, final int size, final int flags) throws IOException {
        final byte[] reply =
                ask(
                        VhostUserSpec.GET_CONFIG,
                        le(12 + size).putInt(offset).putInt(size).putInt(flags).array());
        if (reply.length != 12 + size) {
            throw new IOException(
                    "GET_CONFIG of "
                            + size
                            + " bytes at "
                            + offset
                            + " was answered with "
                            + (reply.length - 12));
        }
        return Arrays.copyOfRange(reply, 12, reply.length);
    }

    /** SET_CONFIG. */
    public void setConfig(final int offset, final int flags, final byte... data)
            throws IOException {
        tell(
                VhostUserSpec.SET_CONFIG,
                le(12 + data.length)
                        .putInt(offset)
                        .putInt(data.length)
                        .putInt(flags)
                        .put(data)
                        .array());
    }

    /**
     * GET_INFLIGHT_FD.
     *
     * @return the region, the caller's from now on; null when the back-end has none
     */
    public @Nullable FrontendInflight getInflight(final int queues, final int queueSize)
            throws IOException {
        final FrontendMessage reply =
                connection.call(
                        VhostUserSpec.GET_INFLIGHT_FD,
                        needReply ? VhostUserSpec.NEED_REPLY : 0,
                        inflight(0, 0, queues, queueSize));
        final ByteBuffer payload = reply.buffer();
        final boolean none = payload.remaining() < VhostUserSpec.INFLIGHT_BYTES;
        if (none || payload.getLong(0) == 0 || reply.fds().size() != 1) {
            reply.closeFds();
            return null;
        }
        return new FrontendInflight(
                reply.fds().getFirst(),
                payload.getLong(0),
                payload.getLong(8),
                Short.toUnsignedInt(payload.getShort(16)),
                Short.toUnsignedInt(payload.getShort(18)));
    }

    /** SET_INFLIGHT_FD. */
    public void setInflight(final FrontendInflight region) throws IOException {
        tell(
                VhostUserSpec.SET_INFLIGHT_FD,
                inflight(region.sizeBytes(), region.offset(), region.queues(), region.queueSize()),
                region.fd());
    }

    private static byte[] inflight(
            final long sizeBytes, final long offset, final int queues, final int queueSize) {
        return le(VhostUserSpec.INFLIGHT_BYTES)
                .putLong(sizeBytes)
                .putLong(offset)
                .putShort((short) queues)
                .putShort((short) queueSize)
                .array();
    }

    /** RESET_DEVICE. */
    public void resetDevice() throws IOException {
        tell(VhostUserSpec.RESET_DEVICE, new byte[0]);
    }

    /** SET_STATUS. */
    public void setStatus(final int status) throws IOException {
        tell(VhostUserSpec.SET_STATUS, u64(status));
    }

    /** GET_STATUS. */
    public int getStatus() throws IOException {
        return (int) askLong(VhostUserSpec.GET_STATUS);
    }

    /** SEND_RARP: the back-end tells its network where this MAC address now is. */
    public void sendRarp(final byte[] mac) throws IOException {
        tell(VhostUserSpec.SEND_RARP, le(Long.BYTES).put(mac, 0, NetSpec.MAC_BYTES).array());
    }

    /** NET_SET_MTU: the MTU that the front-end's user chose. */
    public void netSetMtu(final long mtu) throws IOException {
        tell(VhostUserSpec.NET_SET_MTU, u64(mtu));
    }

    /** SET_BACKEND_REQ_FD; the descriptor stays the caller's. */
    public void setBackendRequestFd(final Fd channel) throws IOException {
        tell(VhostUserSpec.SET_BACKEND_REQ_FD, new byte[0], channel);
    }

    /** Hangs up. */
    @Override
    public void close() {
        connection.close();
    }
}
