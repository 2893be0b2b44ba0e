package dev.ringside.virtqueue;

import dev.ringside.shm.LinuxException;
import java.util.Arrays;

/**
 * A ring whose bytes are any bytes: the first four choose the layout, the size and the features,
 * the rest fills the ring and what follows it in memory, where its indirect tables are likely to
 * lie.
 */
final class RingExerciser {
    private static final int HEADER_BYTES = 4;
    private static final int ROUNDS = 64;

    private RingExerciser() {}

    static void run(byte[] input) throws LinuxException, InvalidRingException {
        byte[] header = Arrays.copyOf(input, HEADER_BYTES);
        int begin = Math.min(HEADER_BYTES, input.length);
        byte[] content = Arrays.copyOfRange(input, begin, input.length);
        RingKind kind = header[0] % 2 == 0 ? RingKind.SPLIT : RingKind.PACKED;
        int bits = Byte.toUnsignedInt(header[1]);
        int size = kind == RingKind.SPLIT ? 1 << bits % 6 : bits % 33 + 1;
        long features =
                (header[2] & 1) * RingDriver.INDIRECT_DESC
                        | (header[2] >> 1 & 1) * RingDriver.EVENT_IDX
                        | (header[2] >> 2 & 1) * RingDriver.IN_ORDER;
        try (TestMemory memory = new TestMemory()) {
            RingDriver driver = kind.driver(memory, size, features);
            int most = (int) TestMemory.LOW_BYTES;
            memory.putBytes(TestMemory.LOW, Arrays.copyOf(content, Math.min(content.length, most)));
            serve(driver.queue(), Byte.toUnsignedInt(header[3]));
        }
    }

    /** Takes, gives back and completes by turns; every chain is looked at. */
    private static void serve(Virtqueue queue, int turns) {
        if ((turns & 1) != 0) {
            queue.fetchAhead(100, (turns & 2) != 0);
        }
        DescriptorChain chain = new DescriptorChain(queue.maxChainEntries());
        BufferBurst burst = new BufferBurst(20, (turns & 4) != 0);
        byte[] bytes = new byte[64];
        for (int round = 0; round < ROUNDS && queue.fault() == null; round++) {
            queue.pending();
            int together = round % 4 == 3 ? queue.nextBuffers(burst, 1 + turns % 16) : 0;
            if (together > 0) {
                HostileDriverTest.assertInside(burst);
                queue.settleBuffers(burst, together - (turns >> 4) % together);
            } else if (queue.next(chain)) {
                HostileDriverTest.assertInside(chain);
                chain.copyFrom(0, bytes, 0, bytes.length);
                if ((turns >> round % 8 & 1) == 0) {
                    queue.complete(chain.head(), 1);
                } else {
                    queue.giveBack(chain.head());
                }
            }
            queue.publish();
            queue.suppressKicks();
            queue.requestKicks();
        }
    }
}
