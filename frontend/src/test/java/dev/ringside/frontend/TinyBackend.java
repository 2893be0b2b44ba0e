package dev.ringside.frontend;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.UnixSocket;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A back-end as little as will do to drive the drivers: it answers messages and polls its rings.
 * What is in the rings is the subclasses' business. It calls after every used buffer: a driver that
 * wants no calls must bear them all the same.
 */
abstract class TinyBackend implements AutoCloseable {
    private static final long PROTOCOL =
            VhostUserSpec.bit(VhostUserSpec.PROTOCOL_F_MQ)
                    | VhostUserSpec.bit(VhostUserSpec.PROTOCOL_F_REPLY_ACK)
                    | VhostUserSpec.bit(VhostUserSpec.PROTOCOL_F_CONFIG)
                    | VhostUserSpec.bit(VhostUserSpec.PROTOCOL_F_BACKEND_REQ)
                    | VhostUserSpec.bit(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS);

    private final FrontendConnection connection;
    private final UnixSocket frontendEnd;
    private final long features;
    private final byte[] config;
    private final List<FrontendRegion> regions = new ArrayList<>();
    private final Map<Integer, Ring> rings = new HashMap<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** One ring and where it stands. */
    static final class Ring {
        int size;
        int base;
        long[] addresses = new long[3];
        @Nullable RawRing raw;
        boolean enabled;
        @Nullable EventFd call;
    }

    TinyBackend(final long features, final byte[] config) throws IOException {
        final UnixSocket[] pair = UnixSocket.pair();
        this.frontendEnd = pair[0];
        this.connection = FrontendConnection.over(pair[1]);
        this.features = features;
        this.config = config;
    }

    /** Serves from a thread of its own until the front-end hangs up. */
    final void start() {
        Thread.ofPlatform().daemon().name("tiny-backend").start(this::run);
    }

    /** Looks for work in one enabled ring. */
    abstract void poll(int index, RawRing raw, Ring ring);

    FrontendConnection connect() throws IOException {
        return FrontendConnection.over(frontendEnd);
    }

    private void run() {
        try {
            while (true) {
                if (connection.awaitReadable(0)) {
                    handle(connection.receive());
                }
                rings.forEach(this::pollIfEnabled);
                LockSupport.parkNanos(1);
            }
        } catch (EOFException e) {
            ended.complete(null);
        } catch (IOException | RuntimeException e) {
            ended.completeExceptionally(e);
        } finally {
            connection.close();
            regions.forEach(FrontendRegion::close);
            for (final Ring ring : rings.values()) {
                if (ring.call != null) {
                    ring.call.close();
                }
            }
        }
    }

