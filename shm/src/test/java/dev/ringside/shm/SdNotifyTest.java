package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class SdNotifyTest {
    @TempDir private Path directory;

    @Test
    void shouldSendStateWhenSocketIsPath() throws Exception {
        String path = directory.resolve("notify").toString();

        assertReceives(path, path);
    }

    @Test
    void shouldSendStateWhenSocketIsAbstract() throws Exception {
        String name = "ringside-test-" + ProcessHandle.current().pid();

        assertReceives("@" + name, "\0" + name);
    }

    private static void assertReceives(String variable, String bound) throws LinuxException {
        try (Arena arena = Arena.ofConfined();
                Fd manager =
                        Fd.adopt(
                                SocketCalls.socket(
                                        SocketSpec.SOCK_DGRAM | SocketSpec.SOCK_NONBLOCK))) {
            MemorySegment address =
                    SocketCalls.address(arena, bound.getBytes(StandardCharsets.UTF_8), "bind");
            assertEquals(0, SocketCalls.bind(manager.number(), address));

            assertTrue(SdNotify.notify(variable, "READY=1\nSTATUS=up"));

            MemorySegment got = arena.allocate(100);
            assertEquals(17, Libc.read(manager.number(), got.address(), 100));
            assertEquals("READY=1\nSTATUS=up", got.getString(0));
        }
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "relative", "/nobody/listens/here"})
    void shouldSayNoWhenThereIsNobodyToTell(String variable) {
        assertFalse(SdNotify.notify(variable, "READY=1"));
    }
}
