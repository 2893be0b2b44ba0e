package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtio.net.offload.HashType;
import dev.ringside.virtio.net.offload.Toeplitz;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.DeviceState;
import dev.ringside.virtqueue.device.DeviceStateException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetSavedStateTest {
    private static final int PAIRS = 4;
    private static final long OFFERED =
            NetFeature.offered(NetConfig.named("n").withQueuePairs(PAIRS));
    private static final long FEATURES =
            VirtioSpec.VIRTIO_F_VERSION_1
                    | NetSpec.VIRTIO_NET_F_CTRL_VQ
                    | NetSpec.VIRTIO_NET_F_GUEST_CSUM
                    | NetSpec.VIRTIO_NET_F_GUEST_TSO4;
    private static final NetLink LINK = new NetLink(true, true, false, 0x525400123456L, 1500);

    /** A state in which nothing is as at the start. */
    static NetState everythingChosen() {
        ReceiveFilter filter =
                ReceiveFilter.initial(true)
                        .withMode(NetSpec.VIRTIO_NET_CTRL_RX_PROMISC, false)
                        .withMode(NetSpec.VIRTIO_NET_CTRL_RX_ALLMULTI, true)
                        .withAddresses(
                                new long[] {0x525400000001L}, new long[] {0x3333_0000_0001L, 3})
                        .withVlan(7, true)
                        .withVlan(4095, true);
        HashRules hash =
                new HashRules(HashType.ALL, new byte[] {1, 2, 3}, new short[] {0, 3, 1, 2}, 3);
        Reception reception =
                Reception.initial(FEATURES)
                        .withControlled(true)
                        .withGuestOffloads(NetSpec.VIRTIO_NET_F_GUEST_CSUM)
                        .withPairs(2)
                        .withFilter(filter)
                        .withHash(hash);
        return new NetState(FEATURES, LINK, reception);
    }

    private static NetState load(byte[] bytes) throws DeviceStateException {
        return NetSavedState.decode(bytes, OFFERED, PAIRS)
                .over(NetState.initial(new NetLink(false, true, false, 0, 9000)));
    }

    @Test
    void shouldGoOnWithWhatTheDriverChose() throws Exception {
        NetState chosen = everythingChosen();

        NetState loaded = load(NetSavedState.encode(chosen));

        assertArrayEquals(NetSavedState.encode(chosen), NetSavedState.encode(loaded));
        assertEquals(new NetLink(false, true, false, LINK.mac(), 9000), loaded.link());
        assertEquals(FEATURES, loaded.features());
        assertTrue(loaded.reception().filter().passes(0x525400000001L, 7, 5));
        assertTrue(!loaded.reception().filter().passes(0x525400000001L, 8, 5));
        assertEquals(loaded, loaded.withFeatures(FEATURES), "SET_FEATURES comes again, or later");
    }

    @Test
    void shouldGoOnFromTheStartWhenNothingWasChosen() throws Exception {
        NetState initial = NetState.initial(LINK);

        NetState loaded = load(NetSavedState.encode(initial));

        assertArrayEquals(NetSavedState.encode(initial), NetSavedState.encode(loaded));
    }

    private static DeviceState saved() throws DeviceStateException {
        byte[] bytes = NetSavedState.encode(everythingChosen());
        return DeviceState.decode(bytes, NetSpec.DEVICE_ID, OFFERED);
    }

    /** The tags of the fields are those of {@link NetSavedState}. */
    @ParameterizedTest
    @CsvSource({
        "1, 0x010000000000, MAC address",
        "1, 0x1000000000000, MAC address",
        "2, -1, guest offloads",
        "3, 0, number of queue pairs",
        "3, 5, number of queue pairs",
        "3, -1, number of queue pairs",
        "4, 0x40, receive modes",
        "5, -1, MAC address",
    })
    void shouldRefuseNumberThatCannotBe(int tag, String value, String reason) throws Exception {
        byte[] field = new byte[Long.BYTES];
        DeviceState.over(field).putLong(Long.decode(value));
        byte[] bytes = saved().put(tag, field).encode();

        DeviceStateException e = assertThrows(DeviceStateException.class, () -> load(bytes));

        assertTrue(String.valueOf(e.getMessage()).contains(reason), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"5, 9", "6, 2064", "7, 8", "7, 520", "8, 0", "8, 7", "1, 7", "3, 0"})
    void shouldRefuseFieldOfAnotherSize(int tag, int size) throws Exception {
        byte[] bytes = saved().put(tag, new byte[size]).encode();

        assertThrows(DeviceStateException.class, () -> load(bytes));
    }

    /** A field of hash rules: the key and the table are as long as it says, and bytes follow. */
    private static byte[] hash(int types, int unclassified, int key, int[] table, int rest) {
        int bytes = Integer.BYTES + 3 * Short.BYTES + key + Short.BYTES * table.length + rest;
        byte[] field = new byte[bytes];
        ByteBuffer into = DeviceState.over(field);
        into.putInt(types).putShort((short) unclassified).putShort((short) key);
        into.put(new byte[key]).putShort((short) table.length);
        for (int pair : table) {
            into.putShort((short) pair);
        }
        return field;
    }

    private static void assertRefuses(String reason, byte[] hash) throws Exception {
        byte[] bytes = saved().put(8, hash).encode();

        DeviceStateException e = assertThrows(DeviceStateException.class, () -> load(bytes));

        assertTrue(String.valueOf(e.getMessage()).contains(reason), e.getMessage());
    }

    /** What a shard cannot hash by, or leads frames to queues that are not there. */
    @Test
    void shouldRefuseHashRulesThatNoDriverCanGive() throws Exception {
        int[] table = {3, 2, 1, 0};
        int keyBytes = Toeplitz.KEY_BYTES;
        int entries = NetSpec.RSS_TABLE_LENGTH;
        load(saved().put(8, hash(HashType.ALL, 3, keyBytes, table, 0)).encode());
        load(saved().put(8, hash(0, 0, 0, new int[entries], 0)).encode());

        assertRefuses("hash types", hash(HashType.ALL + 1, 3, keyBytes, table, 0));
        assertRefuses("hash key", hash(HashType.ALL, 3, keyBytes + 1, table, 0));
        assertRefuses("table", hash(HashType.ALL, 3, keyBytes, new int[2 * entries], 0));
        assertRefuses("table", hash(HashType.ALL, 3, keyBytes, new int[3], 0));
        assertRefuses("table", hash(HashType.ALL, 3, keyBytes, table, 1));
        assertRefuses("queue pair", hash(HashType.ALL, PAIRS, keyBytes, table, 0));
        assertRefuses("queue pair", hash(HashType.ALL, 3, keyBytes, new int[] {PAIRS}, 0));
        assertRefuses("queue pair", hash(HashType.ALL, 3, keyBytes, new int[] {0xffff}, 0));
    }

    @Test
    void shouldRefuseTableThatLeadsToPairsThatAreNotThere() throws Exception {
        byte[] bytes = NetSavedState.encode(everythingChosen());

        assertThrows(
                DeviceStateException.class, () -> NetSavedState.decode(bytes, OFFERED, PAIRS - 1));
    }

    /** Whatever the bytes: they are refused, or stand for a state that saves as the same. */
    static boolean isTaken(byte[] bytes) {
        try {
            byte[] again = NetSavedState.encode(load(bytes));
            assertArrayEquals(again, NetSavedState.encode(load(again)));
            return true;
        } catch (DeviceStateException e) {
            return false;
        }
    }

    @Test
    void shouldTakeOrRefuseWhateverTheBytes() {
        long seed = Long.getLong("ringside.seed", System.nanoTime());
        System.out.println("NetSavedStateTest: -Dringside.seed=" + seed);
        Random random = new Random(seed);
        int taken = 0;
        int rounds = 20_000;
        for (int i = 0; i < rounds; i++) {
            byte[] bytes = NetSavedState.encode(everythingChosen());
            for (int flips = random.nextInt(3); flips >= 0; flips--) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            taken += isTaken(bytes) ? 1 : 0;
        }
        assertTrue(taken > 0 && taken < rounds, taken + " taken");
    }
}
