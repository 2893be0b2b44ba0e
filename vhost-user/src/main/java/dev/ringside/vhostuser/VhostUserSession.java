package dev.ringside.vhostuser;

import dev.ringside.shm.GuestMemory;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.ReceivedFds;
import dev.ringside.virtqueue.device.NetControl;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One front-end's connection to one device: takes the bytes that arrive, executes one message after
 * the other, and has its {@link SessionHost} do what needs a socket or a thread. Confined to one
 * thread.
 *
 * <p>A ring starts when SET_VRING_KICK, its size, its addresses and memory under them have all
 * arrived, in any order, and stops by GET_VRING_BASE or a reset.
 */
public final class VhostUserSession implements AutoCloseable {
    private final VirtioDevice device;
    private final SessionHost host;
    private final MessageReader reader;
    private final HostCalls calls = new HostCalls();
    private final Negotiation negotiation;
    private final MemoryTable memory;
    private final InflightTable inflight;
    private final DriverChoices choices;
    private final AddressTranslation translation;
    private final Vrings vrings;
    private final DirtyLogging logging;
    private final VringRequests vringRequests;
    private final ConfigSpace config;
    private final BackendChannel backendChannel;
    private final DeviceResets resets;
    private final DeviceTransfers transfers;
    private final Postcopy postcopy;
    private boolean inProgress;
    private boolean parked;
    private boolean broken;
    private boolean closed;

    /**
     * A new connection, of which nothing has arrived yet.
     *
     * @param device outlives the session; its queues run through the host
     */
    public VhostUserSession(VirtioDevice device, SessionHost host, SessionLimits limits) {
        this.device = device;
        this.host = host;
        reader = new MessageReader(limits.maxPayloadBytes());
        negotiation = new Negotiation(device);
        backendChannel = new BackendChannel(host, negotiation, this::suspended);
        translation = new AddressTranslation(negotiation, host, calls, backendChannel);
        memory = new MemoryTable(limits, host, calls, translation);
        inflight = new InflightTable(negotiation, limits, device.queueCount());
        choices = new DriverChoices(device, host, inflight);
        vrings =
                new Vrings(
                        device.queueCount(),
                        host,
                        calls,
                        negotiation,
                        translation,
                        inflight,
                        this::ringStarted,
                        remedy(device));
        translation.serve(vrings);
        negotiation.onFeatures(translation::clear);
        logging = new DirtyLogging(vrings, host, calls, negotiation, memory::memory);
        vrings.logBy(logging::logOf);
        vrings.beforeStart(choices::decide);
        vringRequests = new VringRequests(vrings, host, calls, logging, device.maxQueueSize());
        config = new ConfigSpace(device, host, calls, choices, limits);
        resets = new DeviceResets(vrings, negotiation, inflight, host);
        transfers = new DeviceTransfers(device, vrings, negotiation, host);
        postcopy = new Postcopy(memory, vrings, negotiation, host, calls);
    }

    /**
     * The session that another one was saved as, parked: its device goes on with the same features.
     * The host has the back-end channel already.
     *
     * @param saved its descriptors belong to the session from now on, also when this throws
     * @throws ProtocolException when this device, or this version, cannot go on with it
     * @throws LinuxException when the memory cannot be mapped, or an eventfd is none
     */
    public static VhostUserSession restore(
            VirtioDevice device, SessionHost host, SessionLimits limits, SavedSession saved)
            throws ProtocolException, LinuxException {
        VhostUserSession session = new VhostUserSession(device, host, limits);
        try {
            session.restore(saved);
            return session;
        } catch (ProtocolException | LinuxException | RuntimeException e) {
            session.close();
            saved.close();
            throw e;
        }
    }

    private void restore(SavedSession saved) throws ProtocolException, LinuxException {
        negotiation.restore(saved);
        memory.restore(saved.regions());
        inflight.restore(saved.inflight());
        vrings.restore(saved.rings());
        resets.restore(saved.status());
        choices.restore(saved.configRead());
        logging.restore(saved.logging());
        translation.restore(saved.channel().unanswered());
        backendChannel.restore(saved.channel());
        reader.resume(HexFormat.of().parseHex(saved.messageHex()), saved.messageFds());
        parked = true;
    }

