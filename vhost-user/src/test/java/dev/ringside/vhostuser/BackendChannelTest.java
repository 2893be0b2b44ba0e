package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.eventFd;
import static dev.ringside.vhostuser.TestFrontend.eventFds;
import static dev.ringside.vhostuser.TestFrontend.message;
import static dev.ringside.vhostuser.TestFrontend.state;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackendChannelTest {
    private static final byte[] NONE = new byte[0];

    @Test
    void shouldTellConfigChangeOnceWhileRingRuns() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(21, NONE, eventFd());
            f.setMemory();
            f.startRing(0);

            f.session.configChanged();

            assertEquals(1, f.host.backendRequests.size());
            assertArrayEquals(message(2, 1), f.host.backendRequests.getFirst());
        }
    }

    @Test
    void shouldWaitWithConfigChangeUntilARingStarts() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(2)) {
            f.ok(21, NONE, eventFd());
            f.setMemory();
            f.session.configChanged();
            f.session.configChanged();
            assertTrue(f.host.backendRequests.isEmpty());

            f.startRing(0);
            f.startRing(1);

            assertEquals(1, f.host.backendRequests.size());
        }
    }

    @Test
    void shouldStaySilentAgainWhenAllRingsAreStopped() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(21, NONE, eventFd());
            f.setMemory();
            f.startRing(0);
            f.ask(11, state(0, 0));

            f.session.configChanged();

            assertTrue(f.host.backendRequests.isEmpty());
        }
    }

    @Test
    void shouldWaitWithConfigChangeForTheChannel() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.startRing(0);
            f.session.configChanged();

            f.ok(21, NONE, eventFd());

            assertEquals(1, f.host.backendRequests.size());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {TestFrontend.CONFIG, TestFrontend.BACKEND_REQ, 0})
    void shouldStaySilentWhenNotNegotiated(long protocolFeatures) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(21, NONE, eventFd());
            f.setMemory();
            f.startRing(0);
            f.ok(16, u64(protocolFeatures | TestFrontend.REPLY_ACK));

            f.session.configChanged();

            assertTrue(f.host.backendRequests.isEmpty());
        }
    }

    @Test
    void shouldReplaceChannel() throws ProtocolException {
        Leaks before = Leaks.count();
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(21, NONE, eventFd());
            f.ok(21, NONE, eventFd());

            assertEquals(before.descriptors() + 1, Leaks.count().descriptors());
        }
        before.assertNone();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 8, 16})
    void shouldRefuseChannelWithoutExactlyOneFd(int fds) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(21, NONE, eventFds(fds));
        }
    }

    @Test
    void shouldSendNothingAfterClose() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(21, NONE, eventFd());
            f.setMemory();
            f.startRing(0);
            f.host.stopEverything();
            f.session.close();

            f.session.configChanged();

            assertTrue(f.host.backendRequests.isEmpty());
        }
    }
}
