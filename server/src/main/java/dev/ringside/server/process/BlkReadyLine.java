package dev.ringside.server.process;

import dev.ringside.server.options.BlkOptions;
import dev.ringside.server.options.BlkSyntax;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.SocketOptions;
import dev.ringside.server.options.Text;
import dev.ringside.server.options.Values;
import dev.ringside.virtio.blk.ErrorPolicy;
import java.util.ArrayList;
import java.util.List;

/** What the operator of a disk is told when all is up. */
public final class BlkReadyLine {
    private static final String READ_ONLY = ", read-only";

    /** How a backend's description begins the reason of a fall-back. */
    private static final String FALL_BACK = ", because ";

    private BlkReadyLine() {}

    /** The disk's part of what follows {@code ringside: ready: }. */
    static String text(BlkOptions options, String device, String backend) {
        return "disk "
                + device
                + ": "
                + backend
                + (options.readOnly() && !backend.contains(READ_ONLY) ? READ_ONLY : "")
                + "; "
                + SocketOptions.describe(options.source())
                + "; "
                + Text.count(options.queues(), "queue")
                + " of up to "
                + options.queueSize()
                + (options.limits().isNone() ? "" : "; " + options.limits().text())
                + (options.limitGroup() == null ? "" : "; limit group " + options.limitGroup())
                + (options.onError() == ErrorPolicy.REPORT
                        ? ""
                        : "; on error " + options.onError().word());
    }

    /** What is not as asked for, or odd, and still works. */
    public static List<String> notes(BlkOptions options, String backend) {
        List<String> notes = new ArrayList<>();
        int reason = backend.lastIndexOf(FALL_BACK);
        if (reason >= 0) {
            notes.add(
                    "the disk is served through the page cache: "
                            + backend.substring(reason + FALL_BACK.length())
                            + " (direct=off in --backend=file:PATH,direct=off asks for that)");
        }
        int shards = options.server().threads().shards();
        if (shards > options.queues()) {
            notes.add(
                    Values.given(ServeSyntax.SHARDS, Integer.toString(shards))
                            + " is more than "
                            + Values.given(BlkSyntax.NUM_QUEUES, Integer.toString(options.queues()))
                            + ": a queue belongs to one shard, so the others have nothing to do");
        }
        return notes;
    }
}