    /** How many regions of memory the front-end shares now. */
    public int memoryRegions() {
        return memory.count();
    }

    /** The sum of their sizes. */
    public long mappedBytes() {
        return memory.mappedBytes();
    }

    /** Whether the next message may be read: false while one waits for the host, or parked. */
    public boolean idle() {
        return !inProgress && !parked && !broken && !closed;
    }

    /**
     * Stops every ring for a while: what the front-end has set up lasts, and it hears nothing. Not
     * before {@link #unpark} does the session take bytes again.
     *
     * @throws IllegalStateException when not {@link #idle()}
     */
    public void park(Runnable done) {
        if (!idle()) {
            throw new IllegalStateException("a session that is not idle cannot be parked");
        }
        parked = true;
        vrings.park(done);
    }

    /** Starts what was parked, or saved as running, where it was. Each driver gets one call. */
    public void unpark(Runnable done) {
        parked = false;
        vrings.unpark(done);
    }

    /**
     * All that is known, of a session whose rings are all parked. The descriptors stay its own.
     *
     * @throws IllegalStateException when it is not parked, or its memory arrives by postcopy
     */
    public SavedSession save() {
        if (!parked || vrings.anyStarted()) {
            throw new IllegalStateException("only a parked session can be saved");
        }
        if (postcopy.underWay()) {
            throw new IllegalStateException(
                    "its virtual machine is being migrated here: try again when that is over");
        }
        return new SavedSession(
                negotiation.features(),
                negotiation.protocolFeatures(),
                negotiation.protocolFeaturesTaken(),
                resets.status(),
                choices.wasConfigRead(),
                memory.save(),
                vrings.save(),
                inflight.save(),
                logging.save(),
                backendChannel.save(translation.unanswered()),
                HexFormat.of().formatHex(reader.begun()),
                reader.begunFds());
    }

    // QEMU takes GET_QUEUE_NUM of a NIC for pairs: it learns of too few by this alone.
    private static String remedy(VirtioDevice device) {
        return device instanceof NetControl
                ? "raise --queue-pairs, or lower QEMU's queues="
                : "raise --num-queues, or lower the front-end's num-queues=";
    }

    /** How many bytes to read next: the rest of a header, then the rest of its payload. */
    public int wanted() {
        return reader.wanted();
    }

    /**
     * Takes the next bytes of the socket, at most {@link #wanted()} of them, and executes the
     * message that they complete.
     *
     * @param fds the descriptors that came with these bytes; emptied in any case
     * @throws ProtocolException when the session is over
     * @throws IllegalStateException when not {@link #idle()}
     */
    public void onData(MemorySegment bytes, ReceivedFds fds) throws ProtocolException {
        if (!idle()) {
            fds.close();
            throw new IllegalStateException("bytes were read although the session is not idle");
        }
        try {
            FrontendMessage message = reader.accept(bytes, fds);
            if (message != null) {
                execute(message);
            }
        } catch (ProtocolException e) {
            broken = true;
            throw e;
        }
    }

    private void execute(FrontendMessage message) throws ProtocolException {
        inProgress = true;
        Answer answer = new Answer(message, negotiation, host, () -> inProgress = false);
        try (message) {
            FrontendRequest request = message.request();
            if (request != null) {
                request.checkPayloadSize(message.payload().remaining());
            }
            dispatch(request, message, answer);
        } catch (ProtocolException e) {
            answer.fail(e);
        }
    }

