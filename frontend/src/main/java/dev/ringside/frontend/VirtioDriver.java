package dev.ringside.frontend;

import dev.ringside.shm.Fd;
import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is the same for every device of a front-end: starts it over vhost-user like one of the real
 * front-ends, changes its memory while it runs, stops it, starts it again on another connection.
 *
 * <p>Control methods: one thread at a time. Each queue may be driven by a thread of its own
 * meanwhile.
 */
public abstract sealed class VirtioDriver implements AutoCloseable permits BlkDriver, NetDriver {
    private final FrontendMemory memory;
    private final StartOptions options;
    private final List<DriverQueue> queues = new ArrayList<>();
    private final Map<DriverQueue, Integer> bases = new HashMap<>();
    // What the back-end holds by ADD_MEM_REG: like QEMU, a restart adds nothing twice.
    private final Set<FrontendRegion> sharedSlots = new HashSet<>();
    private FrontendProtocol protocol;
    private @Nullable FrontendInflight inflight;
    private @Nullable FrontendConnection backendChannel;
    private @Nullable Fd backendChannelPeer;
    private long features;
    private byte[] config = new byte[0];

    VirtioDriver(
            final FrontendProtocol protocol,
            final FrontendMemory memory,
            final StartOptions options) {
        this.protocol = protocol;
        this.memory = memory;
        this.options = options;
    }

    /** Makes the rings, once the features are known; {@link #newQueue} helps. */
    abstract void makeQueues() throws IOException;

    /** How many bytes of configuration a front-end asks for in one go. */
    abstract int configBytes(StartOrder order);

    /** Whether the front-end of this order tracks what is in flight for such a device. */
    abstract boolean tracksInflight(StartOrder order);

