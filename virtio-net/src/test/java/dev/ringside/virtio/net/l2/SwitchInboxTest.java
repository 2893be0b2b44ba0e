package dev.ringside.virtio.net.l2;

import static dev.ringside.virtio.net.l2.Ethernet.BROADCAST;
import static dev.ringside.virtio.net.l2.Ethernet.frame;
import static dev.ringside.virtio.net.l2.Ethernet.number;
import static dev.ringside.virtio.net.l2.Ethernet.station;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtio.net.FakeSink;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Frames that wait for their destination. */
final class SwitchInboxTest {
    private static final long NS_PER_MS = 1_000_000;
    private static final SwitchPortConfig NIC = SwitchPortConfig.nic();

    private final SwitchNet net = new SwitchNet(2);

    SwitchInboxTest() throws LinuxException {}

    @AfterEach
    void close() {
        net.close();
    }

    private static List<Integer> numbers(Plug plug) {
        return plug.received().stream().map(Ethernet::number).toList();
    }

    private static List<Integer> upTo(int end) {
        return IntStream.range(0, end).boxed().toList();
    }

    /** A plug on a shard whose address the switch knows. */
    private Plug known(int station, int shard) {
        return known(station, shard, new FakeSink());
    }

    private Plug known(int station, int shard, FakeSink receiver) {
        PacketPort port = net.bridge.newPort(NIC.withMac(station(station)));
        return net.plug(port, shard, 0, receiver);
    }

    @Test
    void shouldHandFramesToAnotherShardAndWakeItOncePerBurst() {
        Plug a = known(0, 0);
        Plug b = known(1, 1);

        for (int i = 0; i < 5; i++) {
            assertEquals(Verdict.HELD, a.put(frame(station(1), station(0), i)));
        }
        assertEquals(0, net.shard(1).doorbellRings());
        a.sink.flush();

        assertEquals(1, net.shard(1).doorbellRings());
        assertEquals(List.of(), numbers(b));
        assertEquals(5, a.held.get());
        net.settle();
        assertEquals(upTo(5), numbers(b));
        assertEquals(0, a.held.get());
    }

    @Test
    void shouldDeliverOnOneShardAtOnceWithoutHolding() {
        Plug a = known(0, 0);
        Plug b = known(1, 0);
        a.mostHeld = 0;

        assertEquals(Verdict.DONE, a.send(frame(station(1), station(0), 0)));

        assertEquals(List.of(0), numbers(b));
        assertEquals(1, b.receiver.flushes());
        assertEquals(0, net.shard(0).doorbellRings());
    }

    @Test
    void shouldKeepTheOrderWhenADestinationHasNoRoomForAWhile() {
        Plug a = known(0, 0);
        Plug b = known(1, 0);
        b.receiver.setRoom(3);

        for (int i = 0; i < 10; i++) {
            a.send(frame(station(1), station(0), i));
        }
        b.receiver.setRoom(Integer.MAX_VALUE);
        a.send(frame(station(1), station(0), 10));
        net.settle();
        a.send(frame(station(1), station(0), 11));

        assertEquals(upTo(12), numbers(b));
        assertEquals(0, net.count("0", SwitchCounter.NO_ROOM));
    }

    @Test
    void shouldCountEverybodysCopyOfAGroupFrame() {
        Plug a = known(0, 0);
        List<Plug> others = List.of(known(1, 0), known(2, 1), known(3, 1), known(4, 0));
        byte[] all = frame(BROADCAST, station(0), 7);

        assertEquals(Verdict.HELD, a.send(all));
        assertEquals(1, a.held.get());
        net.shard(1).turn(0);

        for (Plug other : others) {
            List<byte[]> got = other.received();
            assertEquals(1, got.size());
            assertArrayEquals(all, got.getFirst());
        }
        assertEquals(0, a.held.get());
    }

    @Test
    void shouldGiveEachSourceItsShareOfAnInbox() {
        Plug a = known(0, 0);
        Plug b = known(1, 0);
        Plug c = known(2, 1);

        for (int i = 0; i < 100; i++) {
            a.send(frame(station(2), station(0), i));
        }
        b.send(frame(station(2), station(1), 1000));
        net.settle();

        List<Integer> expected = new ArrayList<>(upTo(64));
        expected.add(1000);
        assertEquals(expected, numbers(c));
        assertEquals(36, net.count("0", SwitchCounter.NO_ROOM));
        a.send(frame(station(2), station(0), 2000));
        net.settle();
        assertEquals(List.of(2000), numbers(c));
    }

