package dev.ringside.vhostuser;

import dev.ringside.virtqueue.device.VirtioDevice;
import java.nio.ByteBuffer;

/** GET_CONFIG and SET_CONFIG: the device's configuration space. */
final class ConfigSpace {
    private static final byte[] ERROR = new byte[0];

    private final VirtioDevice device;
    private final SessionHost host;
    private final HostCalls calls;
    private final DriverChoices choices;
    private final int maxBytes;

    ConfigSpace(
            VirtioDevice device,
            SessionHost host,
            HostCalls calls,
            DriverChoices choices,
            SessionLimits limits) {
        this.device = device;
        this.host = host;
        this.calls = calls;
        this.choices = choices;
        this.maxBytes = limits.maxPayloadBytes() - VhostUserSpec.CONFIG_HEADER_SIZE;
    }

    /**
     * Any size at any offset, with zeroes beyond the end of the space, whether features are
     * negotiated or not. Flags have no meaning here. "Zero length of payload" says error.
     */
    void get(FrontendMessage message, Answer answer) {
        ByteBuffer payload = message.payload();
        if (payload.remaining() < VhostUserSpec.CONFIG_HEADER_SIZE) {
            answer.refuse(
                    message.name()
                            + ": payload is "
                            + payload.remaining()
                            + " bytes: must be at least "
                            + VhostUserSpec.CONFIG_HEADER_SIZE,
                    ERROR);
            return;
        }
        int offset = payload.getInt();
        int size = payload.getInt();
        int flags = payload.getInt();
        if (offset < 0 || size < 0 || size > maxBytes) {
            answer.refuse(
                    message.name()
                            + ": offset is "
                            + Integer.toUnsignedString(offset)
                            + ", size is "
                            + Integer.toUnsignedString(size)
                            + ": at most "
                            + maxBytes
                            + " bytes can be read",
                    ERROR);
            return;
        }
        byte[] content = new byte[size];
        device.readConfig(inSpace(offset), content);
        choices.configRead();
        answer.reply(
                Replies.buffer(VhostUserSpec.CONFIG_HEADER_SIZE + size)
                        .putInt(offset)
                        .putInt(size)
                        .putInt(flags)
                        .put(content)
                        .array());
    }

    /**
     * Writes what the device lets the driver write. The driver decides what is written, so a
     * refused write never ends the session. Read-only fields stay read-only for live migration too:
     * the device here knows its own.
     */
    void set(FrontendMessage message, Answer answer) throws ProtocolException {
        ByteBuffer payload = message.payload();
        int offset = payload.getInt();
        int size = payload.getInt();
        int flags = payload.getInt();
        if (size < 0 || size > payload.remaining()) {
            throw new ProtocolException(
                    message.name()
                            + ": size is "
                            + Integer.toUnsignedString(size)
                            + ", but only "
                            + payload.remaining()
                            + " bytes of content came");
        }
        byte[] content = new byte[size];
        payload.get(content);
        choices.choosing();
        if (offset < 0 || !known(flags) || !device.writeConfig(inSpace(offset), content)) {
            answer.refuse(
                    message.name()
                            + ": "
                            + size
                            + " bytes at offset "
                            + Integer.toUnsignedString(offset)
                            + " with flags "
                            + Integer.toUnsignedString(flags)
                            + ": not writable");
            choices.chosen();
            return;
        }
        host.configWritten(
                calls.then(
                        () -> {
                            answer.done();
                            choices.chosen();
                        }));
    }

    /** Whose front-end means what by a flag cannot be told, so all meanings are accepted. */
    private static boolean known(int flags) {
        return flags == VhostUserSpec.SET_CONFIG_WRITABLE
                || flags == VhostUserSpec.SET_CONFIG_LIVE_MIGRATION
                || flags == VhostUserSpec.SET_CONFIG_LIVE_MIGRATION_RUST_VMM;
    }

    private static int inSpace(int offset) {
        return offset >= VhostUserSpec.CONFIG_SPACE_MMIO_OFFSET
                ? offset - VhostUserSpec.CONFIG_SPACE_MMIO_OFFSET
                : offset;
    }
}
