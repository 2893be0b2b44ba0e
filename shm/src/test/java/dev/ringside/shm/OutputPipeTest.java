package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputPipeTest {
    @TempDir private Path directory;

    @Test
    void shouldTellPipesFromOtherThings() throws Exception {
        assertFalse(OutputPipe.isPipe(directory));
        assertFalse(OutputPipe.isPipe(directory.resolve("nothing")));
        assertFalse(OutputPipe.isPipe(Files.createFile(directory.resolve("file"))));
        assertTrue(OutputPipe.isPipe(pipe()));
        assertEquals(
                Errno.ENOENT,
                assertThrows(
                                LinuxException.class,
                                () -> OutputPipe.open(directory.resolve("nothing")))
                        .errno());
    }

    @Test
    void shouldWaitForNobody() throws Exception {
        Path path = pipe();
        assertNull(OutputPipe.open(path));
        // Opened for reading and writing, a pipe is there at once.
        int flags = FileSpec.O_RDWR | FileSpec.O_CLOEXEC;
        Fd reader = Fd.adopt(FileCalls.open(path.toString(), flags));
        try (NativeBuffer buffer = NativeBuffer.allocate(1 << 20, 8);
                OutputPipe pipe = OutputPipe.open(path)) {
            assertNotNull(pipe);
            int count = pipe.write(buffer.address(), 1 << 20);
            assertTrue(count > 0 && count < 1 << 20, "wrote " + count);
            assertEquals(-Errno.EAGAIN, pipe.write(buffer.address(), 1));
            reader.close();
            assertEquals(-Errno.EPIPE, pipe.write(buffer.address(), 1));
        }
    }

    private Path pipe() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        return pipe;
    }
}
