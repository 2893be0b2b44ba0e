package dev.ringside.server.sim;

import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.QueueLayout;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.server.sim.SimProcess.Reply;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The VMM: sends one message after the other, each in a step of its own, so that anything can
 * happen between any two of them. What it does is a script; what the back-end's death leaves of a
 * script is forgotten.
 */
final class SimFrontend implements AutoCloseable {
    private static final long EXTRA_BYTES = 1 << 16;
    private static final long EXTRA_ADDRESS = 1L << 34;

    private static final int VRING_F_LOG = 1;

    private final WorldSpec spec;
    private final SimDriver driver;
    private final SimLog log;
    private final FrontendRegion extra;
    private final EventFd error;
    private final SimScript script = new SimScript();
    private final int[] bases;
    private long offered;
    private long protocolOffered;
    private long protocolTaken;
    private boolean started;
    private boolean logging;
    private boolean extraShared;

    /** The configuration was read, once for each time that the machine is switched on. */
    private boolean introduced;

    private @Nullable Fd inflight;
    private byte[] inflightLayout = new byte[0];

    SimFrontend(final WorldSpec spec, final SimDriver driver, final SimLog log) throws Exception {
        this.spec = spec;
        this.log = log;
        this.driver = driver;
        extra = FrontendRegion.create(EXTRA_ADDRESS, EXTRA_BYTES);
        error = EventFd.create();
        bases = new int[spec.queues()];
        Arrays.fill(bases, spec.firstBase());
    }

    /** Whether the device runs and nothing is being said. */
    boolean quiet() {
        return started && script.ended();
    }

    /** The back-end is connected: negotiates and starts all rings. */
    void connected() {
        script.clear();
        extraShared = false;
        negotiate();
        if (!introduced) {
            final byte[] wish =
                    Wire.buffer(12 + BlkSpec.CONFIG_BYTES)
                            .putInt(0)
                            .putInt(BlkSpec.CONFIG_BYTES)
                            .array();
            ask(VhostUserSpec.GET_CONFIG, wish, reply -> introduced = true);
        }
        activate();
    }

    /** The connection is lost: from where each ring shall go on. */
    void disconnected() {
        script.clear();
        logging = false;
        log.end();
        // Nothing in a packed ring tells how far a device had come: there the old bases stay.
        for (int i = 0; i < bases.length && !spec.packed(); i++) {
            final DriverQueue ring = driver.ring(i);
            bases[i] = spec.qemu() ? ring.ring().usedIndex() : ring.ring().availableIndex();
        }
    }

    /** The machine went down: nothing of before counts. */
    void reset() {
        script.clear();
        introduced = false;
        forget();
    }

    private void forget() {
        started = false;
        logging = false;
        log.end();
        for (int i = 0; i < bases.length; i++) {
            bases[i] = driver.ring(i).startBase();
        }
        dropInflight();
    }

    private void dropInflight() {
        final Fd held = inflight;
        if (held != null) {
            held.close();
            inflight = null;
        }
    }

    /** Takes a reply or says the next thing; false when it has to wait or has nothing to say. */
    boolean step(final SimProcess process) {
        return script.step(process);
    }

    /** The connection is about to be lost: what was said before still arrives. */
    void hear(final SimProcess process) {
        script.hear(process);
    }

    private void negotiate() {
        ask(VhostUserSpec.GET_FEATURES, new byte[0], reply -> offered = Wire.u64(reply));
        ask(
                VhostUserSpec.GET_PROTOCOL_FEATURES,
                new byte[0],
                reply -> protocolOffered = Wire.u64(reply));
        tell(
                VhostUserSpec.SET_PROTOCOL_FEATURES,
                () -> {
                    protocolTaken = protocolOffered & spec.protocolFeatures();
                    script.needReplies(
                            (protocolTaken >>> VhostUserSpec.PROTOCOL_F_REPLY_ACK & 1) != 0);
                    return Wire.u64(protocolTaken);
                });
        tell(VhostUserSpec.SET_OWNER, () -> new byte[0]);
    }

