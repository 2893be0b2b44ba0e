package dev.ringside.virtio.blk.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** A disk that forgets. */
class NullBackendTest extends BlockBackendContract {
    @Override
    BlockBackend open() throws Exception {
        return BlockBackends.open("null:size=8M", false);
    }

    @Override
    boolean keepsData() {
        return false;
    }

    @Test
    void shouldReadZeroesWhenAskedTo() throws Exception {
        try (TestShard shard = new TestShard(8);
                BlockBackend zeroes = BlockBackends.open("null:size=8M,read-zeroes=on", false);
                TestChannel channel = new TestChannel(shard, zeroes, 1, 3 << 20)) {
            channel.layOut(0, 3, 1 << 20, 2 << 20);
            byte[] ones = new byte[3 << 20];
            java.util.Arrays.fill(ones, (byte) 1);
            channel.fill(0, ones);
            assertEquals(0, channel.run(BlockOperation.READ, 0, 3 << 20));
            assertArrayEquals(new byte[3 << 20], channel.data(0, 3 << 20));
        }
    }
}
