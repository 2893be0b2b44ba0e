package dev.ringside.server.engine;

import jdk.jfr.FlightRecorder;

/**
 * Tells Java Flight Recorder what was slow. Nothing is allocated, and no class of events loaded, as
 * long as nobody has started a recording.
 */
final class Recording {
    private Recording() {}

    /** A turn took longer than it should. Any shard. */
    static void stalled(int shard, long durationNs, int queues) {
        if (FlightRecorder.isInitialized()) {
            final ShardStallEvent event = new ShardStallEvent();
            event.shard = shard;
            event.took = durationNs;
            event.queues = queues;
            event.commit();
        }
    }

    /** A request took longer than it should. Any shard. */
    static void slowRequest(
            int shard,
            String device,
            int queue,
            String operation,
            long sector,
            long bytes,
            long durationNs) {
        if (FlightRecorder.isInitialized()) {
            final SlowRequestEvent event = new SlowRequestEvent();
            event.shard = shard;
            event.device = device;
            event.queue = queue;
            event.operation = operation;
            event.sector = sector;
            event.bytes = bytes;
            event.took = durationNs;
            event.commit();
        }
    }
}
