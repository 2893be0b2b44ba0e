package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.LifeTime;
import dev.ringside.virtqueue.device.ShardContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A backend whose traits a test chooses, and whose requests it completes by hand. */
public final class FakeBackend implements BlockBackend {
    /** A request as the device submitted it. */
    public record Submitted(
            BlockIo io,
            BlockOperation operation,
            long offset,
            long length,
            boolean durable,
            boolean unmap) {}

    private final BlockTraits traits;
    private final List<Submitted> submitted = new ArrayList<>();
    private long capacityBytes;
    private long reportedBytes;
    private @Nullable LifeTime lifetime;
    private @Nullable BlockCompletion completion;
    private boolean closed;
    private boolean lostData;

    public FakeBackend(BlockTraits traits, long capacityBytes) {
        this.traits = traits;
        this.capacityBytes = capacityBytes;
        reportedBytes = capacityBytes;
    }

    public void setCapacity(long bytes) {
        capacityBytes = bytes;
    }

    public void setLifetime(LifeTime value) {
        lifetime = value;
    }

    /** What is in flight, in the order of submission. */
    public List<Submitted> submitted() {
        return submitted;
    }

    /** Completes the first one. */
    public Submitted complete(int result) {
        Submitted first = submitted.removeFirst();
        BlockCompletion receiver = completion;
        if (receiver == null) {
            throw new IllegalStateException("no channel");
        }
        receiver.onComplete(first.io(), result);
        return first;
    }

    /** As when a flush has failed. */
    public void loseData() {
        lostData = true;
    }

    public boolean isClosed() {
        return closed;
    }

    @Override
    public String describe() {
        return "fake";
    }

    @Override
    public BlockTraits traits() {
        return traits;
    }

    @Override
    public long capacityBytes() {
        return reportedBytes;
    }

    @Override
    public boolean refresh() {
        boolean changed = reportedBytes != capacityBytes;
        reportedBytes = capacityBytes;
        return changed;
    }

    @Override
    public @Nullable LifeTime lifetime() {
        return lifetime;
    }

    @Override
    public BlockChannel openChannel(
            ShardContext shard, BlockIo[] requests, BlockCompletion receiver) {
        completion = receiver;
        return new BlockChannel() {
            @Override
            public int submit(BlockIo io) {
                submitted.add(
                        new Submitted(
                                io,
                                io.operation(),
                                io.offset(),
                                io.length(),
                                io.durable(),
                                io.unmap()));
                return PENDING;
            }

            @Override
            public void poll() {}

            @Override
            public boolean congested() {
                return false;
            }

            @Override
            public boolean lostData() {
                return lostData;
            }

            @Override
            public boolean idle() {
                return true;
            }

            @Override
            public void close() {
                completion = null;
            }
        };
    }

    @Override
    public void close() {
        closed = true;
    }
}
