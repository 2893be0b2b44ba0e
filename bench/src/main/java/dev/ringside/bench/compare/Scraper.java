package dev.ringside.bench.compare;

import dev.ringside.shm.CpuAffinity;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/** Reads a page of metrics at once and then each second, as Prometheus may, until it is closed. */
final class Scraper implements AutoCloseable {
    private static final long SECOND_NS = 1_000_000_000L;

    private final MetricsPage page;
    private final Thread thread;
    private volatile boolean ended;
    private volatile int count;

    private Scraper(final MetricsPage page, final int cpu) {
        this.page = page;
        thread = Thread.ofPlatform().daemon().name("scraper").unstarted(() -> scrape(cpu));
    }

    /** Begins, on that processor. */
    static Scraper start(final MetricsPage page, final int cpu) {
        final Scraper scraper = new Scraper(page, cpu);
        scraper.thread.start();
        return scraper;
    }

    private void scrape(final int cpu) {
        try {
            CpuAffinity.pinCurrentThread(cpu);
            long next = System.nanoTime();
            int done = 0;
            while (!ended) {
                page.read();
                done++;
                count = done;
                next += SECOND_NS;
                while (!ended && next - System.nanoTime() > 0) {
                    LockSupport.parkNanos(next - System.nanoTime());
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException("cannot read " + page.address(), e);
        }
    }

    /** How often it has read the page. */
    int count() {
        return count;
    }

    @Override
    public void close() {
        ended = true;
        LockSupport.unpark(thread);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
