package dev.ringside.bench.compare;

import dev.ringside.shm.CpuAffinity;
import dev.ringside.shm.Epoll;
import dev.ringside.shm.EventFd;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the machine itself takes to wake somebody up: a thread on another processor that sleeps
 * until an eventfd is written, and answers by a store. There is no ring, and no other process.
 */
final class BareSleeper implements Sleeper, AutoCloseable {
    private static final long SLEEP_NS = 100_000_000;
    private static final long STALL_NS = 5_000_000_000L;

    private final EventFd eventFd;
    private final Epoll epoll;
    private final Thread thread;
    private final AtomicLong answers = new AtomicLong();
    private volatile boolean ended;

    private BareSleeper(final EventFd eventFd, final Epoll epoll, final int cpu) {
        this.eventFd = eventFd;
        this.epoll = epoll;
        thread = Thread.ofPlatform().daemon().name("bare-sleeper").unstarted(() -> sleep(cpu));
    }

    /** On that processor. */
    static BareSleeper start(final int cpu) throws IOException {
        final EventFd eventFd = EventFd.create();
        final Epoll epoll = Epoll.create();
        epoll.add(eventFd.number(), Epoll.IN, 0);
        final BareSleeper sleeper = new BareSleeper(eventFd, epoll, cpu);
        sleeper.thread.start();
        return sleeper;
    }

    private void sleep(final int cpu) {
        try {
            CpuAffinity.pinCurrentThread(cpu);
        } catch (IOException e) {
            throw new IllegalStateException("cannot run on processor " + cpu, e);
        }
        while (!ended) {
            if (epoll.await(SLEEP_NS) > 0) {
                // Back to 0 before the answer: what is written after that wakes it again.
                eventFd.drain();
                answers.setRelease(answers.getPlain() + 1);
            }
        }
    }

    @Override
    public void wake() throws IOException {
        final long before = answers.getAcquire();
        final long start = System.nanoTime();
        eventFd.signal();
        while (answers.getAcquire() == before) {
            if (System.nanoTime() - start > STALL_NS) {
                throw new IOException("a thread that was woken did not answer");
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        ended = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        epoll.close();
        eventFd.close();
    }
}
