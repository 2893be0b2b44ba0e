package dev.ringside.frontend;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Plays an IOMMU in front of a device (vhost-user.rst, IOMMU support): answers the back-end's
 * misses from page tables of its own, and takes translations back. Guest memory is mapped page by
 * page, each page to its own guest address; other pages are mapped as a test says.
 *
 * <p>A thread of its own answers. Methods may be called by any thread; whoever uses the driver's
 * {@link FrontendProtocol} meanwhile does so by {@link #exclusively}.
 */
public final class FrontendIommu implements AutoCloseable {
    /** Permissions flags. */
    public static final int READ = 1;

    /** Permissions flags. */
    public static final int WRITE = 2;

    /** Permissions flags. */
    public static final int READ_WRITE = READ | WRITE;

    public static final int MISS = 1;
    public static final int UPDATE = 2;
    public static final int INVALIDATE = 3;
    public static final int ACCESS_FAIL = 4;

    /** Size of every page. */
    public static final int PAGE_BYTES = 4096;

    private static final int MESSAGE_BYTES = 32;
    private static final int POLL_MS = 20;
    private static final int IOVA = 0;
    private static final int PERMISSIONS = 24;
    private static final int TYPE = 25;

    private final VirtioDriver driver;
    private final Object lock = new Object();
    private final Map<Long, Page> pages = new HashMap<>();
    private final Thread thread = new Thread(this::run, "frontend-iommu");
    private volatile boolean running = true;
    private final AtomicLong misses = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private volatile @Nullable Throwable failure;

    private record Page(long userAddress, int access) {}

    /** In front of a driver that negotiated F_ACCESS_PLATFORM and has a back-end channel. */
    public FrontendIommu(final VirtioDriver driver) {
        this.driver = driver;
    }

    /** Begins to answer. */
    public FrontendIommu start() {
        thread.start();
        return this;
    }

    /** How many misses were answered. */
    public long misses() {
        return misses.get();
    }

    /** How many access failures the back-end told. */
    public long failures() {
        return failures.get();
    }

    /** Maps a page, which must not be mapped differently in the back-end. */
    public void map(final long iova, final long userAddress, final int access) {
        synchronized (lock) {
            pages.put(iova, new Page(userAddress, access));
        }
    }

    /** Takes a range back; returns when the back-end does not use it any more. */
    public void invalidate(final long iova, final long bytes) throws IOException {
        synchronized (lock) {
            tell(iova, bytes, 0, 0, INVALIDATE);
        }
    }

    /** Gives a translation unasked. */
    public void update(final long iova, final long bytes, final long userAddress, final int access)
            throws IOException {
        synchronized (lock) {
            tell(iova, bytes, userAddress, access, UPDATE);
        }
    }

    /** Does something with the driver's protocol while this sends nothing. */
    public <T> T exclusively(final Callable<T> action) throws Exception {
        synchronized (lock) {
            return action.call();
        }
    }

    private void tell(
            final long iova,
            final long bytes,
            final long userAddress,
            final int access,
            final int type)
            throws IOException {
        driver.protocol()
                .tellAndWait(
                        VhostUserSpec.IOTLB_MSG, message(iova, bytes, userAddress, access, type));
    }

    /** The payload of an IOTLB_MSG. */
    public static byte[] message(
            final long iova,
            final long bytes,
            final long userAddress,
            final int access,
            final int type) {
        return ByteBuffer.allocate(MESSAGE_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(iova)
                .putLong(bytes)
                .putLong(userAddress)
                .put((byte) access)
                .put((byte) type)
                .array();
    }

    private void run() {
        try {
            final FrontendConnection channel = driver.backendChannel();
            while (running && channel != null) {
                if (channel.awaitReadable(POLL_MS)) {
                    serve(channel, channel.receive());
                }
            }
        } catch (IOException | RuntimeException e) {
            if (running) {
                failure = e;
            }
        }
    }

    private void serve(final FrontendConnection channel, final FrontendMessage message)
            throws IOException {
        message.closeFds();
        if (message.request() != VhostUserSpec.BACKEND_IOTLB_MSG) {
            return;
        }
        final ByteBuffer payload = message.buffer();
        boolean known = true;
        if (payload.get(TYPE) == ACCESS_FAIL) {
            failures.incrementAndGet();
        } else {
            known = answer(payload.getLong(IOVA), payload.get(PERMISSIONS));
            misses.incrementAndGet();
        }
        if ((message.flags() & VhostUserSpec.NEED_REPLY) != 0) {
            final byte[] reply = new byte[Long.BYTES];
            reply[0] = (byte) (known ? 0 : 1);
            channel.send(message.request(), VhostUserSpec.REPLY, reply);
        }
    }

    private boolean answer(final long iova, final int access) throws IOException {
        synchronized (lock) {
            final long page = iova & -PAGE_BYTES;
            final Page known = pages.getOrDefault(page, identity(page));
            if (known == null || (known.access & access) != access) {
                return false;
            }
            tell(page, PAGE_BYTES, known.userAddress, known.access, UPDATE);
            return true;
        }
    }

    private @Nullable Page identity(final long page) {
        for (final FrontendRegion region : driver.memory().regions()) {
            if (region.contains(page, PAGE_BYTES)) {
                return new Page(driver.memory().userAddress(page), READ_WRITE);
            }
        }
        return null;
    }

    /** Answers nothing any more; throws what went wrong. */
    @Override
    public void close() {
        running = false;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        final Throwable wrong = failure;
        if (wrong != null) {
            throw new IllegalStateException("the IOMMU failed: " + wrong, wrong);
        }
    }
}
