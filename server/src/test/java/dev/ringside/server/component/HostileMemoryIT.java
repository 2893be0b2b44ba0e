package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.shm.Fd;
import dev.ringside.shm.Memfd;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A front-end whose memory is not what it says, or not for long. */
class HostileMemoryIT extends Hostile {
    private static final int REGION_BYTES = 4 << 20;
    private static final int IO_BYTES = 64 << 10;

    /** A region that nobody can seal against shrinking. */
    private static FrontendRegion unsealable(final long guestAddress, final long bytes)
            throws IOException {
        final Fd fd = Memfd.create("ringside-frontend", bytes);
        Memfd.seal(fd, Memfd.F_SEAL_SEAL);
        return FrontendRegion.of(fd, guestAddress, guestAddress + (1L << 40), bytes, 0);
    }

    @Test
    void shouldSealMemoryAgainstShrinkingWhenItMay() throws Exception {
        try (BlkDriver driver = victim().start(BlkOptions.defaults())) {
            final FrontendRegion region = driver.memory().regions().getFirst();
            assertThrows(IOException.class, () -> region.truncate(0));
        }
    }

    /** Fills the ring with large requests on {@code data}, kicks, and touches nothing more. */
    private static void submit(final BlkDriver driver, final FrontendRegion data, final int type) {
        final FrontendRegion rings = driver.memory().regions().getFirst();
        final long control = rings.guestAddress() + rings.sizeBytes() - 8192;
        final DriverQueue queue = driver.queue(0);
        for (int i = 0; i < 32; i++) {
            final long header = control + i * 128L;
            final var segment = driver.memory().slice(header, 16);
            segment.set(ValueLayout.JAVA_INT_UNALIGNED, 0, type);
            segment.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, i);
            final long buffer = data.guestAddress() + (long) i * IO_BYTES;
            queue.add(
                    new DriverChain()
                            .readable(header, BlkSpec.HEADER_BYTES)
                            .append(buffer, IO_BYTES, type == BlkSpec.T_IN)
                            .writable(header + 64, 1));
        }
        queue.publish();
        queue.kick();
    }

    @ParameterizedTest
    @ValueSource(strings = {"memory:size=8M", "file"})
    void shouldCloseOnlyThatSessionWhenDataIsTruncatedUnderIo(final String backend)
            throws Exception {
        final var disk = backend.equals("file") ? victim() : extraDisk(backend, 1);
        final Random random = new Random(SEED);
        for (int round = 0; round < 24; round++) {
            final FrontendMemory memory = new FrontendMemory();
            memory.add(FrontendRegion.create(0, REGION_BYTES));
            try (BlkDriver driver = disk.start(memory, BlkOptions.defaults().indirectEntries(0));
                    FrontendRegion data = unsealable(1L << 32, REGION_BYTES)) {
                driver.protocol()
                        .tellAndWait(
                                VhostUserSpec.ADD_MEM_REG,
                                FrontendProtocol.memoryRegion(data),
                                data.fd());
                submit(driver, data, round % 2 == 0 ? BlkSpec.T_IN : BlkSpec.T_OUT);
                LockSupport.parkNanos(random.nextInt(2_000_000));
                data.truncate(random.nextBoolean() ? 0 : IO_BYTES * 3L);
                // Requests that reach the hole: the session ends, or they fail one by one when
                // only the kernel touched it.
                driver.queue(0).kick();
            }
            neighbour().assertGoesOn();
        }
    }

    @Test
    void shouldCloseOnlyThatSessionWhenRingsAreTruncated() throws Exception {
        final Random random = new Random(SEED);
        for (int round = 0; round < 16; round++) {
            final FrontendMemory memory = new FrontendMemory();
            final FrontendRegion all = memory.add(unsealable(0, REGION_BYTES));
            try (BlkDriver driver = victim().start(memory, BlkOptions.defaults())) {
                driver.queue(0).kick();
                LockSupport.parkNanos(random.nextInt(300_000));
                all.truncate(0);
                driver.queue(0).kick();
                assertTrue(driver.protocol().connection().awaitHangup(), "seed " + SEED);
            }
            neighbour().assertGoesOn();
        }
    }

    @Test
    void shouldCloseOnlyThatSessionWhenIdleMemoryIsTruncated() throws Exception {
        final FrontendMemory memory = new FrontendMemory();
        final FrontendRegion all = memory.add(unsealable(0, REGION_BYTES));
        try (BlkDriver driver = victim().start(memory, BlkOptions.defaults())) {
            all.truncate(0);
            // Only a stop touches the ring now.
            try {
                driver.stop();
                driver.activate();
                driver.protocol().getFeatures();
            } catch (IOException e) {
                // Refused or hung up: both are right.
                assertTrue(driver.protocol().connection().awaitHangup() || e.getMessage() != null);
            }
        }
        neighbour().assertGoesOn();
    }

    private static byte[] table(final long[]... regions) {
        final byte[] payload = new byte[8 + 32 * regions.length];
        final ByteBuffer out = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(regions.length).putInt(0);
        for (final long[] region : regions) {
            for (final long field : region) {
                out.putLong(field);
            }
        }
        return payload;
    }

    @Test
    void shouldRefuseTablesThatCannotBe() throws Exception {
        final long mib = 1 << 20;
        // Guest address, size, user address, mmap offset; every file is 1 MiB long.
        final List<byte[]> tables = new ArrayList<>();
        tables.add(table(new long[] {0, 2 * mib, 0x10000, 0}));
        tables.add(table(new long[] {0, mib, 0x10000, 4096}));
        tables.add(table(new long[] {0, mib, 0x10000, -4096L}));
        tables.add(table(new long[] {0, 0, 0x10000, 0}));
        tables.add(table(new long[] {0, -1L, 0x10000, 0}));
        tables.add(table(new long[] {-4096L, mib, 0x10000, 0}));
        tables.add(table(new long[] {0, mib, -4096L, 0}));
        tables.add(table(new long[] {0, mib, 0x10000, 0}, new long[] {4096, mib, 1L << 40, 0}));
        tables.add(table(new long[] {0, mib, 1 << 30, 0}, new long[] {1L << 40, mib, 1 << 30, 0}));
        for (final byte[] payload : tables) {
            try (BlkDriver driver =
                            BlkDriver.probe(
                                    victim().connect(),
                                    new FrontendMemory(),
                                    BlkOptions.defaults().memorySlots(false));
                    FrontendRegion file = FrontendRegion.create(0, mib)) {
                driver.protocol().setFeatures(driver.features());
                final Fd[] fds =
                        new Fd[ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).getInt(0)];
                java.util.Arrays.fill(fds, file.fd());
                assertThrows(
                        IOException.class,
                        () ->
                                driver.protocol()
                                        .tellAndWait(VhostUserSpec.SET_MEM_TABLE, payload, fds));
            }
        }
    }

    @Test
    void shouldRefuseToRemoveWhatWasNeverAdded() throws Exception {
        try (BlkDriver driver = victim().start(BlkOptions.defaults());
                FrontendRegion other = FrontendRegion.create(1L << 40, 1 << 20)) {
            driver.protocol().needReply(true);
            assertThrows(IOException.class, () -> driver.protocol().removeMemory(other));
        }
    }

    @Test
    void shouldStopTheQueueWhenItsMemoryIsRemovedUnderLoad() throws Exception {
        for (int round = 0; round < 10; round++) {
            final FrontendMemory memory = new FrontendMemory();
            memory.add(FrontendRegion.create(0, REGION_BYTES));
            try (BlkDriver driver = victim().start(memory, BlkOptions.defaults())) {
                final FrontendRegion data = FrontendRegion.create(1L << 32, REGION_BYTES);
                driver.addMemory(data);
                submit(driver, data, BlkSpec.T_OUT);
                driver.removeMemory(data);
                final DriverQueue queue = driver.queue(0);
                int back = 0;
                while (queue.pollUsed() >= 0) {
                    back++;
                }
                assertEquals(queue.ring().usedIndex(), back);
            }
        }
    }
}
