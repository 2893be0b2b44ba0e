package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.shm.EventFd;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A front-end that fills the counters of its own eventfds and lets whoever writes to them wait: no
 * thread of the server may write so.
 */
class HostileEventFdIT extends HostileNics {
    private static final int REQUESTS = 200;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldServeOnWhenCallsAreJammed(final boolean packed) throws Exception {
        final BlkOptions plain = BlkOptions.defaults().queues(2).without(VirtioSpec.F_EVENT_IDX);
        final BlkOptions options = packed ? plain.with(VirtioSpec.F_RING_PACKED) : plain;
        try (BlkDriver driver = victim().start(options)) {
            final BlkIo io = new BlkIo(driver, 0, 4096);
            for (int i = 0; i < REQUESTS; i++) {
                // The driver polls here: that it finds the counter full wakes it at once.
                driver.queue(0).callFd().jam();
                driver.queue(1).callFd().jam();
                assertEquals(BlkSpec.S_OK, io.read(i, new byte[512]));
            }
            neighbour().assertGoesOn();
            netNeighbour().assertGoesOn();
            driver.stop();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldStopTheQueueWhenErrorSignalsAreJammed(final boolean packed) throws Exception {
        final BlkOptions plain = BlkOptions.defaults();
        final BlkOptions options = packed ? plain.with(VirtioSpec.F_RING_PACKED) : plain;
        try (BlkDriver driver = victim().start(options);
                EventFd err = EventFd.create()) {
            driver.protocol().needReply(true);
            driver.protocol().setVringErr(0, err);
            err.jam();
            breakRing(driver, packed);
            Await.until(
                    "the queue's fault is counted",
                    () -> server().counters("queue_faults").toString().contains("disk1"));
            neighbour().assertGoesOn();
            driver.protocol().getVringBase(0);
        }
    }

    private static void breakRing(final BlkDriver driver, final boolean packed) {
        if (packed) {
            driver.queue(0)
                    .packedRing()
                    .descriptor(0, 1L << 50, 16, 0, VirtioSpec.PACKED_DESC_F_AVAIL);
        } else {
            driver.queue(0).ring().availableIndex(-1);
        }
        driver.queue(0).kick();
    }
}
