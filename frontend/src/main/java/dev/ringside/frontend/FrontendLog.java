package dev.ringside.frontend;

import dev.ringside.shm.Fd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.BitSet;

/**
 * A front-end's side of dirty logging (vhost-user.rst, Migration): switches it on and off while the
 * rings run, and takes dirty pages out of the log as QEMU does (bit by bit out of one log) or as
 * cloud-hypervisor does (another log each time). One thread at a time.
 */
public final class FrontendLog implements AutoCloseable {
    private static final VarHandle WORD =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final VirtioDriver driver;
    private final long sizeBytes;
    private FrontendRegion log;

    private FrontendLog(final VirtioDriver driver, final long sizeBytes) throws IOException {
        this.driver = driver;
        this.sizeBytes = sizeBytes;
        log = newLog();
    }

    /** Gives the back-end a log for all of the driver's memory, and switches logging on. */
    public static FrontendLog start(final VirtioDriver driver) throws IOException {
        long end = 0;
        for (final FrontendRegion region : driver.memory().regions()) {
            end = Math.max(end, region.guestAddress() + region.sizeBytes());
        }
        final long pages = (end + VhostUserSpec.LOG_PAGE_BYTES - 1) / VhostUserSpec.LOG_PAGE_BYTES;
        final long words = (pages + Long.SIZE - 1) / Long.SIZE;
        final FrontendLog started = new FrontendLog(driver, words * Long.BYTES);
        started.give(started.log);
        started.switchTo(true);
        return started;
    }

    private FrontendRegion newLog() throws IOException {
        return FrontendRegion.create(0, sizeBytes);
    }

    private void give(final FrontendRegion given) throws IOException {
        driver.protocol().setLogBase(given.fd(), sizeBytes, 0);
    }

    private void switchTo(final boolean on) throws IOException {
        final FrontendProtocol protocol = driver.protocol();
        final boolean before = protocol.needReply(protocol.has(VhostUserSpec.PROTOCOL_F_REPLY_ACK));
        try {
            final long all = VhostUserSpec.bit(VhostUserSpec.F_LOG_ALL);
            protocol.setFeatures(on ? driver.features() | all : driver.features() & ~all);
            for (final DriverQueue queue : driver.queues()) {
                if (on) {
                    protocol.setLoggedVringAddr(queue.layout(), driver.memory());
                } else {
                    protocol.setVringAddr(queue.layout(), driver.memory());
                }
            }
        } finally {
            protocol.needReply(before);
        }
    }

    /** Takes the dirty pages out of the log, which stays the back-end's. */
    public BitSet take() {
        return takeFrom(log.segment());
    }

    /** Gives the back-end another log, and returns what is in the one before. */
    public BitSet replace() throws IOException {
        final FrontendRegion before = log;
        log = newLog();
        give(log);
        final BitSet pages = takeFrom(before.segment());
        before.close();
        return pages;
    }

    private static BitSet takeFrom(final MemorySegment segment) {
        final long[] words = new long[(int) (segment.byteSize() / Long.BYTES)];
        for (int i = 0; i < words.length; i++) {
            final long at = (long) i * Long.BYTES;
            if ((long) WORD.getVolatile(segment, at) != 0) {
                words[i] = (long) WORD.getAndSet(segment, at, 0L);
            }
        }
        return BitSet.valueOf(words);
    }

    /** Switches logging off, and returns what was logged last. */
    public BitSet stop() throws IOException {
        switchTo(false);
        return take();
    }

    /** The log's file, still owned by this object. */
    public Fd fd() {
        return log.fd();
    }

    /** Unmaps the log; the back-end may have it still. */
    @Override
    public void close() {
        log.close();
    }
}
