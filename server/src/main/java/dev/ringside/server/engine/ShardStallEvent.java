package dev.ringside.server.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A turn of a shard took so long that every queue on it waited. */
@Name("dev.ringside.ShardStall")
@Label("Shard Stall")
@Category("Ringside")
@Description("A turn of a shard took longer than --slow-turn-ms; ends when the event is written")
@StackTrace(false)
final class ShardStallEvent extends Event {
    @Label("Shard")
    int shard;

    @Label("Took")
    @Timespan(Timespan.NANOSECONDS)
    long took;

    @Label("Queues")
    @Description("Queues of all devices that this shard serves")
    int queues;
}
