package dev.ringside.server.component;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioDriver;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The memory of a disk's front-end. */
class HostileMemoryIT extends MemoryAttacks {
    private static final int IO_BYTES = 64 << 10;

    @Override
    VirtioDriver start(final FrontendMemory memory) throws IOException {
        return victim().start(memory, BlkOptions.defaults());
    }

    @Override
    VirtioDriver probe() throws IOException {
        return BlkDriver.probe(
                victim().connect(), new FrontendMemory(), BlkOptions.defaults().memorySlots(false));
    }

    @Override
    DriverQueue submit(final VirtioDriver driver, final FrontendRegion data) {
        return submit(driver, data, BlkSpec.T_OUT);
    }

    /** Fills the ring with large requests on {@code data}, kicks, and touches nothing more. */
    private static DriverQueue submit(
            final VirtioDriver driver, final FrontendRegion data, final int type) {
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
        return queue;
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
}