    /** All of the start; closes the driver when it fails. */
    final void start() throws IOException {
        try {
            negotiate();
            makeQueues();
            activate();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The start without memory and rings; closes the driver when it fails. */
    final void probe() throws IOException {
        try {
            negotiate();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private void negotiate() throws IOException {
        final StartSequence.Negotiated result = new StartSequence(this).negotiate();
        features = result.features();
        config = result.config();
    }

    /** One more ring, with its indirect tables where the options ask for them. */
    final void newQueue(final int index) throws IOException {
        final QueueLayout layout = QueueLayout.allocate(memory, index, options.queueSize());
        final DriverQueue queue = DriverQueue.create(memory, layout, features);
        queues.add(queue);
        if (options.indirectEntries() > 0 && has(VirtioSpec.F_INDIRECT_DESC)) {
            queue.enableIndirect(memory, options.indirectEntries());
        }
    }

    /** Sends what makes the rings run, from the bases known now. */
    public void activate() throws IOException {
        new StartSequence(this).activate(queues);
    }

    /** Shares all memory in the way the negotiated features ask for. */
    public void shareMemory() throws IOException {
        if (!protocol.has(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS)) {
            tellMemoryTable();
            return;
        }
        for (final FrontendRegion region : memory.regions()) {
            addSlot(region);
        }
    }

    private void addSlot(final FrontendRegion region) throws IOException {
        if (sharedSlots.add(region)) {
            protocol.tellAndWait(
                    VhostUserSpec.ADD_MEM_REG, FrontendProtocol.memoryRegion(region), region.fd());
        }
    }

    private void tellMemoryTable() throws IOException {
        protocol.tellAndWait(
                VhostUserSpec.SET_MEM_TABLE,
                FrontendProtocol.memoryTable(memory.regions()),
                memory.regions().stream().map(FrontendRegion::fd).toArray(Fd[]::new));
    }

    /** Shows the back-end the in-flight region, or gets one from it when there is none yet. */
    void shareInflight() throws IOException {
        if (!protocol.has(VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD)
                || !tracksInflight(options.order())) {
            return;
        }
        FrontendInflight held = inflight;
        if (held == null) {
            held = protocol.getInflight(queues.size(), options.queueSize());
            inflight = held;
        }
        if (held != null) {
            protocol.setInflight(held);
        }
    }

    /** The in-flight region that is shown to back-ends; null when there is none. */
    public @Nullable FrontendInflight inflight() {
        return inflight;
    }

    /** Shows another in-flight region from the next {@link #activate} on; null: gets a new one. */
    public void inflight(final @Nullable FrontendInflight region) {
        inflight = region;
    }

    private void dropInflight() {
        if (inflight != null) {
            inflight.close();
            inflight = null;
        }
    }

    /** Adds a region to the memory and tells the back-end; the rings may run. */
    public void addMemory(final FrontendRegion region) throws IOException {
        memory.add(region);
        if (protocol.has(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS)) {
            addSlot(region);
        } else {
            tellMemoryTable();
        }
    }

    /** Takes a region away from the back-end, then from the memory, and closes it. */
    public void removeMemory(final FrontendRegion region) throws IOException {
        memory.remove(region);
        sharedSlots.remove(region);
        if (protocol.has(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS)) {
            protocol.tellAndWait(VhostUserSpec.REM_MEM_REG, FrontendProtocol.memoryRegion(region));
        } else {
            tellMemoryTable();
        }
        region.close();
    }

    /**
     * Stops every ring by GET_VRING_BASE; what was in flight is done when this returns.
     *
     * @return the bases in the order of the queues
     */
    public List<Integer> stop() throws IOException {
        final List<Integer> result = new ArrayList<>();
        for (final DriverQueue queue : queues) {
            final int base = protocol.getVringBase(queue.layout().index());
            bases.put(queue, base);
            result.add(base);
        }
        return result;
    }

    /** Forgets all requests and bases, as a driver does that resets its device. */
    public void resetQueues() {
        bases.clear();
        dropInflight();
        queues.forEach(DriverQueue::reset);
    }

    /**
     * Gives a stopped queue another place in the memory, where it starts from 0; the old ring's
     * bytes stay as they are.
     */
    public DriverQueue moveQueue(final int index) throws IOException {
        return moveQueue(index, queues.get(index).layout().size());
    }

    private DriverQueue moveQueue(final int index, final int size) throws IOException {
        final DriverQueue old = queues.get(index);
        final QueueLayout layout = QueueLayout.allocate(memory, index, size);
        final DriverQueue moved = DriverQueue.create(memory, layout, features);
        bases.remove(old);
        old.close();
        queues.set(index, moved);
        return moved;
    }

    /**
     * Resets one queue while the others go on (virtio 1.3 section 2.6.1, RING_RESET), and starts it
     * anew in another place with another size, by the messages that QEMU sends for it. What was in
     * flight is forgotten.
     */
    public DriverQueue resetQueue(final int index, final int size) throws IOException {
        protocol.getVringBase(index);
        final DriverQueue fresh = moveQueue(index, size);
        new StartSequence(this).restart(fresh);
        return fresh;
    }

    /** Lets a queue go on from a base of the caller's choice at the next {@link #activate}. */
    public void base(final DriverQueue queue, final int base) {
        bases.put(queue, base);
    }

    /** The base that a queue starts from. */
    int base(final DriverQueue queue) {
        return bases.getOrDefault(queue, queue.startBase());
    }

    /** Hangs up, and goes on with the same rings on another connection. */
    public void reconnect(final FrontendConnection connection, final BaseConvention convention)
            throws IOException {
        protocol.close();
        closeBackendChannel();
        protocol = new FrontendProtocol(connection);
        sharedSlots.clear();
        for (final DriverQueue queue : queues) {
            if (convention == BaseConvention.AVAILABLE_INDEX) {
                bases.put(queue, queue.base());
            } else if (!has(VirtioSpec.F_RING_PACKED)) {
                bases.put(queue, queue.ring().usedIndex());
            }
        }
        negotiate();
        activate();
    }

    /** Makes the socket pair on which the back-end may speak first; returns the back-end's end. */
    Fd openBackendChannel() throws IOException {
        closeBackendChannel();
        final UnixSocket[] pair = UnixSocket.pair();
        backendChannel = FrontendConnection.over(pair[0]);
        backendChannelPeer = pair[1].fd();
        return backendChannelPeer;
    }

    private void closeBackendChannel() {
        if (backendChannel != null) {
            backendChannel.close();
            backendChannel = null;
        }
        if (backendChannelPeer != null) {
            backendChannelPeer.close();
            backendChannelPeer = null;
        }
    }

    /**
     * Waits for the back-end to say that the configuration changed, acknowledges it when asked to,
     * and reads the configuration again.
     */
    public void awaitConfigChange() throws IOException {
        final FrontendConnection channel = backendChannel;
        if (channel == null) {
            throw new IOException("the back-end has no channel: BACKEND_REQ was not negotiated");
        }
        final FrontendMessage message = channel.receive();
        message.closeFds();
        if (message.request() != VhostUserSpec.BACKEND_CONFIG_CHANGE_MSG) {
            throw new IOException("back-end message " + message.request() + " was not expected");
        }
        if ((message.flags() & VhostUserSpec.NEED_REPLY) != 0) {
            channel.send(message.request(), VhostUserSpec.REPLY, new byte[Long.BYTES]);
        }
        config = protocol.getConfig(0, config.length, 0);
    }

    /** The channel on which the back-end may speak first; null when there is none. */
    public @Nullable FrontendConnection backendChannel() {
        return backendChannel;
    }

    /** Whether a feature was negotiated, by its bit number. */
    public boolean has(final int featureBit) {
        return (features & VhostUserSpec.bit(featureBit)) != 0;
    }

    /** The negotiated features. */
    public long features() {
        return features;
    }

    /** The configuration space as read last, from offset 0. */
    public ByteBuffer config() {
        return ByteBuffer.wrap(config)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asReadOnlyBuffer()
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /** What was asked for. */
    StartOptions startOptions() {
        return options;
    }

    /** The messages, for what this class does not do. */
    public FrontendProtocol protocol() {
        return protocol;
    }

    /** The shared memory. */
    public FrontendMemory memory() {
        return memory;
    }

    /** The queues, by index. */
    public List<DriverQueue> queues() {
        return queues;
    }

    /** One queue. */
    public DriverQueue queue(final int index) {
        return queues.get(index);
    }

    /** Hangs up and frees the memory. */
    @Override
    public void close() {
        protocol.close();
        closeBackendChannel();
        dropInflight();
        queues.forEach(DriverQueue::close);
        memory.close();
    }
}
