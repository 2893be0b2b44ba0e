package dev.ringside.server.sim;

import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.VirtioSpec;
import java.util.SplittableRandom;

/**
 * What does not change in one world.
 *
 * @param qemu messages and bases as QEMU sends them; else as cloud-hypervisor does
 * @param inflight the front-end keeps an in-flight region and gives it to each process
 * @param failuresIn1000 requests out of thousand that the disk fails
 * @param firstBase where fresh rings begin: near the end of what an index can count
 */
record WorldSpec(
        int queues,
        int ringSize,
        int shards,
        int budget,
        int sectors,
        boolean eventIdx,
        boolean indirect,
        boolean inOrder,
        boolean packed,
        boolean flush,
        boolean qemu,
        boolean inflight,
        int failuresIn1000,
        int firstBase) {

    /** A world as a seed has it, of what the device offers. */
    static WorldSpec choose(final SplittableRandom random, final boolean inflightOffered) {
        final boolean inflight = inflightOffered && random.nextInt(4) != 0;
        final int queues = 1 + random.nextInt(4);
        return new WorldSpec(
                queues,
                4 << random.nextInt(4),
                1 + random.nextInt(Math.min(2, queues)),
                1 + random.nextInt(random.nextBoolean() ? 4 : 64),
                8 + random.nextInt(56),
                random.nextBoolean(),
                random.nextBoolean(),
                // Without a region only a device that keeps the order can be resumed.
                !inflight || random.nextInt(4) == 0,
                false,
                random.nextInt(4) != 0,
                !inflight || random.nextBoolean(),
                inflight,
                random.nextInt(3) == 0 ? 20 : 0,
                random.nextBoolean() ? 0 : 65_535 - random.nextInt(64));
    }

    /** The features that the driver takes of those that are offered. */
    long accepted() {
        return bit(VirtioSpec.F_VERSION_1)
                | bit(BlkSpec.F_DISCARD)
                | bit(BlkSpec.F_WRITE_ZEROES)
                | when(queues > 1, BlkSpec.F_MQ)
                | when(eventIdx, VirtioSpec.F_EVENT_IDX)
                | when(indirect, VirtioSpec.F_INDIRECT_DESC)
                | when(inOrder, VirtioSpec.F_IN_ORDER)
                | when(packed, VirtioSpec.F_RING_PACKED)
                | when(flush, BlkSpec.F_FLUSH)
                | when(flush, BlkSpec.F_CONFIG_WCE);
    }

    private static long bit(final int number) {
        return 1L << number;
    }

    private static long when(final boolean wanted, final int number) {
        return wanted ? bit(number) : 0;
    }
}