    @Test
    void shouldDropWhatItCannotHold() {
        Plug a = known(0, 0);
        Plug b = known(1, 1);
        a.mostHeld = 2;

        a.put(frame(station(1), station(0), 0));
        a.put(frame(BROADCAST, station(0), 1));
        assertEquals(Verdict.DROPPED, a.put(frame(station(1), station(0), 2)));
        a.put(frame(BROADCAST, station(0), 3));
        net.settle();

        assertEquals(List.of(0, 1), numbers(b));
        assertEquals(2, net.count("0", SwitchCounter.CANNOT_HOLD));
    }

    @Test
    void shouldGiveUpOnADestinationThatTakesNothing() {
        Plug a = known(0, 0);
        Plug stuck = known(1, 1);
        Plug other = known(2, 1);
        stuck.receiver.setRoom(0);
        for (int i = 0; i < 3; i++) {
            a.send(frame(station(1), station(0), i));
        }
        net.settle();
        assertEquals(3, a.held.get());
        assertEquals(11 * NS_PER_MS, net.shard(1).wakeByNs());
        assertFalse(net.shard(1).hasWork());

        a.send(frame(station(2), station(0), 100));
        net.settle();
        assertEquals(List.of(100), numbers(other));
        net.pass(10 * NS_PER_MS);
        net.settle();

        assertEquals(0, a.held.get());
        assertEquals(3, net.count("1", SwitchCounter.STALLED));
        assertEquals(Verdict.DROPPED, a.send(frame(station(1), station(0), 4)));
        assertEquals(1, net.count("0", SwitchCounter.STALLED));
        stuck.receiver.setRoom(1);
        net.settle();
        a.send(frame(station(1), station(0), 5));
        net.settle();
        assertEquals(List.of(5), numbers(stuck));
    }

    @Test
    void shouldGiveUpOnADestinationThatTakesAFrameNowAndThen() {
        Plug a = known(0, 0);
        Plug slow = known(1, 1);
        slow.receiver.setRoom(0);
        for (int i = 0; i < 60; i++) {
            a.send(frame(station(1), station(0), i));
        }

        for (int i = 0; i < 3; i++) {
            net.pass(6 * NS_PER_MS);
            slow.receiver.setRoom(1);
            net.settle();
        }

        assertEquals(0, a.held.get());
        assertEquals(List.of(0, 1), numbers(slow));
        assertEquals(58, net.count("1", SwitchCounter.STALLED));
    }

    @Test
    void shouldTryAStalledDestinationOfItsOwnShardAtOnce() {
        Plug a = known(0, 0);
        Plug b = known(1, 0);
        b.receiver.setRoom(0);
        a.send(frame(station(1), station(0), 0));
        net.pass(10 * NS_PER_MS);
        net.settle();
        assertEquals(Verdict.DROPPED, a.send(frame(station(1), station(0), 1)));

        b.receiver.setRoom(1);

        assertEquals(Verdict.DONE, a.send(frame(station(1), station(0), 2)));
        assertEquals(List.of(2), numbers(b));
    }

    @Test
    void shouldReleaseWhatWaitsForAQueueThatIsDisabledOrCloses() {
        Plug a = known(0, 0);
        Plug b = known(1, 1);
        Plug c = known(2, 1);
        a.send(frame(BROADCAST, station(0), 0));
        assertEquals(1, a.held.get());

        b.source.setEnabled(false);
        c.source.close();

        assertEquals(1, a.held.get());
        net.settle();
        assertEquals(0, a.held.get());
        assertEquals(List.of(), numbers(b));
        assertEquals(List.of(), numbers(c));
        a.send(frame(station(1), station(0), 1));
        assertEquals(1, net.count("0", SwitchCounter.NO_RECEIVER));
        b.source.setEnabled(true);
        a.send(frame(station(1), station(0), 2));
        net.settle();
        assertEquals(List.of(2), numbers(b));
    }

