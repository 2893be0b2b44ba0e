package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class EventFdTest {
    @Test
    void shouldCountSignalsWhenDrained() throws Exception {
        try (EventFd event = EventFd.create()) {
            assertEquals(0, event.drain());
            assertTrue(event.signal());
            assertTrue(event.signal());
            assertEquals(2, event.drain());
            assertEquals(0, event.drain());
        }
    }

    @Test
    void shouldFailAndNotBlockWhenCounterIsSaturated() throws Exception {
        try (EventFd event = EventFd.create()) {
            fill(event);

            assertFalse(event.signal());
            assertEquals(-2, event.drain());
            assertTrue(event.signal());
        }
    }

    @Test
    void shouldNotBlockInDrainWhenPeerClearsNonBlocking() throws Exception {
        try (EventFd event = EventFd.create();
                Fd peer = event.fd().duplicate()) {
            assertEquals(0, Libc.fcntl(peer.number(), Libc.F_SETFL, 0));

            assertEquals(0, event.drain());
            assertTrue(event.signal());
            assertEquals(1, event.drain());
        }
    }

    @Test
    void shouldNotBlockInSignalWhateverAPeerDoes() throws Exception {
        try (EventFd event = EventFd.create();
                EventFd often = EventFd.adoptToSignal(event.fd().duplicate());
                EventFd seldom = EventFd.adopt(event.fd().duplicate())) {
            assertTrue(often.signal());
            assertTrue(seldom.signal());
            assertTrue(often.signal());
            assertEquals(3, event.drain());
            event.jam();
            Thread signaller =
                    Thread.ofPlatform()
                            .daemon()
                            .start(
                                    () -> {
                                        for (int i = 0; i < 1000; i++) {
                                            often.signal();
                                            seldom.signal();
                                        }
                                    });
            signaller.join(20_000);

            assertFalse(signaller.isAlive());
            assertEquals(-1, event.drain());
        }
    }

    @Test
    void shouldFreeBlockedSignalWhenDrainedByAnother() throws Exception {
        try (EventFd event = EventFd.create();
                Fd peer = event.fd().duplicate()) {
            fill(event);
            assertEquals(0, Libc.fcntl(peer.number(), Libc.F_SETFL, 0));
            Thread signaller = Thread.ofPlatform().start(event::signal);

            while (signaller.isAlive()) {
                event.drain();
                signaller.join(1);
            }
        }
    }

    @Test
    void shouldAdoptAndMakeNonBlockingWhenPeerSendsEventFd() throws Exception {
        try (EventFd event = EventFd.create()) {
            Fd received = event.fd().duplicate();
            Libc.fcntl(received.number(), Libc.F_SETFL, 0);

            try (EventFd adopted = EventFd.adopt(received)) {
                fill(event);
                assertFalse(event.signal());
                assertEquals(-2, adopted.drain());
            }
        }
    }

    @Test
    void shouldRefuseAndCloseWhenItIsNoEventFd() throws Exception {
        Fd file = Memfd.create("not-an-event", 8);

        LinuxException e = assertThrows(LinuxException.class, () -> EventFd.adopt(file));

        assertEquals(Errno.EINVAL, e.errno());
        assertTrue(e.getMessage().contains("memfd:not-an-event"), e.getMessage());
        assertFalse(file.isOpen());
    }

    private static void fill(EventFd event) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment most = arena.allocateFrom(ValueLayout.JAVA_LONG, -2L);
            assertEquals(8, Libc.write(event.number(), most.address(), 8));
        }
    }
}