    private void dispatch(@Nullable FrontendRequest request, FrontendMessage message, Answer answer)
            throws ProtocolException {
        switch (request) {
            case null -> UnofferedRequests.answer(message, answer);
            case GET_FEATURES -> negotiation.getFeatures(answer);
            case SET_FEATURES -> negotiation.setFeatures(message, vrings, logging, answer);
            case GET_PROTOCOL_FEATURES -> negotiation.getProtocolFeatures(answer);
            case SET_PROTOCOL_FEATURES -> negotiation.setProtocolFeatures(message, answer);
            // Deprecated; "it is recommended that back-ends either ignore this message, or ..."
            case SET_OWNER, RESET_OWNER -> answer.done();
            case GET_QUEUE_NUM -> answer.reply(Replies.u64(device.queueCount()));
            case SET_MEM_TABLE, ADD_MEM_REG -> postcopy.memory(message, answer);
            case GET_MAX_MEM_SLOTS -> memory.getMaxSlots(answer);
            case REM_MEM_REG -> memory.remove(message, vrings, answer);
            case SET_LOG_BASE -> logging.setBase(message, answer);
            case SET_LOG_FD -> logging.setFd(message, answer);
            case SET_VRING_NUM -> vringRequests.setNum(message, answer);
            case SET_VRING_ADDR -> vringRequests.setAddr(message, answer);
            case SET_VRING_BASE -> vringRequests.setBase(message, answer);
            case GET_VRING_BASE -> vringRequests.getBase(message, answer);
            case SET_VRING_KICK -> vringRequests.setKick(message, answer);
            case SET_VRING_CALL -> vringRequests.setCall(message, answer);
            case SET_VRING_ERR -> vringRequests.setErr(message, answer);
            case SET_VRING_ENABLE -> vringRequests.setEnable(message, answer);
            case GET_CONFIG -> config.get(message, answer);
            case SET_CONFIG -> config.set(message, answer);
            case SET_BACKEND_REQ_FD -> {
                backendChannel.set(message, answer);
                translation.channelOpened();
            }
            case IOTLB_MSG -> translation.onMessage(message, vrings, answer);
            case GET_INFLIGHT_FD -> inflight.get(message, answer);
            case SET_INFLIGHT_FD -> inflight.set(message, vrings, answer);
            case RESET_DEVICE -> resets.resetDevice(answer);
            case GET_STATUS -> resets.getStatus(answer);
            case SET_STATUS -> resets.setStatus(message, answer);
            case POSTCOPY_ADVISE -> postcopy.advise(message, answer);
            case POSTCOPY_LISTEN -> postcopy.listen(message, answer);
            case POSTCOPY_END -> postcopy.end(message, answer);
            case SET_DEVICE_STATE_FD -> transfers.begin(message, answer);
            case CHECK_DEVICE_STATE -> transfers.check(message, answer);
            case NET_SET_MTU, SEND_RARP -> NetRequests.answer(device, request, message, answer);
            default -> UnofferedRequests.answer(message, answer);
        }
    }

    // A method, because the rings are made after the channel.
    private boolean suspended() {
        return !vrings.anyStarted();
    }

    /** How many bytes to read next from the back-end channel. */
    public int backendWanted() {
        return backendChannel.wanted();
    }

    /**
     * Takes the next bytes of the back-end channel, at most {@link #backendWanted} of them.
     *
     * @throws ProtocolException when the session is over
     */
    public void onBackendData(MemorySegment bytes) throws ProtocolException {
        Boolean success = backendChannel.accept(bytes);
        if (success != null) {
            translation.answered(success);
        }
    }

    /** A running queue lacks translations: see TranslationListener. */
    void missed(int queue, long[] pages, byte[] access) {
        translation.missed(queue, pages, access);
    }

    private void ringStarted() {
        postcopy.ringStarted();
        backendChannel.tellIfPossible();
    }

    /**
     * Tells the front-end that the configuration space changed, when it has given a channel for
     * that and negotiated it; while every ring is stopped, when the first one starts.
     */
    public void configChanged() {
        if (!closed) {
            backendChannel.configChanged();
        }
    }

    /**
     * The host says that a queue stopped itself. It stays the host's until the front-end, or a
     * reset, has the session stop it.
     *
     * @throws IndexOutOfBoundsException when the device has no such queue
     */
    public void queueFaulted(int index) {
        vrings.all().get(index).faulted = true;
    }

    /** The memory that the front-end has given so far. */
    public GuestMemory memory() {
        return memory.memory();
    }

    /** The device's features that were negotiated. */
    public long negotiatedFeatures() {
        return negotiation.features();
    }

    /** All rings, for people. */
    public List<RingState> rings() {
        return vrings.all().stream().map(Vring::state).toList();
    }

    /**
     * Releases all descriptors and mappings. The host has stopped every queue before; a call that
     * it has not acknowledged yet may be acknowledged later, or never. Does nothing the second
     * time.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        reader.close();
        calls.close();
        transfers.close();
        vrings.close();
        translation.close();
        choices.close();
        inflight.close();
        logging.close();
        memory.close();
        backendChannel.close();
    }
}
