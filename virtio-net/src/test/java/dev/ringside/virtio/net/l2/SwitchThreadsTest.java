package dev.ringside.virtio.net.l2;

import static dev.ringside.virtio.net.l2.Ethernet.station;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.net.TestShard;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.frame.Offload;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Shards that are threads. */
final class SwitchThreadsTest {
    private static final int SHARDS = 3;
    private static final int NICS = 4;
    private static final int TURNS = 1_500;

    private final SplittableRandom random = new SplittableRandom(Seed.next("SwitchThreadsTest"));
    private final VirtualSwitch bridge =
            new VirtualSwitch("test", SwitchSettings.defaults(), new MetricsRegistry());

    /** A NIC that sends numbered frames, sometimes takes nothing, and now and then is replugged. */
    private final class Nic implements FrameSink, FrameKeeper {
        final int number;
        final TestShard shard;
        final SplittableRandom mine;
        final AtomicInteger held = new AtomicInteger();
        final Map<Integer, Integer> last = new HashMap<>();
        PacketPort port;
        FrameSink sink;
        FrameSource source;
        int sent;
        int received;
        boolean full;
        boolean closed;

        Nic(int number, TestShard shard, SplittableRandom mine) {
            this.number = number;
            this.shard = shard;
            this.mine = mine;
            port = bridge.newPort(SwitchPortConfig.nic());
            sink = port.openTransmit(shard, 0);
            source = port.openReceive(shard, 0, this);
        }

        void turn() {
            full = mine.nextInt(8) == 0;
            for (int burst = mine.nextInt(16); burst > 0; burst--) {
                int to = mine.nextInt(SHARDS * NICS + 1);
                long mac = to == SHARDS * NICS ? Ethernet.BROADCAST : station(to);
                byte[] bytes = Ethernet.frame(mac, station(number), sent++);
                Frame frame = new Frame(this, 4);
                frame.add(MemorySegment.ofArray(bytes), 0, bytes.length);
                sink.put(frame);
            }
            sink.flush();
            source.poll(64);
            if (mine.nextInt(200) == 0) {
                unplug();
                if (mine.nextBoolean()) {
                    port.close();
                    port = bridge.newPort(SwitchPortConfig.nic());
                }
                sink = port.openTransmit(shard, 0);
                source = port.openReceive(shard, 0, this);
                closed = false;
            }
        }

        void unplug() {
            sink.close();
            source.close();
            closed = true;
        }

        @Override
        public Verdict put(Frame frame) {
            assertTrue(!closed, "a frame after close");
            if (full) {
                return Verdict.LATER;
            }
            byte[] bytes = new byte[frame.length()];
            frame.copyTo(0, MemorySegment.ofArray(bytes), 0, bytes.length);
            int from = (int) (Ethernet.source(bytes) - station(0));
            Integer before = last.put(from, Ethernet.number(bytes));
            assertTrue(
                    before == null || before < Ethernet.number(bytes),
                    "a frame from " + from + " is out of order");
            received++;
            return Verdict.DONE;
        }

        @Override
        public boolean hasRoom() {
            return !full;
        }

        @Override
        public int accepts() {
            return Offload.ALL;
        }

        @Override
        public Frame hold(Frame frame) {
            held.incrementAndGet();
            Frame copy = new Frame(this, 4);
            copy.viewOf(frame);
            copy.beginHold(0);
            return copy;
        }

        @Override
        public void released(Frame copy) {
            held.decrementAndGet();
        }
    }

    @Test
    void shouldKeepOrderAndLoseNoReferenceWhenShardsSendToEachOther() throws Exception {
        CyclicBarrier barrier = new CyclicBarrier(SHARDS);
        List<Nic> nics = new ArrayList<>();
        try (var pool = Executors.newFixedThreadPool(SHARDS)) {
            List<Future<List<Nic>>> done = new ArrayList<>();
            for (int i = 0; i < SHARDS; i++) {
                int index = i;
                SplittableRandom mine = random.split();
                done.add(pool.submit(() -> shard(index, mine, barrier)));
            }
            for (Future<List<Nic>> each : done) {
                nics.addAll(each.get());
            }
        }
        int received = 0;
        for (Nic nic : nics) {
            assertEquals(0, nic.held.get(), "frames that are held for ever");
            received += nic.received;
            nic.port.close();
        }
        assertTrue(received > 1000, "only " + received + " frames arrived");
        assertEquals(0, bridge.ports());
        assertEquals(List.of(), bridge.addresses());
    }

    private List<Nic> shard(int index, SplittableRandom mine, CyclicBarrier barrier)
            throws Exception {
        try (TestShard shard = new TestShard(index)) {
            List<Nic> nics = new ArrayList<>();
            for (int i = 0; i < NICS; i++) {
                nics.add(new Nic(index * NICS + i, shard, mine.split()));
            }
            barrier.await(60, TimeUnit.SECONDS);
            for (int turn = 0; turn < TURNS; turn++) {
                nics.forEach(Nic::turn);
                shard.turn(0);
            }
            barrier.await(60, TimeUnit.SECONDS);
            nics.forEach(Nic::unplug);
            barrier.await(60, TimeUnit.SECONDS);
            // What others were handing over when it closed.
            shard.turn(0);
            shard.turn(0);
            barrier.await(60, TimeUnit.SECONDS);
            return nics;
        }
    }

    /** A guest that changes the addresses of its frames while they are looked at. */
    @Test
    void shouldDeliverOnlyTheSourceThatItChecked() throws Exception {
        byte[] memory = Ethernet.frame(Ethernet.BROADCAST, station(0), 1);
        AtomicBoolean stop = new AtomicBoolean();
        CountDownLatch flipping = new CountDownLatch(1);
        try (var pool = Executors.newFixedThreadPool(1);
                SwitchNet net = new SwitchNet(2)) {
            Future<Long> flips = pool.submit(() -> flip(memory, stop, flipping));
            try {
                flipping.await();
                sendAndCheck(net, memory);
            } finally {
                stop.set(true);
            }
            assertTrue(flips.get() > 0);
        }
    }

    private static void sendAndCheck(SwitchNet net, byte[] memory) {
        SwitchPortConfig nic = SwitchPortConfig.nic();
        Plug hostile = net.plug(nic.withAntiSpoof(true).withMac(station(0)), 0);
        List<Plug> others = List.of(net.plug(nic, 0), net.plug(nic, 1));
        int arrived = 0;
        for (int i = 0; i < 20_000; i++) {
            hostile.send(memory);
            net.settle();
            for (Plug other : others) {
                for (byte[] frame : other.received()) {
                    assertEquals(station(0), Ethernet.source(frame));
                    arrived++;
                }
            }
        }
        assertTrue(arrived > 0, "nothing arrived");
        assertTrue(net.count("0", SwitchCounter.SPOOFED) > 0, "nothing was dropped");
    }

    private static long flip(byte[] memory, AtomicBoolean stop, CountDownLatch started) {
        long flips = 0;
        while (!stop.get()) {
            memory[11] ^= 0x40;
            if (++flips == 1000) {
                started.countDown();
            }
        }
        return flips;
    }
}