    private void handle(final FrontendMessage m) throws IOException {
        final ByteBuffer in = m.buffer();
        final boolean ack = (m.flags() & VhostUserSpec.NEED_REPLY) != 0;
        switch (m.request()) {
            case VhostUserSpec.GET_FEATURES -> reply(m, features);
            case VhostUserSpec.GET_PROTOCOL_FEATURES -> reply(m, PROTOCOL);
            case VhostUserSpec.GET_QUEUE_NUM -> reply(m, 4);
            case VhostUserSpec.GET_MAX_MEM_SLOTS -> reply(m, 32);
            case VhostUserSpec.GET_CONFIG -> {
                final byte[] answer = m.payload().clone();
                System.arraycopy(
                        config, 0, answer, 12, Math.min(config.length, answer.length - 12));
                connection.send(m.request(), VhostUserSpec.REPLY, answer);
            }
            case VhostUserSpec.GET_VRING_BASE -> {
                final Ring ring = ring(in.getInt(0));
                ring.raw = null;
                final byte[] answer = m.payload().clone();
                ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN).putInt(4, ring.base);
                connection.send(m.request(), VhostUserSpec.REPLY, answer);
            }
            default -> {
                set(m, in);
                if (ack) {
                    reply(m, 0);
                }
            }
        }
    }

    private void set(final FrontendMessage m, final ByteBuffer in) throws IOException {
        switch (m.request()) {
            case VhostUserSpec.SET_MEM_TABLE -> {
                for (int i = 0; i < in.getInt(0); i++) {
                    map(in, 8 + 32 * i, m.fds().get(i));
                }
            }
            case VhostUserSpec.ADD_MEM_REG -> map(in, 8, m.fds().get(0));
            case VhostUserSpec.SET_VRING_NUM -> ring(in.getInt(0)).size = in.getInt(4);
            case VhostUserSpec.SET_VRING_BASE -> ring(in.getInt(0)).base = in.getInt(4);
            case VhostUserSpec.SET_VRING_ADDR ->
                    ring(in.getInt(0)).addresses =
                            new long[] {in.getLong(8), in.getLong(16), in.getLong(24)};
            case VhostUserSpec.SET_VRING_KICK -> {
                final Ring ring = ring(in.getInt(0));
                ring.raw =
                        new RawRing(
                                ring.size,
                                user(ring.addresses[0]),
                                user(ring.addresses[2]),
                                user(ring.addresses[1]));
                m.closeFds();
            }
            case VhostUserSpec.SET_VRING_CALL -> {
                final Ring ring = ring(in.getInt(0) & 0xff);
                if (ring.call != null) {
                    ring.call.close();
                }
                ring.call = m.fds().isEmpty() ? null : EventFd.adopt(m.fds().get(0));
            }
            case VhostUserSpec.SET_VRING_ENABLE -> ring(in.getInt(0)).enabled = in.getInt(4) == 1;
            default -> m.closeFds();
        }
    }

    final Ring ring(final int index) {
        return rings.computeIfAbsent(index, key -> new Ring());
    }

    private void reply(final FrontendMessage m, final long value) throws IOException {
        final byte[] answer = new byte[8];
        ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
        connection.send(m.request(), VhostUserSpec.REPLY, answer);
    }

    private void map(final ByteBuffer in, final int at, final Fd fd) throws IOException {
        regions.add(
                FrontendRegion.of(
                        fd,
                        in.getLong(at),
                        in.getLong(at + 16),
                        in.getLong(at + 8),
                        in.getLong(at + 24)));
    }

    private MemorySegment user(final long address) {
        for (final FrontendRegion region : regions) {
            final long offset = address - region.userAddress();
            if (offset >= 0 && offset < region.sizeBytes()) {
                return region.segment().asSlice(offset);
            }
        }
        throw new IllegalArgumentException("no region at user address " + address);
    }

    private MemorySegment guest(final long address) {
        for (final FrontendRegion region : regions) {
            if (region.contains(address, 1)) {
                return region.segment().asSlice(address - region.guestAddress());
            }
        }
        throw new IllegalArgumentException("no region at guest address " + address);
    }

    private void pollIfEnabled(final int index, final Ring ring) {
        final RawRing raw = ring.raw;
        if (raw != null && ring.enabled) {
            poll(index, raw, ring);
        }
    }

    /** The segments of a chain, direct or indirect, in its order. */
    final List<Piece> chain(final RawRing raw, final int head) {
        RawRing table = raw;
        int at = head;
        if ((raw.descriptorFlags(head) & VirtioSpec.DESC_F_INDIRECT) != 0) {
            final MemorySegment all = guest(raw.descriptorAddress(head));
            table = new RawRing(raw.size(), all, all, all);
            at = 0;
        }
        final List<Piece> pieces = new ArrayList<>();
        while (true) {
            final int length = table.descriptorLength(at);
            pieces.add(
                    new Piece(
                            guest(table.descriptorAddress(at)).asSlice(0, length),
                            (table.descriptorFlags(at) & VirtioSpec.DESC_F_WRITE) != 0));
            if ((table.descriptorFlags(at) & VirtioSpec.DESC_F_NEXT) == 0) {
                return pieces;
            }
            at = table.descriptorNext(at);
        }
    }

    /** One buffer of a chain. */
    record Piece(MemorySegment bytes, boolean writable) {}

    /** Gives a chain back at the ring's base; {@link #publish} shows it. */
    static void use(final RawRing raw, final Ring ring, final int head, final int length) {
        raw.used(ring.base, head, length);
        ring.base = (ring.base + 1) & 0xffff;
    }

    /** Shows all used buffers at once, and calls. */
    static void publish(final RawRing raw, final Ring ring) {
        raw.usedIndex(ring.base);
        if (ring.call != null) {
            ring.call.signal();
        }
    }

    /** Waits until the front-end hung up and fails when this side failed before. */
    @Override
    public void close() {
        ended.orTimeout(10, TimeUnit.SECONDS).join();
    }
}
