package dev.ringside.virtio.net;

import dev.ringside.virtio.net.offload.HashType;
import dev.ringside.virtio.net.offload.Toeplitz;
import dev.ringside.virtqueue.device.DeviceState;
import dev.ringside.virtqueue.device.DeviceStateException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a driver chose by its control queue, on its way into another process ({@link DeviceState}).
 * The link and the MTU are not part of it: they are the place's, not the driver's.
 *
 * @param features what was negotiated
 * @param mac the address the driver chose, or had
 * @param reception the rest
 */
record NetSavedState(long features, long mac, Reception reception) {
    private static final int MAC = 1;
    private static final int OFFLOADS = 2;
    private static final int PAIRS = 3;
    private static final int MODES = 4;
    private static final int UNICAST = 5;
    private static final int MULTICAST = 6;
    private static final int VLANS = 7;
    private static final int HASH = 8;

    private static final int VLAN_WORDS = 4096 / Long.SIZE;
    private static final int KNOWN_MODES = (1 << (NetSpec.VIRTIO_NET_CTRL_RX_NOBCAST + 1)) - 1;
    private static final long GROUP_BIT = 1L << 40;
    private static final long MAX_MAC = 0xffff_ffff_ffffL;

    static byte[] encode(NetState state) {
        Reception reception = state.reception();
        ReceiveFilter filter = reception.filter();
        DeviceState saved =
                new DeviceState(NetSpec.DEVICE_ID, state.features())
                        .put(MAC, longs(state.link().mac()))
                        .put(OFFLOADS, longs(reception.guestOffloads()))
                        .put(PAIRS, longs(reception.pairs()))
                        .put(MODES, longs(filter.modes()))
                        .put(UNICAST, longs(filter.unicast()))
                        .put(MULTICAST, longs(filter.multicast()));
        long[] vlans = filter.vlans();
        if (vlans != null) {
            saved.put(VLANS, longs(vlans));
        }
        HashRules hash = reception.hash();
        if (hash != null) {
            saved.put(HASH, encode(hash));
        }
        return saved.encode();
    }

    private static byte[] longs(long... values) {
        byte[] field = new byte[Long.BYTES * values.length];
        ByteBuffer into = DeviceState.over(field);
        for (long value : values) {
            into.putLong(value);
        }
        return field;
    }

    private static byte[] encode(HashRules rules) {
        byte[] key = rules.key();
        short[] table = rules.table();
        int bytes = Integer.BYTES + 3 * Short.BYTES + key.length + Short.BYTES * table.length;
        byte[] field = new byte[bytes];
        ByteBuffer into = DeviceState.over(field);
        into.putInt(rules.types())
                .putShort((short) rules.unclassifiedPair())
                .putShort((short) key.length)
                .put(key)
                .putShort((short) table.length);
        for (short pair : table) {
            into.putShort(pair);
        }
        return field;
    }

    /**
     * Takes apart and judges what was received, for a NIC with so many queue pairs.
     *
     * @throws DeviceStateException saying why it cannot be taken
     */
    static NetSavedState decode(byte[] bytes, long offered, int queuePairs)
            throws DeviceStateException {
        DeviceState saved = DeviceState.decode(bytes, NetSpec.DEVICE_ID, offered);
        saved.checkFields(MAC, OFFLOADS, PAIRS, MODES, UNICAST, MULTICAST, VLANS, HASH);
        long mac = number(saved, MAC);
        check((mac & ~MAX_MAC) == 0 && (mac & GROUP_BIT) == 0, "MAC address", mac);
        long offloads = number(saved, OFFLOADS);
        check((offloads & ~saved.features()) == 0, "guest offloads", offloads);
        long pairs = number(saved, PAIRS);
        check(
                pairs >= 1 && (pairs <= queuePairs || pairs == NetConfig.MAX_QUEUE_PAIRS),
                "number of queue pairs, of which this NIC has " + queuePairs + ",",
                pairs);
        HashRules hash = saved.has(HASH) ? hash(saved.get(HASH), queuePairs) : null;
        return new NetSavedState(
                saved.features(),
                mac,
                new Reception(false, offloads, (int) pairs, filter(saved), hash));
    }

    private static ReceiveFilter filter(DeviceState saved) throws DeviceStateException {
        long modes = number(saved, MODES);
        check((modes & ~KNOWN_MODES) == 0, "receive modes", modes);
        long @Nullable [] vlans =
                saved.has(VLANS) ? numbers(saved.get(VLANS, VLAN_WORDS * Long.BYTES)) : null;
        return ReceiveFilter.of(
                (int) modes, addresses(saved, UNICAST), addresses(saved, MULTICAST), vlans);
    }

    private static long[] addresses(DeviceState saved, int tag) throws DeviceStateException {
        ByteBuffer field = saved.get(tag);
        int count = field.remaining() / Long.BYTES;
        check(
                field.remaining() % Long.BYTES == 0 && count <= ReceiveFilter.MAX_ADDRESSES + 1,
                "number of bytes of addresses",
                field.remaining());
        long[] addresses = numbers(field);
        for (long address : addresses) {
            check((address & ~MAX_MAC) == 0, "MAC address", address);
        }
        return addresses;
    }

    private static HashRules hash(ByteBuffer field, int queuePairs) throws DeviceStateException {
        check(field.remaining() >= Integer.BYTES + 2 * Short.BYTES, "size of", field.remaining());
        int types = field.getInt();
        check((types & ~HashType.ALL) == 0, "hash types", types);
        int unclassified = Short.toUnsignedInt(field.getShort());
        int keyBytes = Short.toUnsignedInt(field.getShort());
        check(
                keyBytes <= Toeplitz.KEY_BYTES && field.remaining() >= keyBytes + Short.BYTES,
                "length of its hash key",
                keyBytes);
        byte[] key = new byte[keyBytes];
        field.get(key);
        int entries = Short.toUnsignedInt(field.getShort());
        check(
                entries <= NetSpec.RSS_TABLE_LENGTH
                        && Integer.bitCount(entries) <= 1
                        && field.remaining() == entries * Short.BYTES,
                "length of its table of queue pairs",
                entries);
        check(entries == 0 || unclassified < queuePairs, "queue pair", unclassified);
        short[] table = new short[entries];
        for (int i = 0; i < entries; i++) {
            table[i] = field.getShort();
            check(Short.toUnsignedInt(table[i]) < queuePairs, "queue pair", table[i]);
        }
        return new HashRules(types, key, table, unclassified);
    }

    private static long number(DeviceState saved, int tag) throws DeviceStateException {
        return saved.get(tag, Long.BYTES).getLong();
    }

    private static long[] numbers(ByteBuffer field) {
        long[] values = new long[field.remaining() / Long.BYTES];
        for (int i = 0; i < values.length; i++) {
            values[i] = field.getLong();
        }
        return values;
    }

    private static void check(boolean good, String what, long value) throws DeviceStateException {
        if (!good) {
            throw new DeviceStateException(
                    "its " + what + " cannot be 0x" + Long.toHexString(value));
        }
    }

    /** The state that a device goes on with. */
    NetState over(NetState now) {
        NetLink link = mac == 0 ? now.link() : now.link().withMac(mac);
        return new NetState(features, link, reception);
    }
}
