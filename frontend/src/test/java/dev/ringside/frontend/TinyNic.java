package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;

/**
 * A NIC that sends back on a pair what came on it, header included, and misbehaves when told to;
 * commands are answered with OK and remembered.
 */
final class TinyNic extends TinyBackend {
    /** What it does with frames. */
    enum Manner {
        HONEST,
        /** Flips the last byte of every fifth frame. */
        ALTER,
        /** Loses every fifth frame. */
        LOSE,
        /** Returns every fifth frame twice. */
        DOUBLE,
        /** Swaps every fifth frame with the next. */
        SWAP,
        /** Writes one byte more than it says. */
        OVERRUN,
        /** Writes into what it was to send. */
        SCRIBBLE,
        /** Takes and swallows all frames. */
        SWALLOW,
        /** Fills the receive rings with frames of its own. */
        GENERATE,
        SILENT
    }

    static final int GENERATED_BYTES = 60;
    private static final int EVERY = 5;
    private static final int PAIRS = 2;
    private static final int CONTROL = 2 * PAIRS;
    private static final int NUM_BUFFERS = 10;

    private final Manner manner;
    private final boolean mergeable;
    private final int headerBytes;
    private final List<Deque<byte[]>> waiting = List.of(new ArrayDeque<>(), new ArrayDeque<>());
    private final List<byte[]> commands = Collections.synchronizedList(new ArrayList<>());
    private long frames;
    private long lonely;

    private TinyNic(final Manner manner, final long features) throws IOException {
        super(features, config());
        this.manner = manner;
        this.mergeable = (features & VhostUserSpec.bit(NetSpec.F_MRG_RXBUF)) != 0;
        this.headerBytes = headerBytes(features);
    }

    private static int headerBytes(final long features) {
        if ((features & VhostUserSpec.bit(NetSpec.F_HASH_REPORT)) != 0) {
            return NetSpec.HEADER_BYTES_HASH;
        }
        final long long12 =
                VhostUserSpec.bit(VirtioSpec.F_VERSION_1) | VhostUserSpec.bit(NetSpec.F_MRG_RXBUF);
        return (features & long12) != 0 ? NetSpec.HEADER_BYTES : NetSpec.HEADER_BYTES_LEGACY;
    }

    /** The driver must accept exactly these features. */
    static TinyNic start(final Manner manner, final long features) throws IOException {
        final TinyNic nic = new TinyNic(manner, features);
        nic.start();
        return nic;
    }

    private static byte[] config() {
        final byte[] config = new byte[NetSpec.CONFIG_BYTES];
        ByteBuffer.wrap(config)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(0, new byte[] {2, 1, 1, 1, 1, 1})
                .putShort(NetSpec.CONFIG_STATUS, (short) NetSpec.S_LINK_UP)
                .putShort(NetSpec.CONFIG_MAX_VIRTQUEUE_PAIRS, (short) PAIRS);
        return config;
    }

    /** The commands so far: class, number, data. */
    List<byte[]> commands() {
        return commands;
    }

    @Override
    void poll(final int index, final RawRing raw, final Ring ring) {
        if (manner == Manner.SILENT) {
            return;
        }
        if (index == CONTROL) {
            command(raw, ring);
        } else if (index % 2 == 1) {
            transmit(raw, ring, waiting.get(index / 2));
        } else {
            receive(raw, ring, waiting.get(index / 2));
        }
    }

    private void command(final RawRing raw, final Ring ring) {
        while (ring.base != raw.availableIndex()) {
            final int head = raw.available(ring.base);
            final List<Piece> chain = chain(raw, head);
            commands.add(gather(chain));
            chain.getLast().bytes().set(JAVA_BYTE, 0, (byte) NetSpec.CTRL_OK);
            use(raw, ring, head, 1);
            publish(raw, ring);
        }
    }

