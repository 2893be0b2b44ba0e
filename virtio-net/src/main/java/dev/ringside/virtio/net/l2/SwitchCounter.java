package dev.ringside.virtio.net.l2;

import dev.ringside.metrics.MetricName;
import java.util.Map;

/** What is counted of each port of a switch. */
enum SwitchCounter implements MetricName {
    FRAMES_IN(Family.FRAMES, "in"),
    FRAMES_OUT(Family.FRAMES, "out"),
    BYTES_IN(Family.BYTES, "in"),
    BYTES_OUT(Family.BYTES, "out"),
    FLOOD_UNKNOWN(Family.FLOODS, "unknown"),
    FLOOD_GROUP(Family.FLOODS, "group"),

    /** Shorter than its headers. */
    TOO_SHORT(Family.DROPS, "too_short"),
    /** Its source is a group or nobody. */
    BAD_SOURCE(Family.DROPS, "bad_source"),
    SPOOFED(Family.DROPS, "spoofed"),
    /** Of a VLAN that the port has no part in, or with tags that it may not have. */
    VLAN(Family.DROPS, "vlan"),
    /** Its checksum is to be computed from within its addresses or tags. */
    CHECKSUM_PLACE(Family.DROPS, "checksum_place"),
    /** To an address that no bridge forwards. */
    RESERVED(Family.DROPS, "reserved"),
    ISOLATED(Family.DROPS, "isolated"),
    /** Its destination is where it came from. */
    SAME_PORT(Family.DROPS, "same_port"),
    /** No queue of its destination is enabled. */
    NO_RECEIVER(Family.DROPS, "no_receiver"),
    /** Its destination's inbox is full, or this port's share of it. */
    NO_ROOM(Family.DROPS, "no_room"),
    /** Its destination has taken nothing for a while. */
    STALLED(Family.DROPS, "stalled"),
    /** Its source can hold no more frames. */
    CANNOT_HOLD(Family.DROPS, "cannot_hold"),
    /** Its destination failed. */
    FAILED(Family.DROPS, "failed"),
    /** It came back to the switch while the switch was sending it. */
    LOOP(Family.DROPS, "loop"),

    /** As many addresses as the port may have. */
    QUOTA(Family.UNLEARNT, "quota"),
    /** No room in the table. */
    TABLE_FULL(Family.UNLEARNT, "table_full"),
    /** The address is another port's. */
    NOT_YOURS(Family.UNLEARNT, "not_yours"),

    MOVES(Family.MOVES, "");

    private enum Family {
        FRAMES(
                "ringside_net_switch_frames_total",
                "direction",
                "Frames of a switch port; in: from the port to the switch."),
        BYTES(
                "ringside_net_switch_bytes_total",
                "direction",
                "Bytes of the frames of a switch port; in: from the port to the switch."),
        FLOODS(
                "ringside_net_switch_floods_total",
                "destination",
                "Frames that came in here and went to every port of their VLAN."),
        DROPS(
                "ringside_net_switch_drops_total",
                "reason",
                "Frames that the switch dropped, once for each port that one did not reach: at the"
                        + " port where it came in, or, once it waited, where it would go out."),
        UNLEARNT(
                "ringside_net_switch_unlearnt_total",
                "reason",
                "Frames whose source address was not learnt."),
        MOVES(
                "ringside_net_switch_moves_total",
                "",
                "Addresses that came to this port from another.");

        private final String metricName;
        private final String label;
        private final String help;

        Family(String metricName, String label, String help) {
            this.metricName = metricName;
            this.label = label;
            this.help = help;
        }
    }

    private final Family family;
    private final String value;

    SwitchCounter(Family family, String value) {
        this.family = family;
        this.value = value;
    }

    @Override
    public String metricName() {
        return family.metricName;
    }

    @Override
    public String help() {
        return family.help;
    }

    @Override
    public Map<String, String> labels() {
        return value.isEmpty() ? Map.of() : Map.of(family.label, value);
    }
}
