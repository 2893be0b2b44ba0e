package dev.ringside.server.process;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.List;
import java.util.stream.LongStream;
import javax.management.NotificationEmitter;

/**
 * How large the heap gets before it is collected: as large as what lives in it asks for. A fixed
 * limit would either let a small process grow, or have a large one collect without end, since ZGC
 * begins anew as long as more lives than the limit allows. Works on the JVM's notification thread.
 */
final class HeapRoom {
    /** For a process with a few devices. */
    static final long LEAST_BYTES = 32L << 20;

    private static final String LIMIT = "SoftMaxHeapSize";
    private static final long UNIT_BYTES = 2L << 20;
    private static final int CYCLES = 4;

    private final HotSpotDiagnosticMXBean flags =
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    private final List<MemoryPoolMXBean> pools =
            ManagementFactory.getMemoryPoolMXBeans().stream()
                    .filter(pool -> pool.getType() == MemoryType.HEAP)
                    .filter(pool -> pool.getCollectionUsage() != null)
                    .toList();

    /**
     * What the last cycles left; the least of it counts, for what is allocated during a cycle, by
     * who reads the metrics for instance, is left by it too.
     */
    private final long[] left = new long[CYCLES];

    private int cycle;

    private HeapRoom() {}

    /**
     * Begins with the least, and looks after each of ZGC's cycles from now on; with another
     * collector there are none. Until then a process starts, and nothing of that is collected: each
     * cycle would be longer than what it delays.
     */
    static void watch() {
        List<NotificationEmitter> cycles =
                ManagementFactory.getGarbageCollectorMXBeans().stream()
                        .filter(collector -> collector.getName().endsWith("Cycles"))
                        .map(NotificationEmitter.class::cast)
                        .toList();
        if (cycles.isEmpty()) {
            return;
        }
        var room = new HeapRoom();
        room.limit(Math.min(LEAST_BYTES, Runtime.getRuntime().maxMemory()));
        cycles.forEach(
                emitter -> emitter.addNotificationListener((event, tag) -> room.fit(), null, null));
    }

    private void fit() {
        left[cycle++ % CYCLES] =
                pools.stream().mapToLong(pool -> pool.getCollectionUsage().getUsed()).sum();
        long live = LongStream.of(left).min().orElse(0);
        long limit = Long.parseLong(flags.getVMOption(LIMIT).getValue());
        long next = next(limit, live, Runtime.getRuntime().maxMemory());
        if (next != limit) {
            limit(next);
        }
    }

    private void limit(long bytes) {
        flags.setVMOption(LIMIT, Long.toString(bytes));
    }

    /**
     * The limit to set.
     *
     * @param limit what it is
     * @param live what collections left
     * @param most the heap's size
     */
    static long next(long limit, long live, long most) {
        long wanted = (LEAST_BYTES / 2 + 2 * live + UNIT_BYTES - 1) / UNIT_BYTES * UNIT_BYTES;
        long next = Math.min(Math.max(wanted, LEAST_BYTES), most);
        // What a cycle leaves wavers: it is lowered only when it is far too high.
        return next > limit || next < limit / 2 ? next : limit;
    }
}
