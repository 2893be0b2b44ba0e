package dev.ringside.server.sim;

import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.server.sim.SimProcess.Reply;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How messages look on the wire. */
final class Wire {
    private Wire() {}

    static ByteBuffer payload(final Reply reply, final int skip) {
        return ByteBuffer.wrap(reply.message(), skip, reply.message().length - skip)
                .order(ByteOrder.nativeOrder());
    }

    static long u64(final Reply reply) {
        return payload(reply, VhostUserSpec.HEADER_BYTES).getLong();
    }

    /** The payload of SET_MEM_TABLE. */
    static byte[] table(final List<FrontendRegion> regions) {
        final byte[] bytes = new byte[8 + 32 * regions.size()];
        final ByteBuffer into = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        into.putInt(regions.size()).putInt(0);
        regions.forEach(region -> put(into, region));
        return bytes;
    }

    /** The payload of ADD_MEM_REG and REM_MEM_REG. */
    static byte[] region(final FrontendRegion region) {
        final byte[] bytes = new byte[40];
        put(ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).putLong(0), region);
        return bytes;
    }

    private static void put(final ByteBuffer into, final FrontendRegion region) {
        into.putLong(region.guestAddress())
                .putLong(region.sizeBytes())
                .putLong(region.userAddress())
                .putLong(region.mmapOffset());
    }

    static Fd duplicate(final @Nullable Fd fd) {
        if (fd == null) {
            throw new SimFailure("the front-end has no such descriptor");
        }
        try {
            return fd.duplicate();
        } catch (final LinuxException e) {
            throw new SimFailure("no descriptors left", e);
        }
    }

    static ByteBuffer buffer(final int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    }

    static byte[] u64(final long value) {
        return buffer(Long.BYTES).putLong(value).array();
    }

    static byte[] state(final int queue, final int number) {
        return buffer(8).putInt(queue).putInt(number).array();
    }

    static byte[] message(final int request, final int flags, final byte[] payload) {
        return buffer(VhostUserSpec.HEADER_BYTES + payload.length)
                .putInt(request)
                .putInt(flags)
                .putInt(payload.length)
                .put(payload)
                .array();
    }
}
