package dev.ringside.virtio.net.filter;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtqueue.device.ShardContext;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Lets what passes through a port be captured: {@link #start} switches it on, {@link Capture#stop}
 * off, while frames flow. While it is off, a frame costs one look at a field.
 */
public final class CapturePort extends PortDecorator {
    /** Longest piece of a frame that can be captured: all of it. */
    public static final int WHOLE_FRAMES = Frame.MAX_BYTES;

    private final String name;
    private volatile @Nullable CaptureRing ring;
    private @Nullable Capture capture;

    private CapturePort(PacketPort inner, String name) {
        super(inner);
        this.name = name;
    }

    /**
     * Makes a port's traffic visible. The port belongs to the filter from then on.
     *
     * @param name of the interface in the captures
     */
    public static CapturePort around(PacketPort inner, String name) {
        return new CapturePort(inner, name);
    }

    /**
     * Begins a capture to a file, which is replaced and readable by its owner only, or to a named
     * pipe (FIFO) that is there: then it begins when somebody reads, and begins anew with the next
     * reader. Any thread but the data path's; whoever calls it has {@link Capture#poll} called.
     *
     * @param snapBytes most bytes of each frame to keep, up to {@link #WHOLE_FRAMES}
     * @throws IllegalStateException when one runs already
     * @throws IOException when the file cannot be written
     */
    public synchronized Capture start(Path target, int snapBytes) throws IOException {
        if (capture != null && !capture.isOver()) {
            throw new IllegalStateException(name + " is being captured already");
        }
        if (snapBytes < Frame.MIN_BYTES || snapBytes > WHOLE_FRAMES) {
            throw new IllegalArgumentException(
                    "snaplen " + snapBytes + ": must be from 14 to " + WHOLE_FRAMES);
        }
        Capture started = new Capture(this, name, CaptureTarget.of(target), snapBytes);
        capture = started;
        return started;
    }

    /** Where frames are copied to; null: nowhere. */
    @Nullable CaptureRing ring() {
        return ring;
    }

    void switchTo(@Nullable CaptureRing value) {
        ring = value;
    }

    @Override
    FrameSink aroundTransmit(ShardContext shard, FrameSink sink) {
        return new CaptureSink(shard, sink, this, PcapNg.OUTBOUND, true);
    }

    @Override
    FrameSink aroundReceive(ShardContext shard, FrameSink sink) {
        return new CaptureSink(shard, sink, this, PcapNg.INBOUND, false);
    }

    @Override
    public void close() {
        Capture running;
        synchronized (this) {
            running = capture;
        }
        if (running != null) {
            running.stop();
        }
        super.close();
    }
}
