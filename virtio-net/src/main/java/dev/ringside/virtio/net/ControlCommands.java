package dev.ringside.virtio.net;

import dev.ringside.virtio.net.offload.HashType;
import dev.ringside.virtio.net.offload.Toeplitz;
import dev.ringside.virtqueue.DescriptorChain;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Carries out the commands of a control queue (section 5.1.6.5). A command's bytes are copied once;
 * everything is decided by the copy.
 */
final class ControlCommands {
    private static final int MAX_BYTES = 16384;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final long GROUP_BIT = 1L << 40;
    private static final int VLAN_IDS = 4096;

    // struct virtio_net_rss_config and struct virtio_net_hash_config.
    private static final int RSS_TABLE_MASK = 4;
    private static final int RSS_UNCLASSIFIED = 6;
    private static final int RSS_TABLE = 8;
    private static final int HASH_KEY = 12;

    private final NetStates states;
    private final int queuePairs;

    /** Copy of a command's data, without its class and command. */
    private final MemorySegment data = MemorySegment.ofArray(new byte[MAX_BYTES]);

    private int length;

    /**
     * For one control queue.
     *
     * @param queuePairs how many there are
     */
    ControlCommands(NetStates states, int queuePairs) {
        this.states = states;
        this.queuePairs = queuePairs;
    }

    /**
     * The queue has started.
     *
     * @param fresh the driver has reset the device, and will say what it wants
     */
    void begin(boolean fresh) {
        states.change(
                state -> {
                    Reception before = state.reception();
                    Reception start = fresh ? atReset(state) : before;
                    return state.withReception(start.withControlled(true));
                });
    }

    private static Reception atReset(NetState state) {
        boolean vlans = state.has(NetSpec.VIRTIO_NET_F_CTRL_VLAN);
        Reception start =
                Reception.initial(state.features()).withFilter(ReceiveFilter.initial(vlans));
        return state.has(NetSpec.VIRTIO_NET_F_MQ) ? start.withPairs(1) : start;
    }

    /** The queue has stopped: nobody can acknowledge an announcement from now on. */
    void end() {
        change(reception -> reception.withControlled(false));
    }

    /**
     * Carries out one command.
     *
     * @return VIRTIO_NET_OK, or VIRTIO_NET_ERR when nothing changed
     */
    int run(DescriptorChain chain) {
        long bytes = chain.readableBytes();
        NetState state = states.get();
        if (bytes < NetSpec.CONTROL_HEADER_BYTES
                || bytes - NetSpec.CONTROL_HEADER_BYTES > MAX_BYTES
                || !state.has(NetSpec.VIRTIO_NET_F_CTRL_VQ)) {
            return NetSpec.VIRTIO_NET_ERR;
        }
        int type = Byte.toUnsignedInt(chain.readByte(0));
        int command = Byte.toUnsignedInt(chain.readByte(1));
        length = (int) bytes - NetSpec.CONTROL_HEADER_BYTES;
        chain.copyFrom(NetSpec.CONTROL_HEADER_BYTES, data, 0, length);
        boolean done =
                switch (type) {
                    case NetSpec.VIRTIO_NET_CTRL_RX -> receiveMode(state, command);
                    case NetSpec.VIRTIO_NET_CTRL_MAC -> address(state, command);
                    case NetSpec.VIRTIO_NET_CTRL_VLAN -> vlan(state, command);
                    case NetSpec.VIRTIO_NET_CTRL_ANNOUNCE -> announced(state, command);
                    case NetSpec.VIRTIO_NET_CTRL_MQ -> queues(state, command);
                    case NetSpec.VIRTIO_NET_CTRL_GUEST_OFFLOADS -> offloads(state, command);
                    default -> false;
                };
        return done ? NetSpec.VIRTIO_NET_OK : NetSpec.VIRTIO_NET_ERR;
    }

