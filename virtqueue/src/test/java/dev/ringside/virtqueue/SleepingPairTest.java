package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.ringside.virtqueue.RingDriver.Buffer;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A driver that sleeps unless called and a device that sleeps unless kicked, on two threads: one
 * missed notification and they sleep for ever. The time-out only ends such a sleep.
 */
final class SleepingPairTest {
    private static final int CHAINS = 15_000;

    @ParameterizedTest
    @CsvSource({
        "SPLIT,0,1",
        "SPLIT,0,16",
        "SPLIT,0x20000000,1",
        "SPLIT,0x20000000,16",
        "SPLIT,0x820000000,8",
        "PACKED,0,1",
        "PACKED,0,15",
        "PACKED,0x20000000,1",
        "PACKED,0x20000000,15",
        "PACKED,0x820000000,8"
    })
    @Timeout(120)
    void shouldNeverSleepBoth(RingKind kind, String features, int size) throws Exception {
        RandomGenerator random = TestSeed.generator("shouldNeverSleepBoth " + kind);
        long deviceSeed = random.nextLong();
        long driverSeed = random.nextLong();
        Semaphore kicks = new Semaphore(0);
        Semaphore calls = new Semaphore(0);
        try (TestMemory memory = new TestMemory();
                ExecutorService threads = Executors.newFixedThreadPool(2)) {
            RingDriver driver = kind.driverNearWrap(memory, size, Long.decode(features), 536);
            Virtqueue queue = driver.queue();
            Callable<Integer> device = () -> serve(queue, kicks, calls, deviceSeed);
            Callable<Integer> guest = () -> drive(driver, kicks, calls, driverSeed);

            Future<Integer> served = threads.submit(device);
            Future<Integer> driven = threads.submit(guest);

            try {
                assertEquals(CHAINS, driven.get());
                assertEquals(CHAINS, served.get());
            } finally {
                threads.shutdownNow();
            }
            assertNull(queue.fault());
        }
    }

    private static int serve(Virtqueue queue, Semaphore kicks, Semaphore calls, long seed)
            throws InterruptedException {
        RandomGenerator random = new SplittableRandom(seed);
        DescriptorChain chain = new DescriptorChain(4);
        int served = 0;
        while (served < CHAINS) {
            boolean any = false;
            while (queue.next(chain)) {
                queue.complete(chain.head(), 1);
                served++;
                any = true;
            }
            linger(random);
            if (queue.publish()) {
                calls.release();
            }
            if (any) {
                queue.suppressKicks();
            } else if (!queue.requestKicks()) {
                kicks.acquire();
                kicks.drainPermits();
            }
        }
        return served;
    }

    private static int drive(RingDriver driver, Semaphore kicks, Semaphore calls, long seed)
            throws InterruptedException {
        RandomGenerator random = new SplittableRandom(seed);
        int sent = 0;
        int done = 0;
        while (done < CHAINS) {
            driver.refuseCalls();
            for (int n = random.nextInt(1, 9); n > 0 && sent < CHAINS; n--) {
                if (driver.freeDescriptors() > 0) {
                    driver.add(Buffer.writable(TestMemory.HIGH, 1));
                    sent++;
                }
            }
            if (driver.shouldKick()) {
                kicks.release();
            }
            linger(random);
            int before = done;
            while (driver.poll() != null) {
                done++;
            }
            if (done == before) {
                driver.wantCalls();
                if (!driver.usedWaits()) {
                    calls.acquire();
                    calls.drainPermits();
                }
            }
        }
        return done;
    }

    /** Moves the two threads against each other. */
    private static void linger(RandomGenerator random) {
        for (int n = random.nextInt(200); n > 0; n--) {
            Thread.onSpinWait();
        }
    }
}
