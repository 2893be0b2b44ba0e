package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.config;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigSpaceTest {
    /** What the configuration space holds at an offset, zeroes beyond its end. */
    private static byte[] content(int offset, int size) {
        return Arrays.copyOfRange(
                Arrays.copyOf(new FakeDevice(1).config, 8192), offset, offset + size);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 36, 0", "0, 48, 0", "0, 57, 0", "0, 60, 1", "0, 60, 2", "0, 256, 0", "7, 3, 0",
        "0, 0, 0", "59, 1, 0", "60, 4, 0", "58, 8, 0", "255, 1, 0", "0, 4096, 0", "0, 8180, 0"
    })
    void shouldReadAnySize(int offset, int size, int flags) throws ProtocolException {
        // No feature has been negotiated yet.
        try (TestFrontend f = new TestFrontend(1)) {
            byte[] reply = f.ask(24, config(offset, size, flags, new byte[size]));

            assertEquals(12 + size, reply.length);
            assertArrayEquals(config(offset, size, flags, content(offset, size)), reply);
        }
    }

    @Test
    void shouldCountFromMmioOffset() throws ProtocolException {
        try (TestFrontend f = new TestFrontend(1)) {
            byte[] reply = f.ask(24, config(0x100 + 8, 4, 1, new byte[4]));

            assertArrayEquals(config(0x108, 4, 1, content(8, 4)), reply);
        }
    }

    @Test
    void shouldReadWhenContentDoesNotComeAlong() throws ProtocolException {
        try (TestFrontend f = new TestFrontend(1)) {
            assertArrayEquals(config(0, 8, 0, content(0, 8)), f.ask(24, config(0, 8, 0)));
        }
    }

    @Test
    void shouldReplyEmptyWhenReadCannotBe() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            assertEquals(0, f.ask(24, config(0, 8181, 0)).length);
            assertEquals(0, f.ask(24, config(0, -1, 0)).length);
            assertEquals(0, f.ask(24, config(-1, 4, 0, new byte[4])).length);
            assertEquals(0, f.ask(24, new byte[11]).length);
            assertEquals(0, f.ask(24, new byte[0]).length);
            assertEquals(5, f.host.refusals.size());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void shouldWriteWithAnyFlagInUse(int flags) throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(25, config(32, 1, flags, (byte) 0x55));

            assertEquals(0x55, f.device.config[32]);
        }
    }

    @Test
    void shouldAnswerAWriteOnlyWhenHostHasAppliedIt() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.host.later = true;
            f.request(25, config(32, 1, 0, (byte) 0x55));
            assertEquals(0x55, f.device.config[32]);
            assertFalse(f.session.idle());

            f.host.acknowledgeAll();

            assertTrue(f.session.idle());
        }
    }

    @Test
    void shouldWriteAtMmioOffset() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(25, config(0x120, 1, 0, (byte) 0x55));

            assertEquals(0x55, f.device.config[32]);
        }
    }

    @Test
    void shouldWriteOnlyTheSizeOfALongerPayload() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            byte[] region = new byte[256];
            region[0] = 0x55;

            f.ok(25, config(32, 1, 0, region));

            assertEquals(0x55, f.device.config[32]);
            assertEquals(34, f.device.config[33]);
        }
    }

    @Test
    void shouldRefuseWriteThatDeviceDoesNotTake() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            byte[] before = f.device.config.clone();

            f.refused(25, config(0, 8, 0, new byte[8]));
            f.refused(25, config(0, 8, 1, new byte[8]));
            f.refused(25, config(32, 1, 4, (byte) 1));
            f.refused(25, config(-1, 1, 0, (byte) 1));

            assertArrayEquals(before, f.device.config);
        }
    }

    @Test
    void shouldLiveOnWhenDriverWritesWhereItMustNot() throws ProtocolException {
        try (TestFrontend f = new TestFrontend(1)) {
            f.request(25, config(0, 8, 0, new byte[8]));

            assertTrue(f.session.idle());
            assertTrue(f.host.sent.isEmpty());
        }
    }

    @Test
    void shouldRefuseContentThatIsNotThere() throws ProtocolException {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.refused(25, config(32, 2, 0, (byte) 1));
            f.refused(25, config(32, -1, 0, (byte) 1));
            f.refused(25, new byte[11]);
        }
    }
}
