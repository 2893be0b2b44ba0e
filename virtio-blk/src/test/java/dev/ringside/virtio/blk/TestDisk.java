package dev.ringside.virtio.blk;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.virtio.blk.backend.BlockBackend;
import dev.ringside.virtio.blk.backend.TestShard;
import dev.ringside.virtqueue.VirtioSpec;
import dev.ringside.virtqueue.device.QueueWorker;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** A guest's driver and the device with one queue, on one thread. */
final class TestDisk implements AutoCloseable {
    static final int QUEUE_SIZE = 128;
    private static final byte UNTOUCHED = (byte) 0xee;

    final BlkDevice device;
    final TestGuest guest;
    final TestShard shard = new TestShard(32);
    final MetricsRegistry metrics = new MetricsRegistry();
    final QueueWorker worker;
    int budget = 16;

    /** What came of a request: the writable part with the status at its end. */
    @SuppressWarnings("ArrayRecordComponent") // a fresh copy for each test
    record Answer(int used, byte[] writable) {
        int status() {
            return writable.length == 0 ? -1 : writable[writable.length - 1];
        }

        byte[] data() {
            return Arrays.copyOf(writable, writable.length - 1);
        }
    }

    /** A request on its way. */
    record Pending(int head, List<TestGuest.Buffer> buffers) {}

    /** With all offered features negotiated, but that its driver's rings are split. */
    TestDisk(BlkConfig config, BlockBackend backend) throws Exception {
        this(config, backend, -1L);
    }

    TestDisk(BlkConfig config, BlockBackend backend, long features) throws Exception {
        device = BlkDevice.create(config, backend, metrics);
        long negotiated = device.offeredFeatures() & features & ~VirtioSpec.VIRTIO_F_RING_PACKED;
        device.setFeatures(negotiated);
        guest = new TestGuest(QUEUE_SIZE, negotiated | VirtioSpec.VIRTIO_RING_F_INDIRECT_DESC);
        worker = device.startQueue(guest.queue(), shard);
    }

    static byte[] header(int type, long sector) {
        return ByteBuffer.allocate(BlkSpec.HEADER_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(type)
                .putInt(0)
                .putLong(sector)
                .array();
    }

    static byte[] concat(byte[]... parts) {
        int length = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        ByteBuffer all = ByteBuffer.allocate(length);
        Arrays.stream(parts).forEach(all::put);
        return all.array();
    }

    static byte[] range(long sector, int sectors, int flags) {
        return ByteBuffer.allocate(BlkSpec.RANGE_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(sector)
                .putInt(sectors)
                .putInt(flags)
                .array();
    }

    /** A buffer with content for the device to read. */
    TestGuest.Buffer readable(byte[] bytes, int shift) {
        long at = guest.allocate(bytes.length, shift);
        guest.put(at, bytes);
        return new TestGuest.Buffer(at, bytes.length, false);
    }

    /** A buffer for the device to write, filled with a pattern. */
    TestGuest.Buffer writable(int bytes, int shift) {
        long at = guest.allocate(bytes, shift);
        byte[] pattern = new byte[bytes];
        Arrays.fill(pattern, UNTOUCHED);
        guest.put(at, pattern);
        return new TestGuest.Buffer(at, bytes, true);
    }

    /** The usual layout: header, data, status apart. */
    Pending submit(int type, long sector, byte[] out, int in) {
        List<TestGuest.Buffer> buffers = new ArrayList<>();
        buffers.add(readable(header(type, sector), 0));
        if (out.length > 0) {
            buffers.add(readable(out, 0));
        }
        if (in > 0) {
            buffers.add(writable(in, 0));
        }
        buffers.add(writable(1, 7));
        return submit(buffers);
    }

    Pending submit(List<TestGuest.Buffer> buffers) {
        return new Pending(guest.add(buffers), buffers);
    }

    /** One duty cycle as the engine does it. */
    int turn() {
        int work = worker.poll(budget);
        guest.queue().publish();
        shard.turn(0);
        guest.queue().publish();
        guest.reap();
        return work;
    }

    Answer await(Pending pending) {
        shard.until(
                () -> {
                    guest.queue().publish();
                    guest.reap();
                    return guest.isDone(pending.head());
                },
                () -> worker.poll(budget));
        int used = Objects.requireNonNull(guest.take(pending.head()));
        byte[][] parts =
                pending.buffers().stream()
                        .filter(TestGuest.Buffer::writable)
                        .map(buffer -> guest.get(buffer.address(), buffer.bytes()))
                        .toArray(byte[][]::new);
        return new Answer(used, concat(parts));
    }

    Answer run(int type, long sector, byte[] out, int in) {
        return await(submit(type, sector, out, in));
    }

    Answer write(long sector, byte[] data) {
        return run(BlkSpec.VIRTIO_BLK_T_OUT, sector, data, 0);
    }

    Answer read(long sector, int bytes) {
        return run(BlkSpec.VIRTIO_BLK_T_IN, sector, new byte[0], bytes);
    }

    Answer flush() {
        return run(BlkSpec.VIRTIO_BLK_T_FLUSH, 0, new byte[0], 0);
    }

    /** A counter's value summed over its labels that match. */
    long counter(BlkCounter counter) {
        long[] sum = new long[1];
        metrics.visit(
                new MetricsRegistry.Visitor() {
                    @Override
                    public void counter(
                            dev.ringside.metrics.MetricName name,
                            java.util.Map<String, String> labels,
                            long value) {
                        if (name == counter) {
                            sum[0] += value;
                        }
                    }

                    @Override
                    public void histogram(
                            dev.ringside.metrics.MetricName name,
                            java.util.Map<String, String> labels,
                            dev.ringside.metrics.LatencyHistogram.Snapshot snapshot) {}

                    @Override
                    public void gauge(
                            String name,
                            String help,
                            java.util.Map<String, String> labels,
                            long value) {}
                });
        return sum[0];
    }

    /** Drains and stops the queue. */
    void stop() {
        worker.beginDrain();
        shard.until(worker::drained, () -> worker.poll(budget));
        worker.stop();
    }

    @Override
    public void close() {
        stop();
        device.close();
        shard.close();
        guest.close();
    }
}
