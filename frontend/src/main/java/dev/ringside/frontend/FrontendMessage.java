package dev.ringside.frontend;

import dev.ringside.shm.Fd;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A message that came from the back-end.
 *
 * @param request the message's number
 * @param flags version, REPLY, NEED_REPLY
 * @param payload as it came
 * @param fds that came along; the receiver owns them
 */
@SuppressWarnings("ArrayRecordComponent") // a message is looked at, never compared
public record FrontendMessage(int request, int flags, byte[] payload, List<Fd> fds) {

    /** The payload, to read numbers from. */
    public ByteBuffer buffer() {
        return ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The payload's first 64 bits. */
    public long u64() {
        return buffer().getLong(0);
    }

    /** Closes the descriptors that came along. */
    public void closeFds() {
        fds.forEach(Fd::close);
    }
}
