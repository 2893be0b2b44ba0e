package dev.ringside.vhostuser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.EventFd;
import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.ReceivedFds;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * A front-end that hands its bytes straight to a session. Numbers, not the code under test, say how
 * messages look.
 */
final class TestFrontend implements AutoCloseable {
    static final long MEMORY_BYTES = 0x10_0000;
    static final long USER_BASE = 0x7f00_0000_0000L;
    static final int QUEUE_SIZE = 256;
    static final long PROTOCOL_F = 1L << 30;
    static final long REPLY_ACK = 1L << 3;
    static final long BACKEND_REQ = 1L << 5;
    static final long CONFIG = 1L << 9;
    static final long ALL_PROTOCOL_FEATURES = 0x19b32b;
    static final int VERSION = 1;
    static final int NEED_REPLY = 9;
    static final int NO_FD = 0x100;

    final FakeDevice device;
    final FakeHost host;
    final VhostUserSession session;
    int flags = VERSION;
    int chunk = Integer.MAX_VALUE;

    TestFrontend(int queues) {
        this(queues, SessionLimits.defaults());
    }

    TestFrontend(int queues, SessionLimits limits) {
        this(new FakeDevice(queues), limits);
    }

    TestFrontend(FakeDevice device, SessionLimits limits) {
        this.device = device;
        host = new FakeHost(device);
        session = new VhostUserSession(device, host, limits);
    }

    /** Goes on where another one's session was saved. */
    TestFrontend(TestFrontend before, FakeDevice device, SavedSession saved)
            throws ProtocolException, LinuxException {
        this.device = device;
        host = new FakeHost(device);
        session = VhostUserSession.restore(device, host, SessionLimits.defaults(), saved);
        flags = before.flags;
    }

    /** Negotiates everything and asks for a reply to every request from then on. */
    static TestFrontend negotiated(int queues) throws ProtocolException {
        TestFrontend f = new TestFrontend(queues);
        f.request(16, u64(ALL_PROTOCOL_FEATURES));
        f.request(2, u64(FakeDevice.VERSION_1 | PROTOCOL_F));
        f.flags = NEED_REPLY;
        return f;
    }

    static ByteBuffer bytes(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
    }

    static byte[] u64(long value) {
        return bytes(8).putLong(value).array();
    }

    static byte[] state(int index, int num) {
        return bytes(8).putInt(index).putInt(num).array();
    }

    static byte[] addr(int index, long desc, long used, long avail) {
        return bytes(40)
                .putInt(index)
                .putInt(0)
                .putLong(desc)
                .putLong(used)
                .putLong(avail)
                .putLong(0)
                .array();
    }

    /** The addresses of ring {@code index}, 64 KiB for each ring, in the standard memory. */
    static byte[] ringAddr(int index) {
        return ringAddr(index, index);
    }

    /** Addresses for ring {@code index} in one of 15 places of the standard memory. */
    static byte[] ringAddr(int index, int place) {
        long base = USER_BASE + 0x1_0000L * (place % 15);
        return addr(index, base, base + 0x8000, base + 0x5000);
    }

    record TestRegion(long guest, long size, long user, long offset) {
        static TestRegion standard() {
            return new TestRegion(0, MEMORY_BYTES, USER_BASE, 0);
        }

        /** The i-th of many regions that do not touch. */
        static TestRegion small(int i) {
            long at = 0x1_0000_0000L + 0x1_0000L * i;
            return new TestRegion(at, 0x1000, USER_BASE + at, 0);
        }
    }

