package dev.ringside.virtio.net.l2;

import static dev.ringside.virtio.net.l2.Ethernet.BROADCAST;
import static dev.ringside.virtio.net.l2.Ethernet.frame;
import static dev.ringside.virtio.net.l2.Ethernet.station;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.shm.LinuxException;
import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtio.net.port.Verdict;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class SwitchForwardingTest {
    private static final long NS_PER_S = 1_000_000_000L;
    private static final SwitchPortConfig NIC = SwitchPortConfig.nic();

    private final SwitchNet net = new SwitchNet(1);

    SwitchForwardingTest() throws LinuxException {}

    @AfterEach
    void close() {
        net.close();
    }

    private static void assertGot(Plug plug, byte[]... frames) {
        List<byte[]> got = plug.received();
        assertEquals(frames.length, got.size());
        for (int i = 0; i < frames.length; i++) {
            assertArrayEquals(frames[i], got.get(i));
        }
    }

    private static SwitchPortConfig access(int vlan) {
        return NIC.withVlans(PortVlans.access(vlan));
    }

    private static SwitchPortConfig trunk(int nativeVlan, int... vlans) {
        BitSet set = new BitSet();
        for (int vlan : vlans) {
            set.set(vlan);
        }
        return NIC.withVlans(PortVlans.trunk(set, nativeVlan));
    }

    @Test
    void shouldFloodUntilItKnowsWhereAnAddressIs() {
        Plug a = net.plug(NIC, 0);
        Plug b = net.plug(NIC, 0);
        Plug c = net.plug(NIC, 0);
        byte[] hello = frame(station(1), station(0), 1);
        byte[] answer = frame(station(0), station(1), 2);

        a.send(hello);
        assertGot(a);
        assertGot(b, hello);
        assertGot(c, hello);
        b.send(answer);
        a.send(hello);

        assertGot(a, answer);
        assertGot(b, hello);
        assertGot(c);
        assertEquals(1, net.count("0", SwitchCounter.FLOOD_UNKNOWN));
        assertEquals(2, net.count("0", SwitchCounter.FRAMES_IN));
        assertEquals(120, net.count("1", SwitchCounter.BYTES_OUT));
    }

    @Test
    void shouldRefuseAChecksumOverWhatItChecks() {
        Plug guest = net.plug(trunk(5, 6), 0);
        Plug trunk = net.plug(trunk(1, 5, 6), 0);
        int drops = 0;
        for (int[] tags : new int[][] {{}, {0}, {6}, {6, 9}}) {
            byte[] bytes = frame(BROADCAST, station(0), 1, tags);
            int headers = 14 + 4 * tags.length;
            for (int start = 0; start < headers; start++) {
                Frame frame = guest.frame(bytes);
                frame.needChecksum(start, 0);
                assertEquals(Verdict.DROPPED, guest.sink.put(frame), "from " + start);
                drops++;
            }
            assertGot(trunk);
            Frame frame = guest.frame(bytes);
            frame.needChecksum(headers, 0);
            assertEquals(Verdict.DONE, guest.sink.put(frame));
            assertEquals(1, trunk.received().size());
        }
        assertEquals(drops, net.count("0", SwitchCounter.CHECKSUM_PLACE));
    }

    @Test
    void shouldDropWhatATagWouldMoveTheChecksumOfTooFar() {
        Plug guest = net.plug(access(5), 0);
        Plug trunk = net.plug(trunk(1, 5), 0);
        byte[] bytes = frame(BROADCAST, station(0), 1);
        for (int start = 65_530; start <= 65_535; start++) {
            Frame frame = guest.frame(bytes);
            frame.needChecksum(start, 0);
            assertEquals(
                    start + 4 <= 65_535 ? Verdict.DONE : Verdict.DROPPED, guest.sink.put(frame));
        }
        assertEquals(2, trunk.received().size());
        assertEquals(4, net.count("0", SwitchCounter.VLAN));
    }

    @Test
    void shouldSendGroupsToAll() {
        Plug a = net.plug(NIC, 0);
        Plug b = net.plug(NIC, 0);
        byte[] all = frame(BROADCAST, station(0), 1);
        byte[] some = frame(0x01005e000001L, station(0), 2);

        a.send(all);
        a.send(some);

        assertGot(a);
        assertGot(b, all, some);
        assertEquals(2, net.count("0", SwitchCounter.FLOOD_GROUP));
    }

    @Test
    void shouldForwardNothingToReservedAddresses() {
        Plug a = net.plug(NIC, 0);
        Plug b = net.plug(NIC, 0);

        for (int i = 0; i < 16; i++) {
            assertEquals(Verdict.DROPPED, a.send(frame(0x0180c2000000L + i, station(0), i)));
        }
        byte[] next = frame(0x0180c2000010L, station(0), 99);
        a.send(next);

        assertGot(b, next);
        assertEquals(16, net.count("0", SwitchCounter.RESERVED));
    }

    @Test
    void shouldDropWhatIsSentToItsOwnPort() {
        Plug a = net.plug(NIC, 0);
        Plug b = net.plug(NIC, 0);
        a.send(frame(BROADCAST, station(0), 1));
        b.received();

        a.send(frame(station(0), station(5), 2));

        assertGot(b);
        assertEquals(1, net.count("0", SwitchCounter.SAME_PORT));
    }

    @Test
    void shouldRefuseSourcesThatAreNoStation() {
        Plug a = net.plug(NIC, 0);
        Plug b = net.plug(NIC, 0);

        a.send(frame(station(1), BROADCAST, 1));
        a.send(frame(station(1), 0, 2));
        a.send(new byte[13]);

        assertGot(b);
        assertEquals(2, net.count("0", SwitchCounter.BAD_SOURCE));
        assertEquals(1, net.count("0", SwitchCounter.TOO_SHORT));
    }

    @Test
    void shouldKeepVlansApart() {
        Plug a = net.plug(access(10), 0);
        Plug b = net.plug(access(10), 0);
        Plug c = net.plug(access(20), 0);
        byte[] all = frame(BROADCAST, station(0), 1);

        a.send(all);
        c.send(frame(station(0), station(2), 2));

        assertGot(b, all);
        assertGot(c);
        assertGot(a);
    }

    @Test
    void shouldLearnOneAddressInTwoVlans() {
        Plug a = net.plug(access(10), 0);
        Plug b = net.plug(access(10), 0);
        Plug c = net.plug(access(20), 0);
        Plug d = net.plug(access(20), 0);
        a.send(frame(BROADCAST, station(7), 1));
        c.send(frame(BROADCAST, station(7), 2));
        List.of(a, b, c, d).forEach(Plug::received);
        byte[] ten = frame(station(7), station(1), 3);
        byte[] twenty = frame(station(7), station(1), 4);

        b.send(ten);
        d.send(twenty);

        assertGot(a, ten);
        assertGot(c, twenty);
        assertEquals(0, net.count("2", SwitchCounter.MOVES));
    }

    @Test
    void shouldTagOnTrunksOnly() {
        Plug trunk = net.plug(trunk(0, 10, 20), 0);
        Plug ten = net.plug(access(10), 0);
        Plug twenty = net.plug(access(20), 0);

        ten.send(frame(BROADCAST, station(1), 1));
        assertGot(trunk, frame(BROADCAST, station(1), 1, 10));
        trunk.send(frame(station(1), station(0), 2, 10));
        trunk.send(frame(BROADCAST, station(0), 3, 0xa000 | 20));

        assertGot(ten, frame(station(1), station(0), 2));
        assertGot(twenty, frame(BROADCAST, station(0), 3));
    }

    @Test
    void shouldTellEachDestinationItsOwnTagOfOneFrame() {
        Plug from = net.plug(trunk(0, 10), 0);
        Plug trunk = net.plug(trunk(0, 10), 0);
        Plug plain = net.plug(access(10), 0);
        Plug own = net.plug(trunk(10, 20), 0);
        byte[] tagged = frame(BROADCAST, station(1), 1, 0x600a);

        from.send(tagged);

        assertGot(trunk, tagged);
        assertGot(plain, frame(BROADCAST, station(1), 1));
        assertGot(own, frame(BROADCAST, station(1), 1));
    }

    @Test
    void shouldRefuseTagsThatAPortMayNotSend() {
        Plug ten = net.plug(access(10), 0);
        Plug trunk = net.plug(trunk(0, 10, 20), 0);
        Plug all = net.plug(NIC.withVlans(PortVlans.trunkOfAll(1)), 0);

        ten.send(frame(BROADCAST, station(0), 1, 20));
        ten.send(frame(BROADCAST, station(0), 1, 10));
        trunk.send(frame(BROADCAST, station(1), 2, 30));
        trunk.send(frame(BROADCAST, station(1), 3));
        trunk.send(frame(BROADCAST, station(1), 4, 0x6000));
        all.send(frame(BROADCAST, station(2), 5, 4095));

        assertGot(all);
        assertGot(ten);
        assertEquals(2, net.count("0", SwitchCounter.VLAN));
        assertEquals(3, net.count("1", SwitchCounter.VLAN));
        assertEquals(1, net.count("2", SwitchCounter.VLAN));
    }

    @Test
    void shouldKeepThePriorityOfATagWithoutVlan() {
        Plug ten = net.plug(access(10), 0);
        Plug other = net.plug(access(10), 0);
        Plug trunk = net.plug(trunk(0, 10), 0);

        ten.send(frame(BROADCAST, station(0), 1, 0xe000));

        assertGot(other, frame(BROADCAST, station(0), 1));
        assertGot(trunk, frame(BROADCAST, station(0), 1, 0xe00a));
    }

    @Test
    void shouldLetNoSecondTagBecomeTheFirst() {
        Plug trunk = net.plug(trunk(0, 10), 0);
        Plug peer = net.plug(trunk(0, 10), 0);
        Plug ten = net.plug(access(10), 0);
        Plug own = net.plug(trunk(10, 20), 0);
        byte[] twice = frame(BROADCAST, station(0), 1, 10, 20);

        trunk.send(twice);
        ten.send(frame(BROADCAST, station(1), 1, 0, 20));

        assertGot(peer, twice);
        assertGot(ten);
        assertGot(own);
    }

    @Test
    void shouldForwardNoServiceTags() {
        Plug a = net.plug(NIC, 0);
        Plug b = net.plug(NIC, 0);
        byte[] service = frame(BROADCAST, station(0), 1, 10);
        service[12] = (byte) 0x88;
        service[13] = (byte) 0xa8;

        a.send(service);

        assertGot(b);
        assertEquals(1, net.count("0", SwitchCounter.VLAN));
    }

    @Test
    void shouldMoveTheChecksumWithTheTag() {
        Plug ten = net.plug(access(10), 0);
        net.plug(trunk(0, 10), 0);
        Frame frame = ten.frame(frame(BROADCAST, station(0), 1));
        frame.needChecksum(34, 6);

        assertEquals(Verdict.DONE, ten.sink.put(frame));

        assertEquals(38, frame.checksumStart());
        assertTrue(frame.checksumNeeded());
    }

    @Test
    void shouldKeepIsolatedPortsApart() {
        Plug a = net.plug(NIC.withIsolated(true), 0);
        Plug b = net.plug(NIC.withIsolated(true), 0);
        Plug c = net.plug(NIC, 0);
        byte[] fromA = frame(BROADCAST, station(0), 1);
        byte[] fromC = frame(BROADCAST, station(2), 2);
        b.send(frame(BROADCAST, station(1), 0));
        List.of(a, b, c).forEach(Plug::received);

        a.send(fromA);
        a.send(frame(station(1), station(0), 3));
        c.send(fromC);

        assertGot(a, fromC);
        assertGot(b, fromC);
        assertGot(c, fromA);
        assertEquals(1, net.count("0", SwitchCounter.ISOLATED));
    }

    @Test
    void shouldDropSpoofedFrames() {
        Plug a = net.plug(NIC.withAntiSpoof(true).withMac(station(0)), 0);
        Plug b = net.plug(NIC, 0);
        byte[] honest = frame(BROADCAST, station(0), 1);

        a.send(frame(BROADCAST, station(9), 2));
        a.send(honest);

        assertGot(b, honest);
        assertEquals(1, net.count("0", SwitchCounter.SPOOFED));
    }

    @Test
    void shouldTakeTheFirstAddressForItsOwnWhenNoneIsGiven() {
        Plug a = net.plug(NIC.withAntiSpoof(true), 0);
        Plug b = net.plug(NIC, 0);
        byte[] first = frame(BROADCAST, station(0), 1);

        a.send(first);
        a.send(frame(BROADCAST, station(9), 2));
        a.send(first);

        assertGot(b, first, first);
    }

    @Test
    void shouldTakeTheAddressThatTheNicSaysWhenNoneIsConfigured() {
        PacketPort port = net.bridge.newPort(NIC.withAntiSpoof(true));
        port.assignMac(station(3));
        Plug a = net.plug(port, 0, 0);
        Plug b = net.plug(NIC, 0);
        byte[] honest = frame(BROADCAST, station(3), 1);

        a.send(frame(BROADCAST, station(0), 2));
        a.send(honest);

        assertGot(b, honest);
    }

    @Test
    void shouldKeepAssignedAddressesWhereTheyAre() {
        Plug owner = net.plug(NIC.withMac(station(0)), 0);
        Plug thief = net.plug(NIC, 0);
        Plug other = net.plug(NIC, 0);
        byte[] letter = frame(station(0), station(2), 1);

        thief.send(frame(BROADCAST, station(0), 0));
        List.of(owner, thief, other).forEach(Plug::received);
        other.send(letter);
        owner.send(frame(BROADCAST, station(0), 2));
        thief.send(frame(BROADCAST, station(0), 0));
        List.of(thief, other).forEach(Plug::received);
        owner.received();
        other.send(letter);

        assertGot(thief);
        assertGot(owner, letter);
        assertEquals(2, net.count("1", SwitchCounter.NOT_YOURS));
    }

    @Test
    void shouldForgetWhereAnAddressWasWhenItIsAssigned() {
        Plug thief = net.plug(NIC, 0);
        thief.send(frame(BROADCAST, station(0), 0));
        Plug owner = net.plug(NIC.withMac(station(0)), 0);
        Plug other = net.plug(NIC, 0);
        byte[] letter = frame(station(0), station(2), 1);

        other.send(letter);

        assertGot(owner, letter);
        assertGot(thief);
        assertThrows(
                IllegalArgumentException.class, () -> net.bridge.newPort(NIC.withMac(station(0))));
    }

    @Test
    void shouldFollowAnAddressThatMoves() {
        Plug a = net.plug(NIC, 0);
        Plug b = net.plug(NIC, 0);
        Plug c = net.plug(NIC, 0);
        byte[] letter = frame(station(0), station(2), 1);
        a.send(frame(BROADCAST, station(0), 0));
        b.send(frame(BROADCAST, station(0), 0));
        List.of(a, b, c).forEach(Plug::received);

        c.send(letter);

        assertGot(a);
        assertGot(b, letter);
        assertEquals(1, net.count("1", SwitchCounter.MOVES));
    }

    @Test
    void shouldForgetAddressesThatAreSilentForTheirTime() {
        Plug a = net.plug(NIC, 0);
        Plug b = net.plug(NIC, 0);
        Plug c = net.plug(NIC, 0);
        byte[] letter = frame(station(0), station(2), 1);
        a.send(frame(BROADCAST, station(0), 0));
        List.of(a, b, c).forEach(Plug::received);

        net.pass(299 * NS_PER_S);
        c.send(letter);
        assertGot(b);
        net.pass(12 * NS_PER_S);
        c.send(letter);

        assertGot(b, letter);
        assertGot(a, letter, letter);
    }

    @Test
    void shouldForgetEverythingAfterALongSilence() {
        Plug a = net.plug(NIC, 0);
        Plug b = net.plug(NIC, 0);
        Plug c = net.plug(NIC, 0);
        a.send(frame(BROADCAST, station(0), 0));
        b.received();

        // As long as it takes for the times in the table to come round.
        net.pass(620 * NS_PER_S);
        c.send(frame(station(0), station(2), 1));

        assertEquals(1, b.received().size());
    }

    @Test
    void shouldForgetThePortThatLeaves() {
        Plug a = net.plug(NIC.withName("a"), 0);
        Plug b = net.plug(NIC.withName("b"), 0);
        a.send(frame(BROADCAST, station(0), 0));
        b.send(frame(BROADCAST, station(1), 0));
        assertEquals(
                List.of("a", "b"), net.bridge.addresses().stream().map(MacEntry::port).toList());

        net.unplug(a);
        Plug next = net.plug(NIC.withName("c"), 0);
        Plug d = net.plug(NIC.withName("d"), 0);
        byte[] letter = frame(station(0), station(1), 1);
        b.received();
        b.send(letter);

        assertGot(next, letter);
        assertGot(d, letter);
        assertEquals(List.of(new MacEntry("52:54:00:00:00:02", 1, "b", 0)), net.bridge.addresses());
    }

    @Test
    void shouldRefuseMorePortsThanThereAreAndNamesTwice() throws LinuxException {
        try (SwitchNet small = new SwitchNet(1, SwitchSettings.defaults().withMaxPorts(2))) {
            small.plug(NIC.withName("1"), 0);
            assertThrows(
                    IllegalArgumentException.class, () -> small.bridge.newPort(NIC.withName("1")));
            small.plug(NIC, 0);
            assertThrows(IllegalArgumentException.class, () -> small.bridge.newPort(NIC));
        }
    }
}