    private boolean receiveMode(NetState state, int command) {
        boolean extra = command > NetSpec.VIRTIO_NET_CTRL_RX_ALLMULTI;
        if (command > NetSpec.VIRTIO_NET_CTRL_RX_NOBCAST
                || length < 1
                || !state.has(
                        extra
                                ? NetSpec.VIRTIO_NET_F_CTRL_RX_EXTRA
                                : NetSpec.VIRTIO_NET_F_CTRL_RX)) {
            return false;
        }
        boolean on = data.get(ValueLayout.JAVA_BYTE, 0) != 0;
        return changeFilter(filter -> filter.withMode(command, on));
    }

    private boolean address(NetState state, int command) {
        return switch (command) {
            case NetSpec.VIRTIO_NET_CTRL_MAC_TABLE_SET ->
                    state.has(NetSpec.VIRTIO_NET_F_CTRL_RX) && addressTable();
            case NetSpec.VIRTIO_NET_CTRL_MAC_ADDR_SET ->
                    state.has(NetSpec.VIRTIO_NET_F_CTRL_MAC_ADDR) && ownAddress();
            default -> false;
        };
    }

    private boolean ownAddress() {
        if (length != NetSpec.MAC_BYTES) {
            return false;
        }
        long mac = addressAt(0);
        if (mac == 0 || (mac & GROUP_BIT) != 0) {
            return false;
        }
        states.change(state -> state.withLink(state.link().withMac(mac)));
        return true;
    }

    /** Two tables, each a count and so many addresses. */
    private boolean addressTable() {
        long first = countAt(0);
        if (first < 0) {
            return false;
        }
        int second = Integer.BYTES + (int) first * NetSpec.MAC_BYTES;
        long others = countAt(second);
        if (others < 0) {
            return false;
        }
        long[] unicast = addressesAt(Integer.BYTES, (int) first);
        long[] multicast = addressesAt(second + Integer.BYTES, (int) others);
        return changeFilter(filter -> filter.withAddresses(unicast, multicast));
    }

    /** The count of a table that lies within the data, or -1. */
    private long countAt(int at) {
        if (length - at < Integer.BYTES) {
            return -1;
        }
        long count = Integer.toUnsignedLong(data.get(INT, at));
        int room = (length - at - Integer.BYTES) / NetSpec.MAC_BYTES;
        return count <= room ? count : -1;
    }

