package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.addr;
import static dev.ringside.vhostuser.TestFrontend.config;
import static dev.ringside.vhostuser.TestFrontend.eventFd;
import static dev.ringside.vhostuser.TestFrontend.eventFds;
import static dev.ringside.vhostuser.TestFrontend.inflight;
import static dev.ringside.vhostuser.TestFrontend.memfd;
import static dev.ringside.vhostuser.TestFrontend.memfds;
import static dev.ringside.vhostuser.TestFrontend.message;
import static dev.ringside.vhostuser.TestFrontend.region;
import static dev.ringside.vhostuser.TestFrontend.ringAddr;
import static dev.ringside.vhostuser.TestFrontend.state;
import static dev.ringside.vhostuser.TestFrontend.table;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.Fd;
import dev.ringside.vhostuser.TestFrontend.TestRegion;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Sequences of messages, most of them legal, some mutated, against a host that acknowledges at once
 * or later. {@link FakeHost} checks that every call of the session is legal; here: that every
 * message is answered as often as it must be, that the session and the host agree, that nothing but
 * a {@link ProtocolException} is thrown, and that nothing leaks.
 */
class RandomSequencesTest {
    private static final int SESSIONS = 150;
    private static final int MESSAGES = 120;
    private static final int QUEUES = 3;

    /** Requests that are answered whether a reply is asked for or not. */
    private static final Set<Integer> OWN_REPLY =
            Set.of(1, 11, 15, 17, 22, 24, 26, 28, 30, 31, 36, 40, 41, 42, 43, 44);

    /** Has a reply of its own when LOG_SHMFD is negotiated, as all is by those who ask. */
    private static final int SET_LOG_BASE = 6;

