package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioDriver;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A front-end that sends what it likes, with as many descriptors as it likes, to any device. */
abstract class MessageAttacks extends HostileNics {
    private static final int[] PAYLOADS = {0, 1, 4, 8, 12, 40, 72, 1032, 4096};

    /** To the device that is attacked. */
    abstract FrontendConnection connect() throws IOException;

    /** How many queues that has: the first index that is none. */
    abstract int queues();

    /** A driver of that device that has only negotiated. */
    abstract VirtioDriver probe() throws IOException;

    private VirtioDriver negotiated() throws IOException {
        final VirtioDriver driver = probe();
        driver.protocol().setFeatures(driver.features());
        return driver;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 16, 32})
    void shouldLeakNothingWhenAnyMessageComesWithDescriptors(final int count) throws Exception {
        final Random random = new Random(SEED);
        for (int request = 0; request <= VhostUserSpec.LAST_FRONTEND_REQUEST + 1; request++) {
            for (int i = 0; i < 3; i++) {
                final byte[] payload = new byte[PAYLOADS[random.nextInt(PAYLOADS.length)]];
                if (i > 0) {
                    random.nextBytes(payload);
                }
                if (i == 1 && payload.length > 4) {
                    payload[1] = 0;
                    payload[2] = 0;
                    payload[3] = 0;
                }
                try (VirtioDriver driver = negotiated();
                        EventFd event = EventFd.create()) {
                    final Fd[] fds = Collections.nCopies(count, event.fd()).toArray(Fd[]::new);
                    driver.protocol().connection().send(request, 0, payload, fds);
                    driver.protocol().connection().send(VhostUserSpec.GET_FEATURES, 0, new byte[0]);
                    // An answer or the end: either way the back-end is done with the message.
                    driver.protocol().connection().awaitReadable(10_000);
                } catch (IOException e) {
                    // Hung up before all was sent: its right.
                    assertTrue(server().healthy(), e.toString());
                }
            }
        }
    }

    @Test
    void shouldSurviveRandomBytes() throws Exception {
        final Random random = new Random(SEED);
        for (int round = 0; round < 200; round++) {
            final byte[] bytes = new byte[1 + random.nextInt(500)];
            random.nextBytes(bytes);
            if (round % 2 == 0 && bytes.length > 12) {
                // Half of them get past the header.
                ByteBuffer.wrap(bytes)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(random.nextInt(46))
                        .putInt(VhostUserSpec.VERSION | (random.nextInt(2) << 3))
                        .putInt(random.nextInt(bytes.length - 12 + 1));
            }
            try (FrontendConnection connection = connect()) {
                connection.sendRaw(bytes, List.of());
            } catch (IOException e) {
                assertTrue(server().healthy(), e.toString());
            }
        }
    }

    @Test
    void shouldHangUpWhenHeaderIsImpossible() throws Exception {
        final int[][] headers = {
            {VhostUserSpec.GET_FEATURES, VhostUserSpec.VERSION, -1},
            {VhostUserSpec.GET_FEATURES, VhostUserSpec.VERSION, Integer.MAX_VALUE},
            {VhostUserSpec.GET_FEATURES, VhostUserSpec.VERSION, 1 << 24},
            {VhostUserSpec.GET_FEATURES, 0, 0},
            {VhostUserSpec.GET_FEATURES, 2, 0},
        };
        for (final int[] header : headers) {
            final byte[] bytes = new byte[12];
            final ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            for (final int field : header) {
                out.putInt(field);
            }
            try (FrontendConnection connection = connect()) {
                connection.sendRaw(bytes, List.of());
                assertTrue(connection.awaitHangup(), "header " + List.of(header[1], header[2]));
            }
        }
    }

    @Test
    void shouldUnderstandMessagesThatComeByteByByte() throws Exception {
        try (FrontendConnection connection = connect()) {
            final byte[] message = new byte[12];
            message[0] = VhostUserSpec.GET_FEATURES;
            message[4] = VhostUserSpec.VERSION;
            for (int round = 0; round < 3; round++) {
                for (final byte b : message) {
                    connection.sendRaw(new byte[] {b}, List.of());
                }
                assertEquals(VhostUserSpec.GET_FEATURES, connection.receive().request());
            }
        }
    }

    @Test
    void shouldAnswerEveryMessageWhenManyComeAtOnce() throws Exception {
        try (FrontendConnection connection = connect()) {
            final byte[] all = new byte[12 * 500];
            for (int i = 0; i < 500; i++) {
                all[12 * i] = VhostUserSpec.GET_FEATURES;
                all[12 * i + 4] = VhostUserSpec.VERSION;
            }
            connection.sendRaw(all, List.of());
            for (int i = 0; i < 500; i++) {
                assertEquals(VhostUserSpec.GET_FEATURES, connection.receive().request());
            }
        }
    }

    @Test
    void shouldLeakNothingWhenMoreDescriptorsComeThanFit() throws Exception {
        try (EventFd event = EventFd.create()) {
            for (final int count : new int[] {33, 64, 253}) {
                try (FrontendConnection connection = connect()) {
                    final List<Fd> fds = new ArrayList<>(Collections.nCopies(count, event.fd()));
                    final byte[] message = new byte[12];
                    message[0] = VhostUserSpec.SET_OWNER;
                    message[4] = VhostUserSpec.VERSION;
                    connection.sendRaw(message, fds);
                    connection.send(VhostUserSpec.GET_FEATURES, 0, new byte[0]);
                    connection.awaitReadable(10_000);
                } catch (IOException e) {
                    assertTrue(server().healthy(), e.toString());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 255, 256, 65_536, -1})
    void shouldRefuseQueuesItDoesNotHave(final int beyond) throws Exception {
        final int index = beyond == 0 ? queues() : beyond;
        final int[] requests = {
            VhostUserSpec.SET_VRING_NUM,
            VhostUserSpec.SET_VRING_ADDR,
            VhostUserSpec.SET_VRING_BASE,
            VhostUserSpec.SET_VRING_ENABLE,
            VhostUserSpec.SET_VRING_KICK,
            VhostUserSpec.SET_VRING_CALL,
            VhostUserSpec.SET_VRING_ERR,
            VhostUserSpec.GET_VRING_BASE,
        };
        for (final int request : requests) {
            try (VirtioDriver driver = negotiated()) {
                final byte[] payload = new byte[request == VhostUserSpec.SET_VRING_ADDR ? 40 : 8];
                ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).putInt(index).putInt(0);
                final var connection = driver.protocol().connection();
                connection.send(request, VhostUserSpec.NEED_REPLY, payload);
                try {
                    final var reply = connection.receive();
                    if (request != VhostUserSpec.GET_VRING_BASE) {
                        // 256 has the no-descriptor bit in three of them: queue 0, and legal.
                        final boolean legal =
                                index == 256
                                        && (request == VhostUserSpec.SET_VRING_KICK
                                                || request == VhostUserSpec.SET_VRING_CALL
                                                || request == VhostUserSpec.SET_VRING_ERR);
                        assertEquals(legal, reply.u64() == 0, "request " + request);
                    }
                } catch (IOException e) {
                    // Hanging up on nonsense is allowed.
                    assertTrue(server().healthy(), e.toString());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 100, 65_536, -1, Integer.MIN_VALUE})
    void shouldRefuseRingSizesThatAreNone(final int size) throws Exception {
        try (VirtioDriver driver = negotiated()) {
            final byte[] payload = new byte[8];
            ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).putInt(0).putInt(size);
            final var connection = driver.protocol().connection();
            connection.send(VhostUserSpec.SET_VRING_NUM, VhostUserSpec.NEED_REPLY, payload);
            try {
                assertTrue(connection.receive().u64() != 0, "size " + size);
            } catch (IOException e) {
                assertTrue(server().healthy(), e.toString());
            }
        }
    }
}