    /** Everything from the features to the running rings. */
    private void activate() {
        tell(VhostUserSpec.SET_FEATURES, this::features);
        if (spec.qemu()) {
            shareInflight();
            shareMemory();
            for (int i = 0; i < spec.queues(); i++) {
                size(i);
                base(i);
                addresses(i);
                kick(i);
                call(i);
            }
        } else {
            shareMemory();
            for (int i = 0; i < spec.queues(); i++) {
                size(i);
            }
            shareInflight();
            for (int i = 0; i < spec.queues(); i++) {
                addresses(i);
                base(i);
                call(i);
                kick(i);
            }
        }
        for (int i = 0; i < spec.queues(); i++) {
            enable(i, true);
        }
        then(() -> started = true);
    }

    private byte[] features() {
        final long wanted = offered & spec.accepted();
        if (wanted != spec.accepted()) {
            throw new SimFailure("not offered: 0x" + Long.toHexString(spec.accepted() & ~offered));
        }
        return Wire.u64(
                wanted
                        | 1L << VhostUserSpec.F_PROTOCOL_FEATURES
                        | (logging ? 1L << VhostUserSpec.F_LOG_ALL : 0));
    }

    private void shareInflight() {
        if (!spec.inflight()) {
            return;
        }
        if (inflight == null) {
            final byte[] wish =
                    Wire.buffer(20)
                            .putLong(0)
                            .putLong(0)
                            .putShort((short) spec.queues())
                            .putShort((short) spec.ringSize())
                            .array();
            ask(VhostUserSpec.GET_INFLIGHT_FD, wish, this::takeInflight);
        }
        script.add(
                VhostUserSpec.SET_INFLIGHT_FD,
                () -> inflightLayout,
                () -> List.of(Wire.duplicate(inflight)));
    }

    private void takeInflight(final Reply reply) {
        if (reply.fds().size() != 1) {
            throw new SimFailure("GET_INFLIGHT_FD brought no descriptor");
        }
        dropInflight();
        inflight = reply.fds().getFirst();
        inflightLayout =
                Arrays.copyOfRange(
                        reply.message(), VhostUserSpec.HEADER_BYTES, reply.message().length);
    }

    private void shareMemory() {
        script.add(
                VhostUserSpec.SET_MEM_TABLE,
                this::table,
                () ->
                        driver.memory().regions().stream()
                                .map(region -> Wire.duplicate(region.fd()))
                                .toList());
    }

    private byte[] table() {
        extraShared = false;
        final List<FrontendRegion> regions = driver.memory().regions();
        return Wire.table(regions);
    }

    private void size(final int queue) {
        tell(VhostUserSpec.SET_VRING_NUM, () -> Wire.state(queue, spec.ringSize()));
    }

    private void base(final int queue) {
        tell(VhostUserSpec.SET_VRING_BASE, () -> Wire.state(queue, bases[queue]));
    }

    private void addresses(final int queue) {
        tell(
                VhostUserSpec.SET_VRING_ADDR,
                () -> {
                    final QueueLayout at = driver.ring(queue).layout();
                    return Wire.buffer(40)
                            .putInt(queue)
                            .putInt(logging ? VRING_F_LOG : 0)
                            .putLong(driver.memory().userAddress(at.descriptorGuestAddress()))
                            .putLong(driver.memory().userAddress(at.deviceGuestAddress()))
                            .putLong(driver.memory().userAddress(at.driverGuestAddress()))
                            .putLong(at.deviceGuestAddress())
                            .array();
                });
    }

    private void kick(final int queue) {
        file(VhostUserSpec.SET_VRING_KICK, queue, driver.ring(queue).kickFd());
    }

    private void call(final int queue) {
        file(VhostUserSpec.SET_VRING_CALL, queue, driver.ring(queue).callFd());
    }

    private void file(final int request, final int queue, final EventFd fd) {
        script.add(request, () -> Wire.u64(queue), () -> List.of(Wire.duplicate(fd.fd())));
    }

    private void enable(final int queue, final boolean enabled) {
        tell(VhostUserSpec.SET_VRING_ENABLE, () -> Wire.state(queue, enabled ? 1 : 0));
    }

    private void stop(final int queue) {
        ask(
                VhostUserSpec.GET_VRING_BASE,
                Wire.state(queue, 0),
                reply -> {
                    final ByteBuffer told = Wire.payload(reply, VhostUserSpec.HEADER_BYTES);
                    if (told.getInt() != queue) {
                        throw new SimFailure("the base of another queue came");
                    }
                    bases[queue] = told.getInt();
                    checkStopped(queue);
                });
    }

