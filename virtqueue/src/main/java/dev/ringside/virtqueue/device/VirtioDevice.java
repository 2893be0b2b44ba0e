package dev.ringside.virtqueue.device;

import dev.ringside.virtqueue.Virtqueue;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A virtio device, independent of its transport (virtio 1.3, section 2). It outlives sessions: a
 * front-end comes, negotiates, starts queues, stops them and leaves; then the next one comes.
 */
public interface VirtioDevice extends AutoCloseable {
    /** The operator's name for it, for metrics and logs. Any thread. */
    String name();

    /**
     * What is particular to its kind now, for people: names and texts, in their order. Any thread.
     */
    default Map<String, String> attributes() {
        return Map.of();
    }

    /** Virtio device ID (section 5): 2 is a block device. */
    int deviceId();

    /** How many queues it has. Constant. */
    int queueCount();

    /**
     * Queues of one group are served by the same shard; groups are dealt out to the shards in turn.
     *
     * @return a number from 0 to {@code queueCount() - 1}, the same one each time
     */
    default int shardGroup(int queue) {
        return queue;
    }

    /** Largest Queue Size it serves: a power of two up to 32768. Constant. */
    int maxQueueSize();

    /**
     * The device and ring features it supports, as in {@link dev.ringside.virtqueue.VirtioSpec};
     * never the bits that vhost-user adds (26 and 30).
     */
    long offeredFeatures();

    /** What was negotiated: a subset of the offered ones. No queue runs. */
    void setFeatures(long negotiated);

    /** Size in bytes of its configuration space. */
    int configSize();

    /**
     * Fills {@code into} with the configuration space from {@code offset} on; zeroes beyond its
     * end. May be called before the features are known.
     */
    void readConfig(int offset, byte[] into);

    /**
     * The driver writes to the configuration space.
     *
     * @return false when these bytes may not be written; then nothing changed
     */
    boolean writeConfig(int offset, byte[] data);

    /**
     * What the driver chose by {@link #writeConfig}, as far as front-ends do not tell it again to a
     * back-end that comes later.
     *
     * @return 1 to 255; 0: nothing, or it is not known
     */
    default int choices() {
        return 0;
    }

    /**
     * Takes over the {@link #choices} that another process noted. No queue runs.
     *
     * @param noted may be anything, and what has no meaning changes nothing; 0: they are not known
     *     any more, to be decided when a queue runs again
     */
    default void recall(int noted) {}

    /**
     * A queue is about to run. Where {@link #choices} are not known they are decided now.
     *
     * @param fresh whether the front-end has read the configuration space of this process; else its
     *     driver may rely on what it told another one, and the device has to be on the safe side
     * @return what an operator should know of that; empty: nothing
     */
    default String decide(boolean fresh) {
        return "";
    }

    /**
     * Says whom to tell when the driver should read the configuration again; replaces the one
     * before. The device calls the listener on any thread.
     */
    void onConfigChange(Runnable listener);

    /**
     * Says whom to tell that there are {@link #news}; replaces the one before. The device calls the
     * listener on any thread, also a shard's: it must only post.
     */
    default void onNews(Runnable listener) {}

    /** What an operator should know and was not told yet; null: nothing. Any thread. */
    default @Nullable String news() {
        return null;
    }

    /**
     * Begins to serve a queue. Called on the shard's thread; the queue belongs to the worker until
     * {@link QueueWorker#stop}.
     */
    QueueWorker startQueue(Virtqueue queue, ShardContext shard);

    /**
     * What the driver chose, and another process needs to know to go on in this device's place
     * ({@link DeviceState}). No queue runs.
     */
    byte[] saveState();

    /**
     * Takes over what {@link #saveState} gave in another process. No queue runs. The bytes may be
     * anything.
     *
     * @throws DeviceStateException saying why it cannot; nothing changed then
     */
    void loadState(byte[] state) throws DeviceStateException;

    /** Back to the state before negotiation. Every queue is stopped. */
    void reset();

    /** Gives everything back. Every queue is stopped. Does nothing the second time. */
    @Override
    void close();
}
