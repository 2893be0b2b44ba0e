package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetHeader;
import dev.ringside.frontend.NetIo;
import dev.ringside.frontend.RawRing;
import dev.ringside.server.component.RingAttacks.Scene;
import dev.ringside.server.component.TestServer.Nic;
import dev.ringside.shm.EventFd;
import java.io.IOException;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A NIC's driver that writes into its rings what it likes, in either direction. */
class NetHostileRingIT extends HostileNics {
    private static final byte[] FRAME = new byte[200];

    private Nic victim;

    @BeforeAll
    void startVictim() throws Exception {
        victim = extraNic("loopback", 2);
    }

    private NetDriver drive() throws IOException {
        return victim.start(OFFLOADS.pairs(2).queueSize(RingAttacks.SIZE));
    }

    /** Each broken chain, offered to a receiveq and to a transmitq. */
    static Stream<Arguments> chains() {
        return Stream.of(true, false)
                .flatMap(
                        receives ->
                                Stream.concat(RingAttacks.chains(), RingAttacks.indirectChains())
                                        .map(Arguments::get)
                                        .map(it -> Arguments.of(it[0], it[1], receives)));
    }

    private static void assertOtherPairServes(final NetDriver driver) throws IOException {
        final NetIo other = new NetIo(driver, 1, NetIo.Shape.defaults());
        other.send(NetHeader.PLAIN, FRAME);
        assertArrayEquals(FRAME, other.receive().frame());
    }

    @ParameterizedTest(name = "{0}, receiveq {2}")
    @MethodSource("chains")
    void shouldStopOnlyThatQueueWhenChainIsBroken(
            final String name, final RingAttacks.Attack attack, final boolean receives)
            throws Exception {
        try (NetDriver driver = drive();
                EventFd err = EventFd.create()) {
            final DriverQueue queue = receives ? driver.receiveq(0) : driver.transmitq(0);
            driver.protocol().needReply(true);
            driver.protocol().setVringErr(queue.layout().index(), err);
            attack.prepare(Scene.of(driver, queue));
            queue.offer(0);
            queue.publish();
            queue.kick();
            if (receives) {
                // Nobody looks at a buffer before there is a frame for it.
                new NetIo(driver, 0, NetIo.Shape.defaults().postedByHand())
                        .submit(NetHeader.PLAIN, FRAME);
            }
            Await.until(name + " is reported on the err eventfd", () -> err.drain() > 0);
            assertEquals(0, queue.ring().usedIndex(), "nothing of it was used");

            assertOtherPairServes(driver);
            assertEquals(0, driver.protocol().getVringBase(queue.layout().index()) >> 16);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.ringside.server.component.HostileRingIT#wildIndices")
    void shouldStopTheQueueWhenIndicesAreWild(final int head, final int index) throws Exception {
        try (NetDriver driver = drive();
                EventFd err = EventFd.create()) {
            final DriverQueue queue = driver.transmitq(0);
            driver.protocol().needReply(true);
            driver.protocol().setVringErr(queue.layout().index(), err);
            Scene.of(driver, queue).honest();
            final RawRing ring = queue.ring();
            for (int i = 0; i < RingAttacks.SIZE; i++) {
                ring.available(i, head);
            }
            ring.availableIndex(index);
            queue.kick();
            Await.until("it is reported", () -> err.drain() > 0);
            assertOtherPairServes(driver);
        }
    }

    @Test
    void shouldReadEachFieldOnceWhileTheDriverChangesThem() throws Exception {
        final Random random = new Random(SEED);
        for (int round = 0; round < 10; round++) {
            try (NetDriver driver = drive()) {
                final DriverQueue queue = round % 2 == 0 ? driver.transmitq(0) : driver.receiveq(0);
                RingAttacks.scribble(Scene.of(driver, queue), queue, random);
                assertOtherPairServes(driver);
            }
        }
    }
}
