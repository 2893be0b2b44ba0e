package dev.ringside.virtio.net.l2;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a switch does, said as simply as possible; nothing waits, nothing is ever full. */
final class ModelSwitch {
    /**
     * One port.
     *
     * @param untagged the VLAN of frames without a tag, 0: none
     * @param tagged those of frames with a tag
     */
    record Port(
            int untagged,
            Set<Integer> tagged,
            boolean trunk,
            boolean isolated,
            boolean antiSpoof,
            long mac) {}

    /** A frame: its tags are 16 bits each. */
    record Packet(long to, long from, int number, List<Integer> tags) {
        byte[] bytes() {
            return Ethernet.frame(
                    to, from, number, tags.stream().mapToInt(Integer::intValue).toArray());
        }
    }

    private record Place(long mac, int vlan) {}

    private final List<Port> ports;
    private final Map<Place, Integer> learnt = new HashMap<>();
    private final Map<Integer, Long> first = new HashMap<>();

    ModelSwitch(List<Port> ports) {
        this.ports = ports;
    }

    /** Which ports get what. */
    Map<Integer, Packet> send(int in, Packet packet) {
        Port port = ports.get(in);
        Integer vlan = classify(port, packet.tags());
        if (vlan == null || isGroup(packet.from()) || packet.from() == 0) {
            return Map.of();
        }
        if (port.antiSpoof()) {
            long own = port.mac() != 0 ? port.mac() : first.computeIfAbsent(in, k -> packet.from());
            if (own != packet.from()) {
                return Map.of();
            }
        }
        if (packet.to() >>> 4 == 0x0180c200000L) {
            return Map.of();
        }
        Integer owner = owner(packet.from(), vlan);
        if (owner == null || owner == in) {
            learnt.put(new Place(packet.from(), vlan), in);
        }
        Map<Integer, Packet> out = new TreeMap<>();
        for (int to : destinations(packet.to(), vlan)) {
            Packet sent = to == in ? null : egress(port, ports.get(to), packet, vlan);
            if (sent != null) {
                out.put(to, sent);
            }
        }
        return out;
    }

    private List<Integer> destinations(long mac, int vlan) {
        Integer known = learnt.get(new Place(mac, vlan));
        if (known == null) {
            known = owner(mac, vlan);
        }
        if (known != null && !isGroup(mac)) {
            return List.of(known);
        }
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < ports.size(); i++) {
            all.add(i);
        }
        return all;
    }

    private @Nullable Integer owner(long mac, int vlan) {
        for (int i = 0; i < ports.size(); i++) {
            if (mac != 0 && ports.get(i).mac() == mac && carries(ports.get(i), vlan)) {
                return i;
            }
        }
        return null;
    }

    private static boolean isGroup(long mac) {
        return (mac >>> 40 & 1) != 0;
    }

    private static boolean carries(Port port, int vlan) {
        return port.untagged() == vlan || port.tagged().contains(vlan);
    }

    private static @Nullable Integer classify(Port port, List<Integer> tags) {
        int vlan = tags.isEmpty() ? 0 : tags.getFirst() & 0xfff;
        if (vlan == 0) {
            return tags.size() > 1 || port.untagged() == 0 ? null : port.untagged();
        }
        return port.trunk() && carries(port, vlan) ? vlan : null;
    }

    private static @Nullable Packet egress(Port from, Port to, Packet packet, int vlan) {
        if (!carries(to, vlan) || (from.isolated() && to.isolated())) {
            return null;
        }
        List<Integer> tags = new ArrayList<>(packet.tags());
        int priority = tags.isEmpty() ? 0 : tags.removeFirst() & 0xf000;
        if (vlan == to.untagged()) {
            if (!tags.isEmpty()) {
                return null;
            }
        } else {
            tags.addFirst(priority | vlan);
        }
        return new Packet(packet.to(), packet.from(), packet.number(), tags);
    }
}
