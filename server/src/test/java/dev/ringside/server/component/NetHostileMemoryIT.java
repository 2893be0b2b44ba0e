package dev.ringside.server.component;

import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.VirtioDriver;
import java.io.IOException;

/** The memory of a NIC's front-end. */
class NetHostileMemoryIT extends MemoryAttacks {
    private static final int FRAME_BYTES = 1500;
    private static final int FRAMES = 32;
    private static final int TRANSMITQ = 1;

    @Override
    VirtioDriver start(final FrontendMemory memory) throws IOException {
        return NetDriver.start(nic().connect(), memory, OFFLOADS);
    }

    @Override
    VirtioDriver probe() throws IOException {
        return NetDriver.probe(nic().connect(), new FrontendMemory(), OFFLOADS.memorySlots(false));
    }

    /** Frames of zeroes, headers included, which are legal. */
    @Override
    DriverQueue submit(final VirtioDriver driver, final FrontendRegion data) {
        final DriverQueue queue = driver.queue(TRANSMITQ);
        for (int i = 0; i < FRAMES; i++) {
            queue.add(
                    new DriverChain()
                            .readable(data.guestAddress() + (long) i * FRAME_BYTES, FRAME_BYTES));
        }
        queue.publish();
        queue.kick();
        return queue;
    }
}
