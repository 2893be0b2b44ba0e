package dev.ringside.virtio.net.l2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.shm.LinuxException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Random ports, VLANs, addresses and frames on two shards: the switch against a model of it. */
final class SwitchModelTest {
    private static final int NETWORKS = 40;
    private static final int FRAMES = 400;
    private static final int STATIONS = 8;
    private static final List<Integer> VLANS = List.of(1, 10, 20, 4094);

    private final SplittableRandom random = new SplittableRandom(Seed.next("SwitchModelTest"));

    @Test
    void shouldForwardAsTheModelDoes() throws LinuxException {
        for (int network = 0; network < NETWORKS; network++) {
            List<ModelSwitch.Port> ports = new ArrayList<>();
            for (int count = random.nextInt(2, 7); ports.size() < count; ) {
                ports.add(anyPort(ports));
            }
            try (SwitchNet net = new SwitchNet(2)) {
                compare(net, ports);
            }
        }
    }

    private void compare(SwitchNet net, List<ModelSwitch.Port> ports) {
        ModelSwitch model = new ModelSwitch(ports);
        List<Plug> plugs = new ArrayList<>();
        for (ModelSwitch.Port port : ports) {
            plugs.add(net.plug(config(port), random.nextInt(2)));
        }
        for (int i = 0; i < FRAMES; i++) {
            int in = random.nextInt(ports.size());
            ModelSwitch.Packet packet = anyPacket(i);
            Map<Integer, ModelSwitch.Packet> expected = model.send(in, packet);
            plugs.get(in).send(packet.bytes());
            net.settle();
            for (int out = 0; out < ports.size(); out++) {
                String what = packet + " from " + in + " to " + out + " of " + ports;
                List<byte[]> got = plugs.get(out).received();
                ModelSwitch.Packet wanted = expected.get(out);
                assertEquals(wanted == null ? 0 : 1, got.size(), what);
                if (wanted != null) {
                    assertArrayEquals(wanted.bytes(), got.getFirst(), what);
                }
            }
        }
    }

    private ModelSwitch.Port anyPort(List<ModelSwitch.Port> others) {
        boolean trunk = random.nextBoolean();
        Set<Integer> tagged = new TreeSet<>();
        int untagged = VLANS.get(random.nextInt(VLANS.size()));
        if (trunk) {
            VLANS.stream().filter(vlan -> random.nextBoolean()).forEach(tagged::add);
            untagged = random.nextInt(3) == 0 ? 0 : untagged;
        }
        long mac = random.nextInt(4) == 0 ? Ethernet.station(random.nextInt(STATIONS)) : 0;
        boolean taken = others.stream().anyMatch(other -> other.mac() == mac);
        return new ModelSwitch.Port(
                untagged,
                tagged,
                trunk,
                random.nextInt(3) == 0,
                random.nextInt(5) == 0,
                taken ? 0 : mac);
    }

    private static SwitchPortConfig config(ModelSwitch.Port port) {
        BitSet tagged = new BitSet();
        port.tagged().forEach(tagged::set);
        return SwitchPortConfig.nic()
                .withVlans(
                        port.trunk()
                                ? PortVlans.trunk(tagged, port.untagged())
                                : PortVlans.access(port.untagged()))
                .withIsolated(port.isolated())
                .withAntiSpoof(port.antiSpoof())
                .withMac(port.mac());
    }

    private ModelSwitch.Packet anyPacket(int number) {
        List<Integer> tags = new ArrayList<>();
        while (tags.size() < 2 && random.nextInt(3) == 0) {
            int vlan = random.nextInt(4) == 0 ? 0 : VLANS.get(random.nextInt(VLANS.size()));
            tags.add(random.nextInt(8) << 13 | vlan);
        }
        return new ModelSwitch.Packet(anyAddress(), anyAddress(), number, tags);
    }

    private long anyAddress() {
        return switch (random.nextInt(20)) {
            case 0 -> Ethernet.BROADCAST;
            case 1 -> 0x0180c2000000L | random.nextInt(20);
            case 2 -> 0;
            default -> Ethernet.station(random.nextInt(STATIONS));
        };
    }
}
