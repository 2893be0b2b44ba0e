package dev.ringside.server.component;

import static dev.ringside.server.component.TestServer.MIB;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.shm.Fd;
import dev.ringside.shm.UnixSocket;
import dev.ringside.vhostuser.SessionLimits;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A front-end whose descriptors lie on a file system of its own, which answers nobody: whoever
 * closes one, or asks anything about the file, waits. No thread may that others need.
 */
class HostileFileIT extends HostileNics {
    private static final int PAYLOAD_BYTES = 64;
    private static final int LIMIT = SessionLimits.defaults().maxDescriptors();

    /** Each request that a descriptor goes with, and one that none goes with. */
    @ParameterizedTest
    @ValueSource(
            ints = {
                VhostUserSpec.GET_FEATURES,
                VhostUserSpec.SET_MEM_TABLE,
                VhostUserSpec.SET_LOG_BASE,
                VhostUserSpec.SET_LOG_FD,
                VhostUserSpec.SET_VRING_KICK,
                VhostUserSpec.SET_VRING_CALL,
                VhostUserSpec.SET_VRING_ERR,
                VhostUserSpec.SET_BACKEND_REQ_FD,
                VhostUserSpec.SET_INFLIGHT_FD,
                VhostUserSpec.ADD_MEM_REG,
                VhostUserSpec.SET_DEVICE_STATE_FD
            })
    void shouldServeOthersWhileDescriptorsDoNotClose(final int request) throws Exception {
        try (StallingFile file = StallingFile.mount(server().folder())) {
            try (BlkDriver driver =
                    BlkDriver.probe(
                            victim().connect(),
                            FrontendMemory.likePc(16 * MIB),
                            BlkOptions.defaults())) {
                driver.protocol().setFeatures(driver.features());
                driver.protocol().connection().send(request, 0, payload(request), file.fd());
                file.awaitStall();
                assertOthersAreServed();
            }
            // And while the next one waits behind the first.
            assertOthersAreServed();
        }
    }

    private void assertOthersAreServed() throws Exception {
        assertNicServes();
        neighbour().assertGoesOn();
        netNeighbour().assertGoesOn();
    }

    /** What the request needs for its descriptor to be looked at. */
    private static byte[] payload(final int request) {
        final ByteBuffer out = ByteBuffer.allocate(PAYLOAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        final long page = 4096;
        return switch (request) {
            case VhostUserSpec.GET_FEATURES, VhostUserSpec.SET_LOG_FD -> new byte[0];
            case VhostUserSpec.SET_BACKEND_REQ_FD -> new byte[0];
            case VhostUserSpec.SET_MEM_TABLE ->
                    cut(out.putInt(1).putInt(0).putLong(0).putLong(page).putLong(0).putLong(0));
            case VhostUserSpec.ADD_MEM_REG ->
                    cut(out.putLong(0).putLong(0).putLong(page).putLong(0).putLong(0));
            case VhostUserSpec.SET_LOG_BASE -> cut(out.putLong(page).putLong(0));
            case VhostUserSpec.SET_INFLIGHT_FD ->
                    cut(
                            out.putLong(1 << 20)
                                    .putLong(0)
                                    .putShort((short) 1)
                                    .putShort((short) 128)
                                    .putInt(0));
            default -> cut(out.putLong(0));
        };
    }

    private static byte[] cut(final ByteBuffer filled) {
        final byte[] bytes = new byte[filled.position()];
        filled.flip().get(bytes);
        return bytes;
    }

    /** More of them than it may have: nobody is served there before they are closed. */
    @Test
    void shouldServeNobodyThereWhileTooManyDescriptorsAreOpen() throws Exception {
        final Fd[] many = new Fd[UnixSocket.MAX_FDS];
        try (StallingFile file = StallingFile.mount(server().folder())) {
            Arrays.fill(many, file.fd());
            try (FrontendConnection greedy = victim().connect()) {
                for (int i = 0; i <= LIMIT / many.length; i++) {
                    greedy.send(VhostUserSpec.GET_FEATURES, 0, new byte[0], many);
                }
                assertTrue(greedy.awaitHangup());
            }
            file.awaitStall();
            Await.until("it was hung up on", () -> !victim().handle().connected());
            try (FrontendConnection next = victim().connect()) {
                next.send(VhostUserSpec.GET_FEATURES, 0, new byte[0]);
                neighbour().assertGoesOn();
                netNeighbour().assertGoesOn();
                assertFalse(victim().handle().connected());
            }
        }
    }
}
