package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ringside.server.demo.Qemu;
import dev.ringside.server.demo.QemuOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A guest whose disk's process is killed, as often as {@code -Dringside.kills} says, or stopped in
 * good order. fio verifies what it reads; a journal tells the host of each write that was flushed,
 * and the host looks for it when everything is dead.
 */
final class KillUnderGuestIT extends GuestTest {
    private static final int KILLS = Integer.getInteger("ringside.kills", 8);
    private static final int DISK_MIB = 64;
    private static final int JOURNAL_BLOCK = 4096;
    private static final int JOURNAL_AT_MIB = 40;
    private static final int JOURNAL_SLOTS = 64;
    private static final long PATIENCE_NS = 120_000_000_000L;

    private static final String JOURNAL =
            """
            journal() {
                n=0
                while :; do
                    n=$((n + 1))
                    printf 'journal %%d\\n' $n |
                        dd of=/dev/vda bs=%d conv=sync,fsync,notrunc oflag=direct \\
                            seek=$((%d + n %% %d)) 2>/tmp/dd.err ||
                        { cat /tmp/dd.err; fail journal $n; }
                    say journal $n
                done
            }
            """
                    .formatted(
                            JOURNAL_BLOCK,
                            JOURNAL_AT_MIB * Images.MIB / JOURNAL_BLOCK,
                            JOURNAL_SLOTS);

    /**
     * One pass after the other, each with its own verification: in a second loop of the same fio a
     * mix of reads and writes expects what it has not written yet.
     */
    private static final String LOAD =
            """
            load() {
                while [ ! -e /tmp/enough ]; do
                    fio --name=load --filename=/dev/vda --rw=randrw \
                        --bssplit=4k/60:16k/30:64k/10 --iodepth=16 --size=32m --direct=1 \
                        --ioengine=libaio --verify=crc32c --verify_fatal=1 --fdatasync=32 \
                        --randseed=$seed --eta=never --output=/tmp/fio.out ||
                        { head -20 /tmp/fio.out; fail the load with seed $seed; }
                    say pass $seed
                    seed=$((seed + 1))
                done
            }
            load &
            load=$!
            journal &
            ask killed
            kill -0 $load || fail the load ended
            : >/tmp/enough
            wait $load || fail the load ended badly
            dmesg >/tmp/dmesg
            if grep -E 'I/O error|Buffer I/O|timed out|hung|virtio_blk.*error' /tmp/dmesg; then
                fail the kernel saw an error
            fi
            verified --name=after --filename=/dev/vda --rw=randwrite --bs=4k --iodepth=16 \
                --size=8m --verify=crc32c
            say digest "$(digest /dev/vda 0 32)"
            ask last
            """;

    /** The last entry that the guest was told is on the disk. */
    private volatile long acknowledged;

    /** How often fio has written, read and verified all of its part. */
    private final AtomicLong passes = new AtomicLong();

    private void hear(final String line) {
        if (line.startsWith("@journal ")) {
            acknowledged = Long.parseLong(line.substring("@journal ".length()).strip());
        } else if (line.startsWith("@pass ")) {
            passes.incrementAndGet();
        }
    }

    private void awaitJournal(final Qemu guest, final long entries) {
        final long goal = acknowledged + entries;
        final long deadline = System.nanoTime() + PATIENCE_NS;
        while (acknowledged < goal) {
            if (!guest.isAlive() || System.nanoTime() > deadline) {
                fail("the journal stands still at " + acknowledged);
            }
            LockSupport.parkNanos(100_000);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldLoseNothingWhenTheBackEndEndsUnderLoad(final boolean inGoodOrder) throws Exception {
        final Random random = new Random(seed);
        final Path image = Images.sparse(path("disk.img"), DISK_MIB);
        final DiskSpec spec = DiskSpec.of(image);
        DiskServer disk = serve(spec);
        onLine(this::hear);
        final Qemu guest =
                boot(
                        // One processor: what is emulated on a busy machine should be simple.
                        QemuOptions.of(MEMORY_MIB, 1)
                                .reconnectingDisk(disk.socket(), "num-queues=1"),
                        JOURNAL + LOAD);
        final int ends = inGoodOrder ? Math.max(1, KILLS / 4) : KILLS;
        for (int i = 0; i < ends; i++) {
            awaitJournal(guest, 1 + random.nextInt(20));
            if (inGoodOrder) {
                assertEquals(0, disk.terminate(), disk::messages);
            } else {
                disk.close();
            }
            disk = serve(spec, disk.socket());
        }
        awaitJournal(guest, 5);
        guest.await("@killed");
        guest.type("enough");
        assertEquals(guest.await("@digest"), Images.digest(image, 0, 32));
        guest.await("@last");
        awaitJournal(guest, 1 + random.nextInt(20));

        final long told = acknowledged;
        disk.close();
        guest.close();
        assertJournal(image, told);
        System.out.println(
                getClass().getSimpleName()
                        + ": "
                        + ends
                        + (inGoodOrder ? " stops, " : " kills, ")
                        + told
                        + " journal entries, "
                        + passes.get()
                        + " passes of fio");
    }

    /** Every slot holds the last entry that was acknowledged for it, or a later one. */
    private static void assertJournal(final Path image, final long told) throws IOException {
        for (long n = Math.max(1, told - JOURNAL_SLOTS + 1); n <= told; n++) {
            final long at = (long) JOURNAL_AT_MIB * Images.MIB + n % JOURNAL_SLOTS * JOURNAL_BLOCK;
            final String text = new String(Images.read(image, at, 32), StandardCharsets.US_ASCII);
            assertTrue(text.startsWith("journal "), text);
            final long found = Long.parseLong(text.substring(8, text.indexOf('\n')));
            assertTrue(
                    found >= n && found % JOURNAL_SLOTS == n % JOURNAL_SLOTS,
                    "entry " + n + " was acknowledged, the disk has " + found);
        }
    }
}