    /** What was taken was used before the base was told, but for what waits for the disk. */
    private void checkStopped(final int queue) {
        if (spec.leavesRequests()) {
            return;
        }
        final int base = bases[queue];
        final int used =
                spec.packed() ? base >>> Short.SIZE : driver.ring(queue).ring().usedIndex();
        if ((base & 0xffff) != used) {
            throw new SimFailure(
                    "queue "
                            + queue
                            + " stopped at 0x"
                            + Integer.toHexString(base)
                            + ", but used is 0x"
                            + Integer.toHexString(used));
        }
    }

    /** Stops all rings, as for a pause or a snapshot, and starts the device again. */
    void restart() {
        stopAll();
        activate();
    }

    /** Stops all rings, and leaves them so. */
    void stopAll() {
        for (int i = 0; i < spec.queues(); i++) {
            stop(i);
        }
    }

    /** Stops one ring and starts it again. */
    void restartOne(final int queue) {
        stop(queue);
        size(queue);
        base(queue);
        addresses(queue);
        call(queue);
        kick(queue);
        enable(queue, true);
    }

    /** Disables one ring for a while. */
    void pause(final int queue) {
        enable(queue, false);
        enable(queue, true);
    }

    /** Shares the same memory anew: every mapping is replaced. */
    void remap() {
        shareMemory();
    }

    /** Adds a region that nothing lies in, or removes it. */
    void hotplug() {
        script.add(
                extraShared ? VhostUserSpec.REM_MEM_REG : VhostUserSpec.ADD_MEM_REG,
                () -> {
                    extraShared = !extraShared;
                    return Wire.region(extra);
                },
                () -> extraShared ? List.of(Wire.duplicate(extra.fd())) : List.of());
    }

    /** Has everything logged from now on, or takes another log, or ends logging. */
    void changeLog(final boolean end) {
        final boolean wasLogging = logging;
        if (wasLogging && end) {
            then(
                    () -> {
                        log.pause();
                        logging = false;
                    });
            switchLogging();
            then(log::end);
            return;
        }
        giveLog();
        if (!wasLogging) {
            then(() -> logging = true);
            switchLogging();
            then(log::begin);
        }
    }

    private void giveLog() {
        final FrontendRegion next = log.next();
        script.ask(
                VhostUserSpec.SET_LOG_BASE,
                () -> Wire.buffer(16).putLong(next.sizeBytes()).putLong(0).array(),
                () -> List.of(Wire.duplicate(next.fd())),
                reply -> log.replaced());
    }

    private void switchLogging() {
        tell(VhostUserSpec.SET_FEATURES, this::features);
        for (int i = 0; i < spec.queues(); i++) {
            addresses(i);
        }
    }

    /** Gives one ring its eventfds again. */
    void renewFds(final int queue) {
        call(queue);
        kick(queue);
        file(VhostUserSpec.SET_VRING_ERR, queue, error);
    }

    /** The driver switches the write cache off or on, and relies on it when that is done. */
    void setWriteCache(final boolean on, final Runnable done) {
        script.tell(
                VhostUserSpec.SET_CONFIG,
                () ->
                        Wire.buffer(13)
                                .putInt(BlkSpec.CONFIG_WCE)
                                .putInt(1)
                                .putInt(0)
                                .put((byte) (on ? 1 : 0))
                                .array(),
                done);
    }

    /** The guest reboots: stops the rings, resets the device, begins anew. */
    void reboot(final Runnable whenReset) {
        stopAll();
        tell(VhostUserSpec.RESET_DEVICE, () -> new byte[0]);
        // A request whose reply proves that the one before is done.
        ask(VhostUserSpec.GET_FEATURES, new byte[0], reply -> offered = Wire.u64(reply));
        then(
                () -> {
                    whenReset.run();
                    forget();
                    // What follows depends on what the front-end holds now.
                    activate();
                });
    }

    private void then(final Runnable action) {
        script.then(action);
    }

    private void tell(final int request, final Supplier<byte[]> payload) {
        script.add(request, payload, List::of);
    }

    private void ask(final int request, final byte[] payload, final Consumer<Reply> onReply) {
        script.ask(request, () -> payload, List::of, onReply);
    }

    @Override
    public void close() {
        dropInflight();
        extra.close();
        error.close();
    }
}
