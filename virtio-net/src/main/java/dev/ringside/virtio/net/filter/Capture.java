package dev.ringside.virtio.net.filter;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A capture that runs. Shards copy frames into a ring and never wait; whoever started it has a
 * thread of its own, which may serve many captures, call {@link #poll} again and again until it is
 * over: at once while there is something to write, a few milliseconds later while there is not.
 *
 * <p>{@link #poll} is for that thread; the rest for any.
 */
public final class Capture {
    /** What {@link #poll} answers when nothing will follow. */
    public static final int OVER = -1;

    private static final int RING_BYTES = 4 << 20;
    private static final int BUFFER_BYTES = 1 << 20;
    private static final long NS_PER_SECOND = 1_000_000_000L;

    /** How long a pipe's reader may take for the end. */
    private static final long PATIENCE_NS = NS_PER_SECOND;

    private final CapturePort port;
    private final String name;
    private final CaptureTarget target;
    private final int snapBytes;
    private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES, 8);
    private final PcapNg writer = new PcapNg(buffer);
    private final long timeOffsetNs;
    private volatile boolean stopping;
    private volatile boolean over;
    private volatile @Nullable IOException failure;
    private volatile long packets;
    private volatile long droppedBefore;
    private volatile @Nullable CaptureRing ring;
    private long droppedTold;
    private long toldNs;
    private long written;
    private long endsNs;

    Capture(CapturePort port, String name, CaptureTarget target, int snapBytes) {
        this.port = port;
        this.name = name;
        this.target = target;
        this.snapBytes = snapBytes;
        timeOffsetNs = wallNs() - System.nanoTime();
        try {
            begin();
        } catch (IOException e) {
            finish(e);
        }
    }

    private static long wallNs() {
        Instant now = Instant.now();
        return now.getEpochSecond() * NS_PER_SECOND + now.getNano();
    }

    /** Switches it on when somebody is there to write to. */
    private boolean begin() throws IOException {
        if (ring != null) {
            return true;
        }
        if (!target.open()) {
            return false;
        }
        writer.position(0);
        written = 0;
        droppedTold = 0;
        packets = 0;
        writer.header(name, snapBytes);
        CaptureRing begun = new CaptureRing(RING_BYTES, snapBytes, timeOffsetNs);
        ring = begun;
        port.switchTo(begun);
        return true;
    }

    /**
     * Writes what was captured since the last call, as much as the target takes. May wait for a
     * disk, never for a pipe's reader.
     *
     * @return bytes written; 0: there was nothing to do; {@link #OVER}: it was stopped, or failed
     */
    public int poll() {
        if (over) {
            return OVER;
        }
        try {
            if (stopping) {
                return end();
            }
            return begin() ? write(false) : 0;
        } catch (IOException e) {
            finish(e);
            return OVER;
        }
    }

    private int end() throws IOException {
        port.switchTo(null);
        long nowNs = System.nanoTime();
        if (endsNs == 0) {
            endsNs = nowNs + PATIENCE_NS;
        }
        int count = write(true);
        if (count == 0 && (writer.position() == 0 || nowNs - endsNs > 0)) {
            finish(null);
            return OVER;
        }
        return count;
    }

    private int write(boolean last) throws IOException {
        CaptureRing from = ring;
        if (from == null) {
            return 0;
        }
        gather(from);
        tellStatistics(from, last);
        long end = writer.position();
        if (written == end) {
            return 0;
        }
        int count = target.write(buffer.asSlice(written, end - written));
        if (count == CaptureTarget.GONE) {
            readerLeft();
            return 0;
        }
        written += count;
        if (written == end) {
            written = 0;
            writer.position(0);
        }
        return count;
    }

    private void gather(CaptureRing from) {
        int room = snapBytes + PcapNg.PACKET_OVERHEAD + 3 + PcapNg.OTHER_BLOCKS_MAX;
        if (written > BUFFER_BYTES / 2) {
            long rest = writer.position() - written;
            MemorySegment.copy(buffer, written, buffer, 0, rest);
            written = 0;
            writer.position(rest);
        }
        long count = packets;
        while (BUFFER_BYTES - writer.position() >= room) {
            int record = from.next();
            if (record < 0) {
                break;
            }
            writer.packet(from.memory(), record);
            from.release(record);
            count++;
        }
        packets = count;
    }

    /** At the end, and once a second while frames are dropped. */
    private void tellStatistics(CaptureRing from, boolean last) {
        long dropped = from.dropped();
        long nowNs = System.nanoTime();
        boolean due = dropped != droppedTold && nowNs - toldNs >= NS_PER_SECOND;
        boolean end = last && from.next() < 0 && droppedTold != Long.MIN_VALUE;
        boolean fits = BUFFER_BYTES - writer.position() >= PcapNg.OTHER_BLOCKS_MAX;
        if (!fits || (!due && !end)) {
            return;
        }
        writer.statistics(nowNs + timeOffsetNs, packets + dropped, dropped);
        toldNs = nowNs;
        droppedTold = end ? Long.MIN_VALUE : dropped;
    }

    private void readerLeft() {
        port.switchTo(null);
        droppedBefore = dropped();
        ring = null;
        writer.position(0);
    }

    private void finish(@Nullable IOException cause) {
        port.switchTo(null);
        IOException reason = cause;
        try {
            target.close();
        } catch (IOException e) {
            reason = reason == null ? e : reason;
        }
        failure = reason;
        over = true;
    }

    /** Captures nothing from now on; {@link #poll} writes the rest and ends. */
    public void stop() {
        stopping = true;
    }

    /** Whether it was stopped or failed, and everything was written that could be. */
    public boolean isOver() {
        return over;
    }

    /** Why it ended before it was stopped; null: it did not. */
    public @Nullable IOException failure() {
        return failure;
    }

    /** How many frames were captured, since the present reader came when it goes to a pipe. */
    public long packets() {
        return packets;
    }

    /** How many frames passed without being captured, because the writing was too slow. */
    public long dropped() {
        CaptureRing now = ring;
        return droppedBefore + (now == null ? 0 : now.dropped());
    }
}
