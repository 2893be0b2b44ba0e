package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.bytes;
import static dev.ringside.vhostuser.TestFrontend.eventFds;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnofferedRequestsTest {
    /** Requests without a reply of their own, and numbers that the specification does not have. */
    @ParameterizedTest
    @ValueSource(
            ints = {
                0,
                19,
                20,
                23,
                27,
                33,
                35,
                45,
                46,
                1000,
                Integer.MAX_VALUE,
                -1,
                Integer.MIN_VALUE
            })
    void shouldFailWhenAskedAndIgnoreOtherwise(int request) throws ProtocolException {
        Leaks before = Leaks.count();
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(request, u64(0), eventFds(1));
            f.refused(request, new byte[0]);
            f.flags = TestFrontend.VERSION;

            f.request(request, new byte[100], eventFds(2));

            assertTrue(f.host.sent.isEmpty());
            assertTrue(f.session.idle());
        }
        before.assertNone();
    }

    static Stream<Arguments> ownReplies() {
        byte[] allOnes = new byte[40];
        Arrays.fill(allOnes, (byte) -1);
        return Stream.of(
                Arguments.of(22, 32, u64(1)), // IOTLB_MSG
                Arguments.of(26, 40, allOnes), // CREATE_CRYPTO_SESSION: session id -1
                Arguments.of(31, 24, new byte[24]), // GET_INFLIGHT_FD: mmap size 0
                Arguments.of(31, 20, new byte[20]),
                Arguments.of(41, 16, new byte[0]), // GET_SHARED_OBJECT: no descriptor
                Arguments.of(44, 0, new byte[2056])); // GET_SHMEM_CONFIG: no region
    }

    @ParameterizedTest
    @MethodSource("ownReplies")
    void shouldSayFailureInTheRequestsOwnReply(int request, int size, byte[] reply)
            throws ProtocolException {
        Leaks before = Leaks.count();
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            assertArrayEquals(reply, f.ask(request, new byte[size], eventFds(1)));
            f.flags = TestFrontend.VERSION;

            assertArrayEquals(reply, f.ask(request, new byte[size]));

            assertEquals(2, f.host.refusals.size());
            assertTrue(f.session.idle());
        }
        before.assertNone();
    }

    @Test
    void shouldFindRequestsByNumber() {
        for (FrontendRequest request : FrontendRequest.values()) {
            assertEquals(request, FrontendRequest.of(request.id()));
        }
        assertEquals(44, FrontendRequest.values().length);
    }

    @Test
    void shouldSayWhy() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(20, u64(1500));
            f.refused(99, bytes(0).array());

            assertEquals("NET_SET_MTU: its feature was not offered", f.host.refusals.getFirst());
            assertEquals("request 99: not in the specification", f.host.refusals.getLast());
        }
    }
}
