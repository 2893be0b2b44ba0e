package dev.ringside.frontend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.UnixSocket;
import java.io.EOFException;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bytes on the socket, compared with what vhost-user.rst lays down. */
class FrontendProtocolTest {
    private FrontendProtocol frontend;
    private FrontendConnection backend;

    @BeforeEach
    void connect() throws IOException {
        final UnixSocket[] pair = UnixSocket.pair();
        frontend = new FrontendProtocol(FrontendConnection.over(pair[0]).timeoutMs(5_000));
        backend = FrontendConnection.over(pair[1]).timeoutMs(5_000);
    }

    @AfterEach
    void hangUp() {
        frontend.close();
        backend.close();
    }

    private static byte[] hex(final String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    @Test
    void shouldSendVringNumberWhenAsked() throws IOException {
        frontend.setVringNum(3, 256);
        final FrontendMessage message = backend.receive();
        assertEquals(8, message.request());
        assertEquals(1, message.flags());
        assertArrayEquals(hex("03000000 00010000"), message.payload());
    }

    @Test
    void shouldSendAddressesInTheOrderOfTheSpecification() throws IOException {
        frontend.setVringAddr(1, 0x1000, 0x2000, 0x3000);
        assertArrayEquals(
                hex(
                        "01000000 00000000 0010000000000000 0020000000000000 0030000000000000"
                                + "0000000000000000"),
                backend.receive().payload());
    }

    @Test
    void shouldSendRegionAndItsDescriptorWhenMemoryIsAdded() throws IOException {
        try (FrontendRegion region = FrontendRegion.create(0x10000, 0x20000, 0x4000, 0x1000)) {
            frontend.addMemory(region);
            final FrontendMessage message = backend.receive();
            assertEquals(37, message.request());
            assertEquals(1, message.fds().size());
            assertArrayEquals(
                    hex(
                            "0000000000000000 0000010000000000 0040000000000000 0000020000000000"
                                    + "0010000000000000"),
                    message.payload());
            message.closeFds();
        }
    }

    @Test
    void shouldSetNoDescriptorBitWhenThereIsNoEventFd() throws IOException {
        try (EventFd event = EventFd.create()) {
            frontend.setVringCall(2, null);
            frontend.setVringCall(2, event);
            final FrontendMessage without = backend.receive();
            final FrontendMessage with = backend.receive();
            assertEquals(0x102, without.u64());
            assertEquals(List.of(), without.fds());
            assertEquals(2, with.u64());
            assertEquals(1, with.fds().size());
            with.closeFds();
        }
    }

    @Test
    void shouldWaitForAcknowledgementWhenReplyIsNeeded() throws IOException {
        frontend.needReply(true);
        backend.send(2, VhostUserSpec.REPLY, new byte[8]);
        frontend.setFeatures(1L << 32);
        assertEquals(VhostUserSpec.VERSION | VhostUserSpec.NEED_REPLY, backend.receive().flags());
    }

    @Test
    void shouldThrowWhenAcknowledgementIsNegative() throws IOException {
        frontend.needReply(true);
        backend.send(2, VhostUserSpec.REPLY, new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
        final NegativeReplyException e =
                assertThrows(NegativeReplyException.class, () -> frontend.setFeatures(0));
        assertEquals(2, e.request());
        assertEquals(1, e.value());
    }

    @Test
    void shouldRefuseConfigurationOfAnotherSize() throws IOException {
        backend.send(24, VhostUserSpec.REPLY, new byte[12]);
        assertThrows(IOException.class, () -> frontend.getConfig(0, 60, 0));
    }

    @Test
    void shouldRefuseReplyToAnotherMessage() throws IOException {
        backend.send(15, VhostUserSpec.REPLY, new byte[8]);
        assertThrows(IOException.class, frontend::getFeatures);
    }

    @Test
    void shouldThrowEndOfFileWhenBackendHangsUp() {
        backend.close();
        assertThrows(EOFException.class, () -> frontend.connection().receive());
    }

    @Test
    void shouldGiveUpWhenBackendIsSilent() throws IOException {
        frontend.connection().timeoutMs(1);
        assertThrows(IOException.class, () -> frontend.connection().receive());
        assertFalse(frontend.connection().awaitHangup());
        backend.close();
        assertTrue(frontend.connection().awaitHangup());
    }

    @Test
    void shouldDescribeEveryRegionInTheTable() throws IOException {
        try (FrontendMemory memory = FrontendMemory.scattered(32, 4096)) {
            frontend.setMemTable(memory.regions());
            final FrontendMessage message = backend.receive();
            assertEquals(8 + 32 * 32, message.payload().length);
            assertEquals(32, message.buffer().getInt(0));
            assertEquals(32, message.fds().size());
            message.closeFds();
        }
    }
}