    private final long seed = Long.getLong("ringside.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private int protocolErrors;
    private int started;

    private static final class Message {
        final int request;
        final byte[] payload;
        final Fd[] fds;

        Message(int request, byte[] payload, Fd... fds) {
            this.request = request;
            this.payload = payload;
            this.fds = fds;
        }
    }

    @Test
    void shouldKeepItsPromisesWhateverArrives() {
        System.out.println("RandomSequencesTest: -Dringside.seed=" + seed);
        Leaks before = Leaks.count();
        for (int i = 0; i < SESSIONS; i++) {
            runSession();
            before.assertNone();
        }
        assertTrue(protocolErrors > 0, "some sessions end by an error");
        assertTrue(started > SESSIONS, "most sessions start queues");
    }

    private void runSession() {
        // Some sessions see legal messages only, some ask for no reply: those end at any error.
        double mutation = random.nextInt(3) * 0.04;
        boolean asking = random.nextInt(4) > 0;
        try (TestFrontend f = new TestFrontend(QUEUES)) {
            f.chunk = random.nextInt(4) == 0 ? 1 + random.nextInt(7) : Integer.MAX_VALUE;
            long protocol = asking ? TestFrontend.ALL_PROTOCOL_FEATURES : TestFrontend.CONFIG;
            f.request(16, u64(protocol));
            for (int i = 0; i < MESSAGES; i++) {
                Message message = random.nextDouble() < mutation ? mutated() : legal();
                step(f, message, asking);
            }
        } catch (ProtocolException e) {
            protocolErrors++;
        }
    }

    private void step(TestFrontend f, Message message, boolean asking) throws ProtocolException {
        f.host.later = random.nextBoolean();
        f.host.sent.clear();
        boolean needReply = asking && random.nextInt(5) > 0;
        f.raw(message(message.request, needReply ? 9 : 1, message.payload), message.fds);
        while (f.host.waiting()) {
            assertEquals(0, f.host.sent.size(), "answered before the host was done");
            assertTrue(!f.session.idle());
            disturb(f);
            f.host.takePending().run();
        }
        boolean answered =
                needReply
                        || OWN_REPLY.contains(message.request)
                        || (asking && message.request == SET_LOG_BASE);
        String what = message.request + " " + HexFormat.of().formatHex(message.payload);
        assertEquals(answered ? 1 : 0, f.host.sent.size(), what);
        if (answered) {
            f.reply(message.request);
        }
        assertTrue(f.session.idle());
        disturb(f);
        checkAgreement(f);
    }

    /** What comes from elsewhere, at any time. */
    private void disturb(TestFrontend f) {
        switch (random.nextInt(12)) {
            case 0 -> f.session.configChanged();
            case 1 -> f.session.queueFaulted(random.nextInt(QUEUES));
            default -> {}
        }
    }

    private void checkAgreement(TestFrontend f) {
        f.host.checkBorrowed();
        for (RingState ring : f.session.rings()) {
            boolean running = f.host.running.containsKey(ring.index());
            assertEquals(running, ring.started());
            if (running) {
                started++;
                assertEquals(f.host.queue(ring.index()).enabled, ring.enabled());
                assertEquals(f.host.queue(ring.index()).size(), ring.size());
            }
        }
    }

    private int index() {
        return random.nextInt(QUEUES);
    }

    private Message legal() {
        int i = index();
        return switch (random.nextInt(32)) {
            case 0 -> new Message(1, new byte[0]);
            case 1 -> new Message(2, u64(features()));
            case 2 ->
                    new Message(5, table(TestRegion.standard()), memfd(TestFrontend.MEMORY_BYTES));
            case 3 -> {
                TestRegion[] regions =
                        IntStream.range(0, random.nextInt(5))
                                .mapToObj(TestRegion::small)
                                .toArray(TestRegion[]::new);
                yield new Message(5, table(regions), memfds(regions.length, 0x1000));
            }
            case 4, 5 -> new Message(37, region(anyRegion()), memfd(TestFrontend.MEMORY_BYTES));
            case 6 -> new Message(38, region(anyRegion()));
            case 7, 8 -> new Message(8, state(i, 1 << random.nextInt(11)));
            case 9, 10 -> new Message(9, ringAddr(i, random.nextInt(15)));
            case 11 -> new Message(10, state(i, random.nextInt(0x10000)));
            case 12 -> new Message(11, state(i, 0));
            case 13, 14, 15 -> new Message(12, u64(i), eventFd());
            case 16 -> new Message(12 + random.nextInt(3), u64(i | 0x100));
            case 17 -> new Message(13, u64(i), eventFd());
            case 18 -> new Message(14, u64(i), eventFd());
            case 19, 20 -> new Message(18, state(i, random.nextInt(2)));
            case 21 -> new Message(24, config(random.nextInt(600), random.nextInt(300), 0));
            case 22 -> new Message(25, config(32, 1, random.nextInt(3), (byte) random.nextInt()));
            case 23 -> new Message(21, new byte[0], eventFd());
            case 24 -> new Message(39, u64(random.nextInt(16)));
            case 25 -> new Message(31, inflight(0, 0, 1 + random.nextInt(QUEUES), 1024));
            case 26 -> {
                // 3 queues of 1024: 49344 bytes, and some that are not enough.
                long size = 49_344L - random.nextInt(3);
                yield new Message(32, inflight(size, 0, QUEUES, 1024), memfd(size));
            }
            case 27, 28 -> {
                // Mostly more than the highest of the small regions needs.
                long size = random.nextInt(8) == 0 ? 32 : 0x2_0200;
                long offset = random.nextInt(100);
                yield new Message(
                        SET_LOG_BASE, DirtyLoggingTest.log(size, offset), memfd(0x3_0000));
            }
            case 29 -> new Message(9, DirtyLoggingTest.loggedAddr(i, 0x1000L * i));
            case 30 -> new Message(7, new byte[0], eventFd());
            default -> rare();
        };
    }

    private Message rare() {
        int[] requests = {3, 4, 15, 17, 34, 36, 40, 19, 20, 28, 30, 31, 41, 43, 44, 60};
        return new Message(requests[random.nextInt(requests.length)], new byte[0]);
    }

    private TestRegion anyRegion() {
        return random.nextInt(3) > 0 ? TestRegion.small(random.nextInt(6)) : TestRegion.standard();
    }

    private long features() {
        long all = FakeDevice.OFFERED;
        return (random.nextBoolean() ? all : FakeDevice.VERSION_1)
                | (random.nextInt(4) == 0 ? 1L << 26 : 0)
                | (random.nextInt(8) > 0 ? TestFrontend.PROTOCOL_F : 0);
    }

    /** A message with wrong content, size, or descriptors; its framing is sound. */
    private Message mutated() {
        Message base = legal();
        byte[] payload = base.payload.clone();
        Fd[] fds = base.fds;
        int request = base.request;
        switch (random.nextInt(6)) {
            case 0 -> payload = Arrays.copyOf(payload, random.nextInt(64));
            case 1 -> {
                FrontendMessage.closeAll(Arrays.asList(fds));
                fds = eventFds(new int[] {0, 1, 2, 8, 16}[random.nextInt(5)]);
            }
            case 2 -> request = otherRequest();
            case 3 -> payload = addr(index(), random.nextLong(), random.nextLong(), 64);
            default -> {
                for (int k = 0; k < payload.length; k++) {
                    if (random.nextInt(4) == 0) {
                        payload[k] = (byte) (random.nextBoolean() ? -1 : random.nextInt());
                    }
                }
            }
        }
        return new Message(request, payload, fds);
    }

    /**
     * Any but SET_PROTOCOL_FEATURES: who asks for replies has negotiated them. And not
     * POSTCOPY_LISTEN, after which others have replies of their own.
     */
    private int otherRequest() {
        int request = random.nextInt(64) - 2;
        return request == 16 || request == 29 ? 64 : request;
    }
}
