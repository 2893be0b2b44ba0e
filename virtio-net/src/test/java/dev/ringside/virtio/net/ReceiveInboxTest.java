package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReceiveInboxTest {
    private final List<Frame> released = new ArrayList<>();
    private final ReceiveInbox inbox = new ReceiveInbox();

    private Frame held() {
        Frame frame =
                new Frame(
                        new FrameKeeper() {
                            @Override
                            public @Nullable Frame hold(Frame wanted) {
                                return null;
                            }

                            @Override
                            public void released(Frame last) {
                                released.add(last);
                            }
                        },
                        1);
        frame.beginHold(0);
        return frame;
    }

    /** The producer saw the inbox shut, and empties it when it is open again. */
    @Test
    void shouldNotReleaseForALateProducerWhatTheOwnerReads() {
        Frame first = held();
        Frame second = held();
        inbox.open(() -> {});
        assertTrue(inbox.offer(first));
        assertTrue(inbox.offer(second));
        assertSame(first, inbox.first());
        inbox.releaseWaiting();
        assertEquals(List.of(second), released);
        assertFalse(inbox.isEmpty());
        assertSame(first, inbox.first());
        inbox.releaseFirst();
        assertEquals(List.of(second, first), released);
        assertTrue(inbox.isEmpty());
    }

    @Test
    void shouldReleaseAllWhenShutOrEmptied() {
        for (int i = 0; i < 2; i++) {
            released.clear();
            Frame first = held();
            Frame second = held();
            inbox.open(() -> {});
            assertTrue(inbox.offer(first));
            assertTrue(inbox.offer(second));
            assertSame(first, inbox.first());
            if (i == 0) {
                inbox.shut();
                assertFalse(inbox.offer(held()));
            } else {
                inbox.empty();
            }
            assertEquals(List.of(first, second), released);
            assertTrue(inbox.isEmpty());
        }
    }
}
