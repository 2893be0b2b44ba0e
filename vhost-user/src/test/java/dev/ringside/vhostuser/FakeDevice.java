package dev.ringside.vhostuser;

import dev.ringside.virtqueue.Virtqueue;
import dev.ringside.virtqueue.device.DeviceStateException;
import dev.ringside.virtqueue.device.QueueWorker;
import dev.ringside.virtqueue.device.ShardContext;
import dev.ringside.virtqueue.device.VirtioDevice;
import java.util.ArrayList;
import java.util.List;

/** A device with a 60-byte configuration space like a disk's; byte 32 can be written. */
class FakeDevice implements VirtioDevice {
    static final long VERSION_1 = 1L << 32;
    static final long INDIRECT_DESC = 1L << 28;
    static final long EVENT_IDX = 1L << 29;
    static final long BLK_FEATURES = 1L << 2 | 1L << 6 | 1L << 9 | 1L << 11 | 1L << 12;
    static final long OFFERED = VERSION_1 | INDIRECT_DESC | EVENT_IDX | BLK_FEATURES;
    static final int CONFIG_SIZE = 60;
    static final int WRITABLE_OFFSET = 32;
    static final int MAX_QUEUE_SIZE = 1024;
    static final byte REFUSED_STATE = -1;

    final byte[] config = new byte[CONFIG_SIZE];
    final List<Long> featuresSet = new ArrayList<>();
    byte[] state = {1, 2, 3};
    final List<Boolean> decisions = new ArrayList<>();
    int choices;
    int resets;
    private final int queues;

    FakeDevice(int queues) {
        this.queues = queues;
        for (int i = 0; i < CONFIG_SIZE; i++) {
            config[i] = (byte) (i + 1);
        }
    }

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public int deviceId() {
        return 2;
    }

    @Override
    public int queueCount() {
        return queues;
    }

    @Override
    public int maxQueueSize() {
        return MAX_QUEUE_SIZE;
    }

    @Override
    public long offeredFeatures() {
        return OFFERED;
    }

    @Override
    public void setFeatures(long negotiated) {
        featuresSet.add(negotiated);
    }

    @Override
    public int configSize() {
        return CONFIG_SIZE;
    }

    @Override
    public void readConfig(int offset, byte[] into) {
        for (int i = 0; i < into.length; i++) {
            into[i] = i < CONFIG_SIZE - offset ? config[offset + i] : 0;
        }
    }

    @Override
    public boolean writeConfig(int offset, byte[] data) {
        if (offset != WRITABLE_OFFSET || data.length != 1) {
            return false;
        }
        config[offset] = data[0];
        choices = data[0];
        return true;
    }

    @Override
    public int choices() {
        return choices;
    }

    @Override
    public void recall(int noted) {
        choices = noted;
    }

    @Override
    public String decide(boolean fresh) {
        decisions.add(fresh);
        return "";
    }

    @Override
    public void onConfigChange(Runnable listener) {}

    @Override
    public QueueWorker startQueue(Virtqueue queue, ShardContext shard) {
        throw new AssertionError("a session starts no queue by itself");
    }

    @Override
    public byte[] saveState() {
        return state.clone();
    }

    @Override
    public void loadState(byte[] bytes) throws DeviceStateException {
        if (bytes.length > 0 && bytes[0] == REFUSED_STATE) {
            throw new DeviceStateException("refused");
        }
        state = bytes.clone();
    }

    @Override
    public void reset() {
        resets++;
    }

    @Override
    public void close() {}
}
