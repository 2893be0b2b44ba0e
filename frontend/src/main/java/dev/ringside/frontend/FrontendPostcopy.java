package dev.ringside.frontend;

import dev.ringside.shm.Epoll;
import dev.ringside.shm.Fd;
import dev.ringside.shm.UserFaultFd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The target's side of a postcopy migration, as QEMU does it (vhost-user.rst, Migration): tells the
 * back-end of memory that is empty, and fills it page by page by a userfaultfd.
 *
 * <p>Confined to one thread, which must not touch pages that it has not placed.
 */
public final class FrontendPostcopy implements AutoCloseable {
    private final FrontendProtocol protocol;
    private final Fd backEndFaults;
    private final UserFaultFd mine;

    private FrontendPostcopy(
            final FrontendProtocol protocol, final Fd backEndFaults, final UserFaultFd mine) {
        this.protocol = protocol;
        this.backEndFaults = backEndFaults;
        this.mine = mine;
    }

    /** POSTCOPY_ADVISE. PAGEFAULT and REPLY_ACK must have been negotiated. */
    public static FrontendPostcopy advise(final FrontendProtocol protocol) throws IOException {
        final FrontendMessage reply =
                protocol.connection().call(VhostUserSpec.POSTCOPY_ADVISE, 0, new byte[0]);
        if (reply.payload().length != 0 || reply.fds().size() != 1) {
            reply.closeFds();
            throw new IOException("POSTCOPY_ADVISE was not answered with a userfaultfd");
        }
        final Fd given = reply.fds().getFirst();
        try {
            return new FrontendPostcopy(protocol, given, UserFaultFd.create(0));
        } catch (IOException | RuntimeException e) {
            given.close();
            throw e;
        }
    }

    /** POSTCOPY_LISTEN. */
    public void listen() throws IOException {
        protocol.tellAndWait(VhostUserSpec.POSTCOPY_LISTEN, new byte[0]);
    }

    /** ADD_MEM_REG of a region none of whose pages has come, and its acknowledgement. */
    public void addMemory(final FrontendRegion region) throws IOException {
        mine.register(region.segment().address(), region.sizeBytes());
        final byte[] told = FrontendProtocol.memoryRegion(region);
        final FrontendMessage reply =
                protocol.connection().call(VhostUserSpec.ADD_MEM_REG, 0, told, region.fd());
        reply.closeFds();
        if (reply.payload().length != told.length) {
            throw new IOException(
                    "ADD_MEM_REG was answered with " + Arrays.toString(reply.payload()));
        }
        protocol.connection().send(VhostUserSpec.ADD_MEM_REG, 0, new byte[Long.BYTES]);
    }

    /**
     * Places pages that have come.
     *
     * @param offset of the first one in the region
     * @throws IOException when one of them is there already: somebody touched it
     */
    public void place(final FrontendRegion region, final long offset, final MemorySegment pages)
            throws IOException {
        mine.fill(region.segment().address() + offset, pages);
        UserFaultFd.wake(backEndFaults, region.userAddress() + offset, pages.byteSize());
    }

    /** Whether the back-end has said that it waits for a page. */
    public boolean backEndWaits() throws IOException {
        try (Epoll epoll = Epoll.create()) {
            epoll.add(backEndFaults.number(), Epoll.IN, 0);
            return epoll.await(0) > 0;
        }
    }

    /** POSTCOPY_END: all pages were placed. */
    public void end() throws IOException {
        protocol.tellAndWait(VhostUserSpec.POSTCOPY_END, new byte[0]);
    }

    @Override
    public void close() {
        backEndFaults.close();
        mine.close();
    }
}
