package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.eventFd;
import static dev.ringside.vhostuser.TestFrontend.memfd;

import dev.ringside.shm.Fd;
import dev.ringside.shm.ReceivedFds;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Turns any bytes into the life of a session. Each step is a control byte, a length, and as many
 * bytes for the session:
 *
 * <ul>
 *   <li>bits 0-2: how many descriptors come along; bit 3: they are memfds, else eventfds
 *   <li>bit 4: the host acknowledges at once, else after the step
 *   <li>bit 5: queue 0 faults; bit 6: the configuration changes; bit 7: the connection ends
 * </ul>
 */
final class SessionExerciser {
    private static final int QUEUES = 2;

    private SessionExerciser() {}

    /** Throws whatever is not a {@link ProtocolException}: those may be. */
    static void run(byte[] input) {
        ByteBuffer steps = ByteBuffer.wrap(input);
        try (TestFrontend f = new TestFrontend(QUEUES)) {
            while (steps.remaining() >= 2) {
                int control = steps.get();
                byte[] bytes = new byte[Math.min(steps.get() & 0xff, steps.remaining())];
                steps.get(bytes);
                step(f, control, bytes);
                if ((control & 0x80) != 0) {
                    return;
                }
            }
        } catch (ProtocolException e) {
            // What bytes may cause.
        }
    }

    private static void step(TestFrontend f, int control, byte[] bytes) throws ProtocolException {
        f.host.later = (control & 0x10) == 0;
        try (ReceivedFds fds = new ReceivedFds()) {
            for (int i = 0; i < (control & 7); i++) {
                fds.add((control & 8) != 0 ? memory() : eventFd());
            }
            MemorySegment all = MemorySegment.ofArray(bytes);
            long at = 0;
            while (at < bytes.length) {
                long n = Math.min(f.session.wanted(), bytes.length - at);
                f.session.onData(all.asSlice(at, n), fds);
                at += n;
                disturb(f, control);
                f.host.acknowledgeAll();
                f.host.checkBorrowed();
            }
        }
    }

    private static Fd memory() {
        return memfd(TestFrontend.MEMORY_BYTES);
    }

    private static void disturb(TestFrontend f, int control) {
        if ((control & 0x20) != 0) {
            f.session.queueFaulted(0);
        }
        if ((control & 0x40) != 0) {
            f.session.configChanged();
        }
    }
}
