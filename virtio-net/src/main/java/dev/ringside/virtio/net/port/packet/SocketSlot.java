package dev.ringside.virtio.net.port.packet;

import dev.ringside.shm.PacketSocket;
import dev.ringside.virtqueue.device.Doorbell;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The way of packet sockets between the control executor, which opens and closes them, since that
 * may block, and a shard, which alone uses them.
 */
final class SocketSlot {
    private final Executor control;
    private final Doorbell doorbell;
    private final AtomicReference<@Nullable PacketSocket> offered = new AtomicReference<>();
    private volatile boolean wanted = true;

    /** Says to the control executor that {@link #taken} is there. */
    private volatile boolean inUse;

    private @Nullable PacketSocket taken;

    SocketSlot(Executor control, Doorbell doorbell) {
        this.control = control;
        this.doorbell = doorbell;
    }

    /** Control: whether it is worth opening a socket. */
    boolean wanted() {
        return wanted && !inUse && offered.get() == null;
    }

    /** Control: gives a socket; it is closed when nobody wants it any more. */
    void offer(PacketSocket socket) {
        boolean given = offered.compareAndSet(null, socket);
        // Either this sees that it is not wanted, or the shard sees what was offered.
        if (!given || (!wanted && offered.compareAndSet(socket, null))) {
            socket.close();
            return;
        }
        doorbell.ring();
    }

    /** Shard: whether {@link #take} would give a socket. */
    boolean hasOffer() {
        return wanted && taken == null && offered.get() != null;
    }

    /** Shard: the socket in use; null: none. */
    @Nullable PacketSocket taken() {
        return taken;
    }

    /** Shard: goes on with what was offered, if something was. */
    @Nullable PacketSocket take() {
        if (offered.get() == null) {
            return taken;
        }
        // Before the place is free: else another socket is opened meanwhile, which nobody reads.
        inUse = true;
        PacketSocket next = offered.getAndSet(null);
        if (next != null) {
            closeLater(taken);
            taken = next;
        }
        inUse = taken != null;
        return taken;
    }

    /** Shard: wants sockets, or none any more: then those that are there are closed. */
    void want(boolean value) {
        wanted = value;
        if (!value) {
            drop();
            closeLater(offered.getAndSet(null));
        }
    }

    /** Shard: the socket in use is of no more use. */
    void drop() {
        closeLater(taken);
        taken = null;
        inUse = false;
    }

    private void closeLater(@Nullable PacketSocket socket) {
        if (socket != null) {
            control.execute(socket::close);
        }
    }
}