    static byte[] table(TestRegion... regions) {
        byte[] payload = new byte[8 + 32 * regions.length];
        ByteBuffer into = ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder());
        into.putInt(regions.length).putInt(0);
        for (TestRegion r : regions) {
            into.putLong(r.guest).putLong(r.size).putLong(r.user).putLong(r.offset);
        }
        return payload;
    }

    static byte[] region(TestRegion r) {
        return bytes(40)
                .putLong(0)
                .putLong(r.guest)
                .putLong(r.size)
                .putLong(r.user)
                .putLong(r.offset)
                .array();
    }

    /** An in-flight description as compilers lay it out: with four bytes of padding. */
    static byte[] inflight(long size, long offset, int queues, int queueSize) {
        return bytes(24)
                .putLong(size)
                .putLong(offset)
                .putShort((short) queues)
                .putShort((short) queueSize)
                .array();
    }

    static byte[] config(int offset, int size, int configFlags, byte... content) {
        return bytes(12 + content.length)
                .putInt(offset)
                .putInt(size)
                .putInt(configFlags)
                .put(content)
                .array();
    }

    static byte[] message(int request, int flags, byte... payload) {
        return bytes(12 + payload.length)
                .putInt(request)
                .putInt(flags)
                .putInt(payload.length)
                .put(payload)
                .array();
    }

    static Fd memfd(long size) {
        try {
            return Memfd.create(Leaks.MEMFD, size);
        } catch (LinuxException e) {
            throw new AssertionError(e);
        }
    }

    static Fd eventFd() {
        try (EventFd made = EventFd.create()) {
            return made.fd().duplicate();
        } catch (LinuxException e) {
            throw new AssertionError(e);
        }
    }

    static Fd[] eventFds(int count) {
        Fd[] fds = new Fd[count];
        Arrays.setAll(fds, i -> eventFd());
        return fds;
    }

    static Fd[] memfds(int count, long size) {
        Fd[] fds = new Fd[count];
        Arrays.setAll(fds, i -> memfd(size));
        return fds;
    }

    /** Hands over raw bytes, in pieces of at most {@link #chunk}; the fds with the first. */
    void raw(byte[] message, Fd... fds) throws ProtocolException {
        MemorySegment all = MemorySegment.ofArray(message);
        ReceivedFds received = ReceivedFds.of(List.of(fds));
        long at = 0;
        while (at < message.length) {
            assertTrue(session.idle(), "a front-end's bytes are read when the session is idle");
            long n = Math.min(Math.min(session.wanted(), chunk), message.length - at);
            session.onData(all.asSlice(at, n), received);
            assertEquals(0, received.count(), "descriptors left");
            at += n;
        }
    }

    void request(int request, byte[] payload, Fd... fds) throws ProtocolException {
        raw(message(request, flags, payload), fds);
    }

    void request(int request) throws ProtocolException {
        request(request, new byte[0]);
    }

    /** The payload of the reply that a request got at once; its header is as it must be. */
    byte[] ask(int request, byte[] payload, Fd... fds) throws ProtocolException {
        host.sent.clear();
        request(request, payload, fds);
        return reply(request);
    }

    byte[] ask(int request) throws ProtocolException {
        return ask(request, new byte[0]);
    }

    /** The payload of the only message sent, which answers {@code request}. */
    byte[] reply(int request) {
        byte[] reply = host.takeSent();
        byte[] payload = Arrays.copyOfRange(reply, 12, reply.length);
        assertArrayEquals(message(request, 5, payload), reply);
        return payload;
    }

    long askU64(int request, byte[] payload, Fd... fds) throws ProtocolException {
        byte[] reply = ask(request, payload, fds);
        assertEquals(8, reply.length);
        return ByteBuffer.wrap(reply).order(ByteOrder.nativeOrder()).getLong();
    }

    /** Sends a request that asks for a reply; it must succeed. */
    void ok(int request, byte[] payload, Fd... fds) throws ProtocolException {
        assertEquals(0, askU64(request, payload, fds), () -> "refused: " + host.refusals);
    }

    /** Sends a request that asks for a reply; it must be refused, and a reason be told. */
    void refused(int request, byte[] payload, Fd... fds) throws ProtocolException {
        int before = host.refusals.size();
        assertEquals(1, askU64(request, payload, fds));
        assertEquals(before + 1, host.refusals.size());
        assertTrue(session.idle());
    }

    /** The standard memory, by SET_MEM_TABLE. */
    void setMemory() throws ProtocolException {
        ok(5, table(TestRegion.standard()), memfd(MEMORY_BYTES));
    }

    /** Sets up and kicks a ring. */
    void startRing(int index) throws ProtocolException {
        ok(8, state(index, QUEUE_SIZE));
        ok(10, state(index, 0));
        ok(9, ringAddr(index));
        ok(13, u64(index), eventFd());
        ok(12, u64(index), eventFd());
    }

    @Override
    public void close() {
        host.stopEverything();
        session.close();
        session.close();
        assertTrue(host.channel == null, "no channel after close");
    }
}
