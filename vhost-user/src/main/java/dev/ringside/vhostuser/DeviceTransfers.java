package dev.ringside.vhostuser;

import dev.ringside.shm.Errno;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.TransferChannel;
import dev.ringside.virtqueue.device.DeviceState;
import dev.ringside.virtqueue.device.DeviceStateException;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The device's state on its way to the front-end or from it (SET_DEVICE_STATE_FD,
 * CHECK_DEVICE_STATE). Bytes move when the channel is ready for them; nobody waits. When the
 * front-end asks how it went, everything that can move has moved: it closed its end, or saw ours
 * closed, before.
 */
final class DeviceTransfers implements AutoCloseable {
    private static final long DONE = 0;
    private static final long FAILED = 1;

    private final VirtioDevice device;
    private final Vrings vrings;
    private final Negotiation negotiation;
    private final SessionHost host;
    private @Nullable TransferChannel channel;
    private boolean saving;

    /** What is to be written, or room for what is read: one byte more than may come. */
    private MemorySegment bytes = MemorySegment.NULL;

    private long moved;

    /** Why the last transfer failed; empty: it did not. */
    private String failure = "there was no transfer";

    DeviceTransfers(VirtioDevice device, Vrings vrings, Negotiation negotiation, SessionHost host) {
        this.device = device;
        this.vrings = vrings;
        this.negotiation = negotiation;
        this.host = host;
    }

    /** SET_DEVICE_STATE_FD: the channel is the front-end's; no descriptor goes back. */
    void begin(FrontendMessage message, Answer answer) {
        if (!negotiation.has(VhostUserSpec.PROTOCOL_F_DEVICE_STATE)) {
            UnofferedRequests.answer(message, answer);
            return;
        }
        end("another transfer began");
        try {
            open(message);
        } catch (ProtocolException e) {
            failure = String.valueOf(e.getMessage());
            answer.refuse(
                    failure,
                    Replies.u64(
                            VhostUserSpec.DEVICE_STATE_ERROR | VhostUserSpec.DEVICE_STATE_NO_FD));
            return;
        }
        answer.reply(Replies.u64(VhostUserSpec.DEVICE_STATE_NO_FD));
        TransferChannel opened = channel;
        if (opened != null) {
            host.watchTransfer(opened.number(), saving, this::move);
        }
    }

    private void open(FrontendMessage message) throws ProtocolException {
        ByteBuffer payload = message.payload();
        if (payload.remaining() != VhostUserSpec.DEVICE_STATE_PARAMETERS_SIZE) {
            throw new ProtocolException(
                    message.name()
                            + ": payload is "
                            + payload.remaining()
                            + " bytes: must be "
                            + VhostUserSpec.DEVICE_STATE_PARAMETERS_SIZE);
        }
        int direction = payload.getInt();
        int phase = payload.getInt();
        boolean toWrite = direction == VhostUserSpec.TRANSFER_SAVE;
        if ((!toWrite && direction != VhostUserSpec.TRANSFER_LOAD)
                || phase != VhostUserSpec.TRANSFER_PHASE_STOPPED) {
            throw new ProtocolException(
                    message.name()
                            + ": direction "
                            + Integer.toUnsignedString(direction)
                            + ", phase "
                            + Integer.toUnsignedString(phase)
                            + ": the specification has 0 and 1, and 0");
        }
        if (vrings.anyStarted()) {
            throw new ProtocolException(message.name() + ": stop every ring before");
        }
        try {
            channel = TransferChannel.open(message.takeFd(), toWrite);
        } catch (LinuxException e) {
            throw new ProtocolException(message.name() + ": " + e.getMessage(), e);
        }
        saving = toWrite;
        byte[] state = toWrite ? device.saveState() : new byte[DeviceState.MAX_BYTES + 1];
        bytes = Arena.ofAuto().allocate(state.length);
        MemorySegment.copy(state, 0, bytes, ValueLayout.JAVA_BYTE, 0, state.length);
        moved = 0;
    }

    /** Moves what can be moved now. */
    private void move() {
        TransferChannel open = channel;
        while (open != null && moved < bytes.byteSize()) {
            MemorySegment rest = bytes.asSlice(moved);
            int result = saving ? open.write(rest) : open.read(rest);
            if (result == -Errno.EAGAIN) {
                return;
            }
            if (result < 0) {
                end(new LinuxException(saving ? "write" : "read", -result).getMessage());
                return;
            }
            moved += result;
            if (result == 0) {
                break;
            }
        }
        if (open != null) {
            end(saving ? "" : load());
        }
    }

    /** Answers why the device could not take the state; empty: it did. */
    private String load() {
        if (moved > DeviceState.MAX_BYTES) {
            return "the state is longer than " + DeviceState.MAX_BYTES + " bytes";
        }
        if (vrings.anyStarted()) {
            return "a ring was started before the state was there";
        }
        try {
            device.loadState(bytes.asSlice(0, moved).toArray(ValueLayout.JAVA_BYTE));
            return "";
        } catch (DeviceStateException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** CHECK_DEVICE_STATE: whether the last transfer succeeded. */
    void check(FrontendMessage message, Answer answer) {
        if (!negotiation.has(VhostUserSpec.PROTOCOL_F_DEVICE_STATE)) {
            UnofferedRequests.answer(message, answer);
            return;
        }
        move();
        end("the channel's other end is still open");
        if (failure.isEmpty()) {
            answer.reply(Replies.u64(DONE));
        } else {
            answer.refuse(
                    message.name() + ": device state not transferred: " + failure,
                    Replies.u64(FAILED));
        }
    }

    /** The transfer is over, if one is under way. */
    private void end(String why) {
        TransferChannel open = channel;
        if (open != null) {
            channel = null;
            failure = why;
            bytes = MemorySegment.NULL;
            host.unwatchTransfer();
            open.close();
        }
    }

    @Override
    public void close() {
        end("the session was closed");
    }
}
