package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioDriver;
import dev.ringside.shm.Fd;
import dev.ringside.shm.Memfd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** A front-end whose memory is not what it says, or not for long, at any device. */
abstract class MemoryAttacks extends HostileNics {
    static final int REGION_BYTES = 4 << 20;

    /** A region that nobody can seal against shrinking. */
    static FrontendRegion unsealable(final long guestAddress, final long bytes) throws IOException {
        final Fd fd = Memfd.create("ringside-frontend", bytes);
        Memfd.seal(fd, Memfd.F_SEAL_SEAL);
        return FrontendRegion.of(fd, guestAddress, guestAddress + (1L << 40), bytes, 0);
    }

    @Test
    void shouldSealMemoryAgainstShrinkingWhenItMay() throws Exception {
        try (VirtioDriver driver = start(FrontendMemory.likePc(32 << 20))) {
            final FrontendRegion region = driver.memory().regions().getFirst();
            assertThrows(IOException.class, () -> region.truncate(0));
        }
    }

    /** A driver of the device that is attacked. */
    abstract VirtioDriver start(FrontendMemory memory) throws IOException;

    /** One without a table of memory slots, that has only negotiated. */
    abstract VirtioDriver probe() throws IOException;

    /** Fills a ring with work on {@code data}, kicks, and touches nothing more; that ring. */
    abstract DriverQueue submit(VirtioDriver driver, FrontendRegion data);

    @Test
    void shouldCloseOnlyThatSessionWhenRingsAreTruncated() throws Exception {
        final Random random = new Random(SEED);
        for (int round = 0; round < 16; round++) {
            final FrontendMemory memory = new FrontendMemory();
            final FrontendRegion all = memory.add(unsealable(0, REGION_BYTES));
            try (VirtioDriver driver = start(memory)) {
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
        try (VirtioDriver driver = start(memory)) {
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
            try (VirtioDriver driver = probe();
                    FrontendRegion file = FrontendRegion.create(0, mib)) {
                driver.protocol().setFeatures(driver.features());
                final Fd[] fds =
                        new Fd[ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).getInt(0)];
                Arrays.fill(fds, file.fd());
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
        try (VirtioDriver driver = start(FrontendMemory.likePc(32 << 20));
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
            try (VirtioDriver driver = start(memory)) {
                final FrontendRegion data = FrontendRegion.create(1L << 32, REGION_BYTES);
                driver.addMemory(data);
                final DriverQueue queue = submit(driver, data);
                driver.removeMemory(data);
                int back = 0;
                while (queue.pollUsed() >= 0) {
                    back++;
                }
                assertEquals(queue.ring().usedIndex(), back);
            }
        }
    }
}
