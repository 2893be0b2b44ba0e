package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IoUringTest {
    private static final int POLLIN = 1;
    private static final int SIZE = 1 << 20;

    @TempDir private Path directory;
    private final NativeBuffer buffer = NativeBuffer.allocate(65536, 4096);
    private final Map<Long, Integer> results = new HashMap<>();

    @BeforeEach
    void fill() throws IOException {
        Files.write(directory.resolve("disk"), new byte[SIZE]);
    }

    @AfterEach
    void free() {
        buffer.close();
    }

    /** Seccomp does not see what a ring does: the ring itself must refuse it. */
    @Test
    void shouldDoNothingThatIsNotOfThisClass() throws Exception {
        int openAt = 18;
        int registerBuffers = 0;
        try (IoUringMemory memory = IoUringMemory.create(8)) {
            memory.sqes.set(JAVA_BYTE, IoUringSpec.SQE_OPCODE, (byte) openAt);
            memory.ring.set(JAVA_INT, memory.sqTail, 1);

            assertEquals(1, memory.enter(1, 1, IoUringSpec.IORING_ENTER_GETEVENTS, 0, 0));

            int result = memory.ring.get(JAVA_INT, memory.cqes + IoUringSpec.CQE_RES);
            assertEquals(-Errno.EACCES, result);
            assertEquals(-Errno.EACCES, memory.register(registerBuffers, MemorySegment.NULL, 0));
        }
    }

    @Test
    void shouldReadWhatWasWrittenWhenFileIsDirect() throws Exception {
        try (HostFile file = HostFile.open(directory.resolve("disk"), false, true);
                IoUring ring = IoUring.create(8)) {
            buffer.segment().asSlice(0, 4096).fill((byte) 7);
            long second = buffer.address() + 4096;
            assertTrue(ring.write(file.fd(), buffer.address(), 4096, 8192, 1));
            assertEquals(Map.of(1L, 4096), await(ring, 1));
            assertTrue(ring.fsync(file.fd(), true, 2));
            assertTrue(ring.fsync(file.fd(), false, 3));
            assertEquals(Map.of(2L, 0, 3L, 0), await(ring, 2));
            assertTrue(ring.read(file.fd(), second, 4096, 8192, 4));
            assertTrue(ring.read(file.fd(), second, 4096, SIZE, 5));
            assertTrue(ring.read(-1, second, 4096, 0, 6));

            assertEquals(Map.of(4L, 4096, 5L, 0, 6L, -Errno.EBADF), await(ring, 3));

            assertEquals(7, buffer.segment().get(JAVA_BYTE, 4096 + 4095));
        }
    }

    @Test
    void shouldScatterAndGatherWhenVectored() throws Exception {
        MemorySegment s = buffer.segment();
        try (HostFile file = HostFile.open(directory.resolve("disk"), false, false);
                IoUring ring = IoUring.create(8)) {
            s.asSlice(1000, 10).fill((byte) 1);
            s.asSlice(2000, 20).fill((byte) 2);
            long iov = iovecs(1000, 10, 2000, 20);
            assertTrue(ring.writev(file.fd(), iov, 2, 100, HostFile.RWF_DSYNC, 1));
            assertEquals(Map.of(1L, 30), await(ring, 1));
            s.asSlice(1000, 2000).fill((byte) 0);
            iov = iovecs(1000, 20, 2000, 10);
            assertTrue(ring.readv(file.fd(), iov, 2, 100, 0, 2));

            assertEquals(Map.of(2L, 30), await(ring, 1));

            assertEquals(1, s.get(JAVA_BYTE, 1009));
            assertEquals(2, s.get(JAVA_BYTE, 1010));
            assertEquals(2, s.get(JAVA_BYTE, 2009));
        }
    }

    private long iovecs(long... offsetAndLength) {
        for (int i = 0; i < offsetAndLength.length; i += 2) {
            long at = (long) i * Long.BYTES;
            buffer.segment().set(JAVA_LONG, at, buffer.address() + offsetAndLength[i]);
            buffer.segment().set(JAVA_LONG, at + Long.BYTES, offsetAndLength[i + 1]);
        }
        return buffer.address();
    }

    @Test
    void shouldPunchHoleWhenFallocated() throws Exception {
        try (HostFile file = HostFile.open(directory.resolve("disk"), false, false);
                IoUring ring = IoUring.create(8)) {
            int mode = HostFile.FALLOC_FL_KEEP_SIZE | HostFile.FALLOC_FL_PUNCH_HOLE;
            assertTrue(ring.fallocate(file.fd(), mode, 0, SIZE / 2, 1));

            assertEquals(Map.of(1L, 0), await(ring, 1));

            assertEquals(SIZE, file.sizeBytes());
            assertEquals(SIZE / 2, file.seekData(0));
            assertTrue(file.allocatedBytes() <= SIZE / 2 + 4096);
        }
    }

    @Test
    void shouldCompleteEachTimeWhenPollIsMultishot() throws Exception {
        try (EventFd event = EventFd.create();
                IoUring ring = IoUring.create(8)) {
            assertTrue(ring.pollAdd(event.number(), POLLIN, true, 9));
            assertEquals(1, ring.submit());
            for (int i = 0; i < 3; i++) {
                event.signal();
                ring.submitAndWait(1, -1);
                assertEquals(
                        1,
                        ring.complete(
                                (userData, result, flags) -> {
                                    assertEquals(9, userData);
                                    assertEquals(POLLIN, result);
                                    assertEquals(IoUring.MORE, flags & IoUring.MORE);
                                },
                                10));
                event.drain();
            }

            assertTrue(ring.cancel(9, 10));
            assertEquals(Map.of(9L, -Errno.ECANCELED, 10L, 0), await(ring, 2));
            assertTrue(ring.cancel(9, 11));
            assertEquals(Map.of(11L, -Errno.ENOENT), await(ring, 1));
        }
    }

    @Test
    void shouldWakeSleeperWhenWatchedEpollInstanceIsReady() throws Exception {
        try (EventFd event = EventFd.create();
                IoUring ring = IoUring.create(8);
                Epoll epoll = Epoll.create()) {
            epoll.add(event.number(), Epoll.IN, 1);
            ring.pollAdd(epoll.fd().number(), POLLIN, false, 5);
            assertEquals(1, ring.submit());
            assertEquals(0, ring.complete(this::store, 10));
            Thread signaller = Thread.ofPlatform().start(event::signal);

            ring.submitAndWait(1, -1);

            assertEquals(1, ring.complete(this::store, 10));
            assertEquals(Map.of(5L, POLLIN), results);
            assertEquals(1, epoll.await(0));
            signaller.join();
        }
    }

    @Test
    void shouldRunDeferredWorkWhenItIsFlaggedAndNothingIsQueued() throws Exception {
        try (EventFd event = EventFd.create();
                IoUring ring = IoUring.create(8)) {
            ring.pollAdd(event.number(), POLLIN, false, 5);
            assertEquals(1, ring.submit());
            Thread.ofPlatform().start(event::signal).join();

            while (ring.complete(this::store, 10) == 0) {
                assertEquals(0, ring.submit());
            }

            assertEquals(Map.of(5L, POLLIN), results);
        }
    }

    @Test
    void shouldRefuseAndGoOnWhenSubmissionRingIsFull() throws Exception {
        try (IoUring ring = IoUring.create(5)) {
            assertEquals(8, ring.spaceLeft());
            for (int i = 0; i < 8; i++) {
                assertTrue(ring.nop(i));
            }
            assertFalse(ring.nop(8));
            assertEquals(0, ring.spaceLeft());

            assertEquals(8, ring.submit());

            assertEquals(8, ring.spaceLeft());
            assertEquals(5, ring.complete(this::store, 5));
            assertEquals(3, ring.complete(this::store, 100));
            assertEquals(0, ring.submit());
            assertFalse(results.containsKey(8L));
        }
    }

    @Test
    void shouldLoseNothingWhenCompletionRingOverflows() throws Exception {
        int total = 40_000;
        Set<Long> seen = new HashSet<>();
        try (IoUring ring = IoUring.create(64)) {
            long queued = 0;
            while (queued < total) {
                while (queued < total && ring.nop(queued)) {
                    queued++;
                }
                if (ring.submit() == 0) {
                    // The kernel wants completions taken first.
                    assertTrue(ring.complete((u, r, f) -> assertTrue(seen.add(u)), 10) > 0);
                }
            }
            while (ring.spaceLeft() < 64) {
                ring.submit();
                ring.complete((u, r, f) -> assertTrue(seen.add(u)), 1000);
            }
            while (ring.complete((u, r, f) -> assertTrue(seen.add(u)), 1000) > 0) {
                // Until all that the kernel kept came.
                assertTrue(seen.size() <= total);
            }
        }
        assertEquals(total, seen.size());
    }

    @Test
    void shouldLetHandlerQueueOperationsWhenCompleting() throws Exception {
        List<Long> order = new ArrayList<>();
        try (IoUring ring = IoUring.create(4)) {
            ring.nop(3);
            ring.submit();
            IoUring.CompletionHandler countDown =
                    (userData, result, flags) -> {
                        order.add(userData);
                        if (userData > 0) {
                            assertTrue(ring.nop(userData - 1));
                            ring.submit();
                        }
                    };

            while (order.size() < 4) {
                assertTrue(ring.complete(countDown, 10) > 0);
            }

            assertEquals(List.of(3L, 2L, 1L, 0L), order);
        }
    }

    @Test
    void shouldNotGiveCompletionTwiceWhenHandlerThrows() throws Exception {
        try (IoUring ring = IoUring.create(4)) {
            ring.nop(1);
            ring.nop(2);
            ring.submit();
            assertThrows(
                    IllegalStateException.class,
                    () ->
                            ring.complete(
                                    (userData, result, flags) -> {
                                        throw new IllegalStateException("a bug of the handler");
                                    },
                                    10));

            assertEquals(1, ring.complete(this::store, 10));

            assertEquals(Map.of(2L, 0), results);
        }
    }

    @Test
    void shouldEndWaitWhenTimeIsOver() throws Exception {
        try (EventFd event = EventFd.create();
                IoUring ring = IoUring.create(4)) {
            ring.pollAdd(event.number(), POLLIN, false, 1);

            assertEquals(1, ring.submitAndWait(1, 1_000_000));
            assertEquals(0, ring.submitAndWait(1, 1_000_000));
            assertEquals(0, ring.submitAndWait(1, 0));
            assertEquals(0, ring.complete(this::store, 10));
            ring.cancel(1, 2);
            await(ring, 2);
        }
    }

    @Test
    void shouldRefuseOtherThreadsWhenConfined() throws Exception {
        try (IoUring ring = IoUring.create(4)) {
            List<Throwable> thrown = new ArrayList<>();
            Thread.ofPlatform()
                    .start(
                            () -> {
                                try {
                                    ring.nop(1);
                                } catch (WrongThreadException e) {
                                    thrown.add(e);
                                }
                            })
                    .join();

            assertEquals(1, thrown.size());
        }
    }

    @Test
    void shouldHoldNothingWhenClosed() throws Exception {
        IoUring.create(4).close();
        long descriptors = Leaks.descriptors();
        int mappings = Leaks.mappings("[io_uring]").size();

        IoUring ring = IoUring.create(4);
        ring.limitWorkers(2, 2);
        assertEquals(mappings + 2, Leaks.mappings("[io_uring]").size());
        ring.close();
        ring.close();

        assertEquals(descriptors, Leaks.descriptors());
        assertEquals(mappings, Leaks.mappings("[io_uring]").size());
    }

    @Test
    void shouldWorkWhenThreadMakesMoreRingsThanItCanRegister() throws Exception {
        List<IoUring> rings = new ArrayList<>();
        try {
            for (int i = 0; i < 40; i++) {
                rings.add(IoUring.create(1));
            }
            for (IoUring ring : rings) {
                assertTrue(ring.nop(1));
                assertEquals(1, ring.submit());
                assertEquals(1, ring.complete(this::store, 1));
            }
        } finally {
            rings.forEach(IoUring::close);
        }
        // Places that were given back can be taken again, many times over.
        for (int i = 0; i < 40; i++) {
            try (IoUring ring = IoUring.create(1)) {
                ring.nop(i);
                assertEquals(Map.of((long) i, 0), await(ring, 1));
            }
        }
    }

    @Test
    void shouldRefuseWhenSizeCannotBe() {
        assertThrows(IllegalArgumentException.class, () -> IoUring.create(0));
        assertThrows(IllegalArgumentException.class, () -> IoUring.create(32769));
    }

    private Map<Long, Integer> await(IoUring ring, int count) {
        results.clear();
        while (results.size() < count) {
            assertTrue(ring.submitAndWait(1, -1) >= 0);
            ring.complete(this::store, count);
        }
        return results;
    }

    private void store(long userData, int result, int flags) {
        results.put(userData, result);
    }
}