    /** Reads one more than are kept, so that an overflow shows. */
    private long[] addressesAt(int at, int count) {
        long[] addresses = new long[Math.min(count, ReceiveFilter.MAX_ADDRESSES + 1)];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = addressAt(at + i * NetSpec.MAC_BYTES);
        }
        return addresses;
    }

    private long addressAt(int at) {
        long address = 0;
        for (int i = 0; i < NetSpec.MAC_BYTES; i++) {
            address =
                    address << Byte.SIZE
                            | Byte.toUnsignedLong(data.get(ValueLayout.JAVA_BYTE, at + i));
        }
        return address;
    }

    private boolean vlan(NetState state, int command) {
        if (length != Short.BYTES
                || command > NetSpec.VIRTIO_NET_CTRL_VLAN_DEL
                || !state.has(NetSpec.VIRTIO_NET_F_CTRL_VLAN)) {
            return false;
        }
        int id = Short.toUnsignedInt(data.get(SHORT, 0));
        boolean wanted = command == NetSpec.VIRTIO_NET_CTRL_VLAN_ADD;
        return id < VLAN_IDS && changeFilter(filter -> filter.withVlan(id, wanted));
    }

    private boolean announced(NetState state, int command) {
        if (command != NetSpec.VIRTIO_NET_CTRL_ANNOUNCE_ACK
                || !state.has(NetSpec.VIRTIO_NET_F_GUEST_ANNOUNCE)) {
            return false;
        }
        states.change(now -> now.withLink(now.link().withAnnounce(false)));
        return true;
    }

    private boolean queues(NetState state, int command) {
        return switch (command) {
            case NetSpec.VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET -> pairs(state);
            case NetSpec.VIRTIO_NET_CTRL_MQ_RSS_CONFIG -> steering(state);
            case NetSpec.VIRTIO_NET_CTRL_MQ_HASH_CONFIG -> hashing(state);
            default -> false;
        };
    }

    private boolean pairs(NetState state) {
        if (length != Short.BYTES || !state.has(NetSpec.VIRTIO_NET_F_MQ)) {
            return false;
        }
        int wanted = Short.toUnsignedInt(data.get(SHORT, 0));
        return wanted >= 1
                && wanted <= queuePairs
                && change(
                        reception ->
                                reception
                                        .withPairs(wanted)
                                        .withHash(withoutTable(reception.hash())));
    }

    /** How many pairs there are was said without a table: what is hashed stays. */
    private static @Nullable HashRules withoutTable(@Nullable HashRules rules) {
        return rules == null ? null : new HashRules(rules.types(), rules.key(), new short[0], 0);
    }

    /** struct virtio_net_rss_config. */
    private boolean steering(NetState state) {
        if (!state.has(NetSpec.VIRTIO_NET_F_RSS) || length < RSS_TABLE) {
            return false;
        }
        int entries = Short.toUnsignedInt(data.get(SHORT, RSS_TABLE_MASK)) + 1;
        int behind = RSS_TABLE + entries * Short.BYTES;
        if (entries > NetSpec.RSS_TABLE_LENGTH
                || Integer.bitCount(entries) != 1
                || length < behind + Short.BYTES) {
            return false;
        }
        short[] table = new short[entries];
        for (int i = 0; i < entries; i++) {
            table[i] = data.get(SHORT, RSS_TABLE + (long) i * Short.BYTES);
            if (Short.toUnsignedInt(table[i]) >= queuePairs) {
                return false;
            }
        }
        int unclassified = Short.toUnsignedInt(data.get(SHORT, RSS_UNCLASSIFIED));
        int transmitQueues = Short.toUnsignedInt(data.get(SHORT, behind));
        return unclassified < queuePairs
                && transmitQueues >= 1
                && transmitQueues <= queuePairs
                && rules(behind + Short.BYTES, table, unclassified);
    }

    /** struct virtio_net_hash_config. */
    private boolean hashing(NetState state) {
        return state.has(NetSpec.VIRTIO_NET_F_HASH_REPORT) && rules(HASH_KEY, new short[0], 0);
    }

    /**
     * Takes hash types from the start and a key.
     *
     * @param keyAt where its length is
     */
    private boolean rules(int keyAt, short[] table, int unclassified) {
        if (length <= keyAt) {
            return false;
        }
        int types = data.get(INT, 0);
        int keyBytes = Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, keyAt));
        if ((types & ~HashType.ALL) != 0
                || keyBytes > Toeplitz.KEY_BYTES
                || length - keyAt - 1 < keyBytes) {
            return false;
        }
        byte[] key = new byte[keyBytes];
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, keyAt + 1L, key, 0, keyBytes);
        HashRules rules = new HashRules(types, key, table, unclassified);
        // A table says by itself which pairs are in use.
        return change(
                reception ->
                        table.length == 0
                                ? reception.withHash(rules)
                                : reception.withPairs(queuePairs).withHash(rules));
    }

    private boolean offloads(NetState state, int command) {
        if (command != NetSpec.VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET
                || length != Long.BYTES
                || !state.has(NetSpec.VIRTIO_NET_F_CTRL_GUEST_OFFLOADS)) {
            return false;
        }
        long wanted = data.get(LONG, 0);
        long possible = NetFeature.switchable(state.features());
        return (wanted & ~possible) == 0
                && change(reception -> reception.withGuestOffloads(wanted));
    }

    private boolean changeFilter(UnaryOperator<ReceiveFilter> edit) {
        return change(reception -> reception.withFilter(edit.apply(reception.filter())));
    }

    private boolean change(UnaryOperator<Reception> edit) {
        states.change(state -> state.withReception(edit.apply(state.reception())));
        return true;
    }
}