    private static byte[] gather(final List<Piece> chain) {
        byte[] all = new byte[0];
        for (final Piece piece : chain) {
            if (!piece.writable()) {
                final byte[] bytes = piece.bytes().toArray(JAVA_BYTE);
                all = Arrays.copyOf(all, all.length + bytes.length);
                System.arraycopy(bytes, 0, all, all.length - bytes.length, bytes.length);
            }
        }
        return all;
    }

    private void transmit(final RawRing raw, final Ring ring, final Deque<byte[]> frameQueue) {
        while (ring.base != raw.availableIndex()) {
            final int head = raw.available(ring.base);
            final List<Piece> chain = chain(raw, head);
            queue(frameQueue, gather(chain));
            if (manner == Manner.SCRIBBLE) {
                // Another byte than was there, whatever that was.
                final MemorySegment last = chain.getLast().bytes();
                last.set(JAVA_BYTE, 0, (byte) ~last.get(JAVA_BYTE, 0));
            }
            use(raw, ring, head, 0);
            publish(raw, ring);
        }
    }

    private void queue(final Deque<byte[]> frameQueue, final byte[] frame) {
        final boolean special = ++frames % EVERY == 0;
        switch (special || manner == Manner.SWALLOW ? manner : Manner.HONEST) {
            case ALTER -> {
                frame[frame.length - 1] ^= 1;
                frameQueue.add(frame);
            }
            case DOUBLE -> {
                frameQueue.add(frame);
                frameQueue.add(frame);
            }
            case SWAP -> {
                if (frameQueue.isEmpty()) {
                    frames--;
                    frameQueue.add(frame);
                } else {
                    final byte[] last = frameQueue.removeLast();
                    frameQueue.add(frame);
                    frameQueue.add(last);
                }
            }
            case LOSE, SWALLOW -> {}
            default -> frameQueue.add(frame);
        }
    }

    private void receive(final RawRing raw, final Ring ring, final Deque<byte[]> frameQueue) {
        if (manner == Manner.SWAP && frameQueue.size() < 2) {
            // Something to swap with must wait here; a lone frame goes when nothing follows it.
            if (frameQueue.isEmpty() || ++lonely % 100 != 0) {
                return;
            }
        }
        while (true) {
            final byte[] frame =
                    manner == Manner.GENERATE
                            ? new byte[headerBytes + GENERATED_BYTES]
                            : frameQueue.peek();
            if (frame == null || !deliver(raw, ring, frame)) {
                return;
            }
            frameQueue.poll();
        }
    }

    // All buffers of a frame are used at once, or none.
    private boolean deliver(final RawRing raw, final Ring ring, final byte[] frame) {
        final int free = (raw.availableIndex() - ring.base) & 0xffff;
        final List<List<Piece>> chains = new ArrayList<>();
        int room = 0;
        while (room < frame.length) {
            if (chains.size() == free || (!chains.isEmpty() && !mergeable)) {
                return false;
            }
            final List<Piece> chain = chain(raw, raw.available(ring.base + chains.size()));
            chains.add(chain);
            room += chain.stream().mapToInt(piece -> (int) piece.bytes().byteSize()).sum();
        }
        if (headerBytes > NUM_BUFFERS) {
            frame[NUM_BUFFERS] = (byte) chains.size();
            frame[NUM_BUFFERS + 1] = (byte) (chains.size() >>> 8);
        }
        int at = 0;
        for (final List<Piece> chain : chains) {
            final int start = at;
            for (final Piece piece : chain) {
                final int n = (int) Math.min(piece.bytes().byteSize(), frame.length - at);
                MemorySegment.copy(frame, at, piece.bytes(), JAVA_BYTE, 0, n);
                at += n;
                if (manner == Manner.OVERRUN && n < piece.bytes().byteSize()) {
                    piece.bytes().set(JAVA_BYTE, n, (byte) 1);
                }
            }
            use(raw, ring, raw.available(ring.base), at - start);
        }
        publish(raw, ring);
        return true;
    }
}
