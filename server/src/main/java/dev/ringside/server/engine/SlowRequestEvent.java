package dev.ringside.server.engine;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/** A request of a disk took long. */
@Name("dev.ringside.SlowRequest")
@Label("Slow Request")
@Category("Ringside")
@Description("A request took longer than --slow-request-ms; ends when the event is written")
@StackTrace(false)
final class SlowRequestEvent extends Event {
    @Label("Shard")
    int shard;

    @Label("Device")
    @Nullable String device;

    @Label("Queue")
    int queue;

    @Label("Operation")
    @Nullable String operation;

    @Label("Sector")
    @Description("Where it began, in units of 512 bytes")
    long sector;

    @Label("Bytes")
    @DataAmount
    long bytes;

    @Label("Took")
    @Timespan(Timespan.NANOSECONDS)
    long took;
}
