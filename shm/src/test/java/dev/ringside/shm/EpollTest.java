package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EpollTest {
    @Test
    void shouldGiveTokenAndEventsWhenDescriptorIsReady() throws Exception {
        try (Epoll epoll = Epoll.create();
                EventFd event = EventFd.create()) {
            epoll.add(event.number(), Epoll.IN, -7);
            assertEquals(0, epoll.await(0));
            event.signal();

            assertEquals(1, epoll.await(-1));

            assertEquals(-7, epoll.token(0));
            assertEquals(Epoll.IN, epoll.events(0));
            assertThrows(IndexOutOfBoundsException.class, () -> epoll.token(1));
        }
    }

    @Test
    void shouldFollowWhenModifiedAndRemoved() throws Exception {
        try (Epoll epoll = Epoll.create();
                EventFd event = EventFd.create()) {
            epoll.add(event.number(), Epoll.IN, 1);
            epoll.modify(event.number(), Epoll.OUT, 2);
            assertEquals(1, epoll.await(0));
            assertEquals(2, epoll.token(0));
            assertEquals(Epoll.OUT, epoll.events(0));

            epoll.remove(event.number());

            assertEquals(0, epoll.await(0));
            assertThrows(LinuxException.class, () -> epoll.remove(event.number()));
        }
    }

    @Test
    void shouldReportOnceWhenEdgeTriggered() throws Exception {
        try (Epoll epoll = Epoll.create();
                EventFd event = EventFd.create()) {
            epoll.add(event.number(), Epoll.IN | Epoll.ET, 1);
            event.signal();

            assertEquals(1, epoll.await(0));
            assertEquals(0, epoll.await(0));
            event.signal();
            assertEquals(1, epoll.await(0));
        }
    }

    @Test
    void shouldReportHangUpWhenPeerCloses() throws Exception {
        UnixSocket[] pair = UnixSocket.pair();
        try (Epoll epoll = Epoll.create();
                UnixSocket ours = pair[0]) {
            epoll.add(ours.fd().number(), Epoll.IN | Epoll.RDHUP, 1);
            pair[1].close();

            assertEquals(1, epoll.await(-1));
            assertEquals(Epoll.IN | Epoll.HUP | Epoll.RDHUP, epoll.events(0));
        }
    }

    @Test
    void shouldReportAllInTurnWhenMoreThanFitAreReady() throws Exception {
        List<EventFd> events = new ArrayList<>();
        try (Epoll epoll = Epoll.create()) {
            Set<Long> seen = new HashSet<>();
            for (int i = 0; i < 3 * Epoll.MAX_RESULTS; i++) {
                events.add(EventFd.create());
                epoll.add(events.get(i).number(), Epoll.IN | Epoll.ET, i);
                events.get(i).signal();
            }

            for (int n = epoll.await(0); n > 0; n = epoll.await(0)) {
                for (int i = 0; i < n; i++) {
                    assertTrue(seen.add(epoll.token(i)));
                }
            }

            assertEquals(events.size(), seen.size());
        } finally {
            events.forEach(EventFd::close);
        }
    }

    @Test
    void shouldWaitOutTimeoutWhenNothingHappens() throws Exception {
        try (Epoll epoll = Epoll.create()) {
            assertEquals(0, epoll.await(1_000_000));
            assertEquals(0, epoll.await(1));
        }
    }

    @Test
    void shouldFailLoudlyWhenClosed() throws Exception {
        Epoll epoll = Epoll.create();
        epoll.close();

        assertThrows(IllegalStateException.class, () -> epoll.await(0));
    }
}
