package dev.ringside.server.sim;

import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioSpec;
import java.util.SplittableRandom;

/**
 * What does not change in one world.
 *
 * @param qemu messages and bases as QEMU sends them; else as cloud-hypervisor does
 * @param inflight the front-end keeps an in-flight region and gives it to each process
 * @param logged the machine migrates now and then: the front-end gives dirty logs
 * @param failuresIn1000 requests out of thousand that the disk fails
 * @param holds what the disk fails is tried again; else the driver gets the error
 * @param iops requests per second that may pass, of steps that take a millisecond; 0: any
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
        boolean logged,
        int failuresIn1000,
        boolean holds,
        int iops,
        int firstBase) {

    /** Slot 0 in the first round, for both sides (virtio 1.3, section 2.8.1). */
    private static final int PACKED_START = 0x8000_8000;

    /** A world as a seed has it. */
    static WorldSpec choose(final SplittableRandom random) {
        final boolean packed = random.nextInt(3) == 0;
        final boolean inflight = random.nextInt(4) != 0;
        // Where every change is compared with a log there is little memory.
        final boolean logged = random.nextInt(6) == 0;
        final int queues = 1 + random.nextInt(logged ? 2 : 4);
        final int ringSize = 4 << random.nextInt(logged ? 2 : 4);
        return new WorldSpec(
                queues,
                ringSize,
                1 + random.nextInt(Math.min(2, queues)),
                1 + random.nextInt(random.nextBoolean() ? 4 : 64),
                8 + random.nextInt(56),
                random.nextBoolean(),
                random.nextBoolean(),
                // Without a region only a device that keeps the order can be resumed.
                !inflight || random.nextInt(4) == 0,
                packed,
                random.nextInt(4) != 0,
                !inflight || random.nextBoolean(),
                inflight,
                logged,
                random.nextInt(3) == 0 ? 20 : 0,
                random.nextBoolean(),
                random.nextInt(4) == 0 ? 100 + random.nextInt(400) : 0,
                packed ? PACKED_START : random.nextBoolean() ? 0 : 65_535 - random.nextInt(64));
    }

    /** Whether the front-end knows enough to go on when the process was killed. */
    boolean survivesKills() {
        return inflight || (!packed && inOrder && qemu);
    }

    /** Whether a ring that is stopped may leave requests to whoever starts it next. */
    boolean leavesRequests() {
        return holds && inflight && failuresIn1000 > 0;
    }

    /** Size of each of the two regions of memory. */
    long regionBytes() {
        return logged ? 1 << 17 : 1 << 20;
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

    /** The protocol features that the front-end takes. */
    long protocolFeatures() {
        return bit(VhostUserSpec.PROTOCOL_F_MQ)
                | bit(VhostUserSpec.PROTOCOL_F_REPLY_ACK)
                | bit(VhostUserSpec.PROTOCOL_F_CONFIG)
                | bit(VhostUserSpec.PROTOCOL_F_RESET_DEVICE)
                | bit(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS)
                | bit(VhostUserSpec.PROTOCOL_F_STATUS)
                | (logged ? bit(VhostUserSpec.PROTOCOL_F_LOG_SHMFD) : 0)
                | (inflight ? bit(VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD) : 0);
    }

    private static long bit(final int number) {
        return 1L << number;
    }

    private static long when(final boolean wanted, final int number) {
        return wanted ? bit(number) : 0;
    }
}