    @Test
    void shouldSpreadFlowsOverQueuesThatAreEnabled() {
        Plug a = known(0, 0);
        PacketPort port = net.bridge.newPort(NIC.withMac(station(1)));
        List<Plug> pairs = IntStream.range(0, 4).mapToObj(i -> net.plug(port, i % 2, i)).toList();
        pairs.get(3).source.setEnabled(false);

        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 60; i++) {
                a.send(frame(station(1), station(100 + i), i));
            }
            net.settle();
        }

        int sum = 0;
        for (Plug pair : pairs.subList(0, 3)) {
            List<Integer> got = numbers(pair);
            assertTrue(got.size() > 10, "a queue that got " + got.size());
            assertEquals(got.subList(0, got.size() / 2), got.subList(got.size() / 2, got.size()));
            sum += got.size();
        }
        assertEquals(120, sum);
        assertEquals(List.of(), numbers(pairs.get(3)));
    }

    @Test
    void shouldCutAndSumForADestinationThatWantsItDone() {
        Plug a = known(0, 0);
        Plug plain = known(1, 0, new FakeSink().accepting(Offload.NONE));
        Plug far = known(2, 1, new FakeSink().accepting(Offload.NONE));
        Plug able = known(3, 1);
        Frame frame = a.frame(udp());
        frame.needChecksum(34, 6);

        a.sink.put(frame);
        net.settle();

        byte[] sum = {
            plain.receiver.frames().getFirst()[40], plain.receiver.frames().getFirst()[41]
        };
        assertArrayEquals(plain.received().getFirst(), far.received().getFirst());
        assertFalse(sum[0] == 0 && sum[1] == 0);
        assertArrayEquals(udp(), able.received().getFirst());
    }

    private static byte[] udp() {
        byte[] frame = frame(BROADCAST, station(0), 0);
        frame[12] = 8;
        frame[13] = 0;
        frame[14] = 0x45;
        frame[17] = 46;
        frame[23] = 17;
        frame[39] = 26;
        return frame;
    }

    /** Keeps what it gets. */
    private static final class KeepingSink extends FakeSink {
        final List<Frame> kept = new ArrayList<>();

        @Override
        public Verdict put(Frame frame) {
            Frame held = frame.hold();
            if (held == null) {
                return Verdict.DROPPED;
            }
            kept.add(held);
            return Verdict.HELD;
        }
    }

    @Test
    void shouldKeepAFrameForADestinationThatHoldsIt() {
        Plug a = known(0, 0);
        KeepingSink near = new KeepingSink();
        KeepingSink far = new KeepingSink();
        known(1, 0, near);
        known(2, 1, far);
        byte[] bytes = frame(BROADCAST, station(0), 3);

        assertEquals(Verdict.HELD, a.send(bytes));
        net.settle();

        assertEquals(1, a.held.get());
        for (KeepingSink sink : List.of(near, far)) {
            Frame kept = sink.kept.getFirst();
            assertArrayEquals(bytes, FakeSink.bytes(kept));
            assertEquals(1, sink.kept.size());
            kept.release();
        }
        assertEquals(0, a.held.get());
    }

    @Test
    void shouldKeepOnlySoManyFramesForDestinationsThatHoldThem() {
        Plug a = known(0, 0);
        KeepingSink far = new KeepingSink();
        known(1, 1, far);

        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 50; i++) {
                a.send(frame(station(1), station(0), i));
            }
            net.settle();
        }
        assertEquals(64, far.kept.size());
        far.kept.forEach(Frame::release);
        far.kept.clear();
        a.send(frame(station(1), station(0), 99));
        net.settle();

        assertEquals(99, number(FakeSink.bytes(far.kept.getFirst())));
        far.kept.forEach(Frame::release);
    }

    /** Fails as a queue fails whose memory is gone. */
    private static final class FailingSink extends FakeSink {
        boolean failing = true;

        @Override
        public Verdict put(Frame frame) {
            if (failing) {
                throw new IllegalStateException("as the test wants");
            }
            return super.put(frame);
        }
    }

    @Test
    void shouldTellTheOwnerOfASinkThatItFailedAndNobodyElse() {
        Plug a = known(0, 0);
        FailingSink near = new FailingSink();
        FailingSink far = new FailingSink();
        Plug b = known(1, 0, near);
        Plug c = known(2, 1, far);

        assertEquals(Verdict.HELD, a.send(frame(BROADCAST, station(0), 0)));
        net.settle();

        assertEquals(0, a.held.get());
        for (Plug plug : List.of(b, c)) {
            assertThrows(IllegalStateException.class, () -> plug.source.poll(1));
            assertEquals(0, plug.source.poll(1));
        }
        assertEquals(Verdict.DROPPED, a.send(frame(station(1), station(0), 1)));
        near.failing = false;
        b.source.setEnabled(true);
        assertEquals(Verdict.DONE, a.send(frame(station(1), station(0), 2)));
    }

    /** Sends what it gets into another port of the same switch. */
    private static final class Loop extends FakeSink {
        @Nullable Plug way;

        @Override
        public Verdict put(Frame frame) {
            return Objects.requireNonNull(way).sink.put(frame);
        }
    }

    @Test
    void shouldBreakALoopInsteadOfTheStack() {
        Plug a = known(0, 0);
        Loop loop = new Loop();
        known(1, 0, loop);
        Plug back = known(2, 0);
        loop.way = back;
        Plug other = known(3, 0);

        a.send(frame(BROADCAST, station(0), 5));

        assertEquals(List.of(5), numbers(other));
        assertEquals(1, net.count("2", SwitchCounter.LOOP));
    }
}
