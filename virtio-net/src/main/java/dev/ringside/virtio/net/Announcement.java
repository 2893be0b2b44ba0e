package dev.ringside.virtio.net;

import dev.ringside.virtio.net.frame.Frame;
import dev.ringside.virtio.net.frame.FrameKeeper;
import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.Verdict;
import dev.ringside.virtqueue.device.Doorbell;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Tells the network where a MAC address is, by a RARP request (RFC 903): asked for on any thread,
 * sent by the worker of the first transmitq. It waits until that queue is started.
 */
final class Announcement implements FrameKeeper {
    /** Shortest Ethernet frame without FCS. */
    static final int FRAME_BYTES = 60;

    private static final int ETHERTYPE_RARP = 0x8035;
    private static final int HARDWARE_ETHERNET = 1;
    private static final int PROTOCOL_IPV4 = 0x0800;

    /** Lengths of a MAC and an IPv4 address. */
    private static final int ADDRESS_LENGTHS = 6 << Byte.SIZE | 4;

    private static final int REVERSE_REQUEST = 3;
    private static final long BROADCAST = 0xffff_ffff_ffffL;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    // By any thread. No address of a station is 0.
    private volatile long wanted;
    private volatile @Nullable Doorbell doorbell;
    private volatile boolean held;

    // By the worker.
    private final MemorySegment memory = Arena.ofAuto().allocate(FRAME_BYTES, Long.BYTES);
    private final Frame frame = new Frame(this, 1);
    private final Frame kept = new Frame(this, 1);
    private boolean waiting;

    /** Asks for an announcement. A later one replaces one that was not sent yet. Any thread. */
    void ask(long mac) {
        wanted = mac;
        wake();
    }

    /** Whether one is to be sent, and can be. */
    boolean isReady() {
        return wanted != 0 && !held && !waiting;
    }

    /** Who sends: a worker's shard; null: nobody. */
    void sendBy(@Nullable Doorbell shard) {
        doorbell = shard;
        waiting = false;
    }

    /** Sends what is to be sent. The worker. */
    void poll(FrameSink sink) {
        long mac = wanted;
        if (mac == 0 || held) {
            return;
        }
        write(mac);
        frame.clear();
        frame.add(memory, 0, FRAME_BYTES);
        // Who has no room now sees to it that the shard wakes later.
        waiting = sink.put(frame) == Verdict.LATER;
        if (!waiting && wanted == mac) {
            wanted = 0;
        }
    }

    private void write(long mac) {
        memory.fill((byte) 0);
        putAddress(0, BROADCAST);
        putAddress(6, mac);
        int[] words = {
            ETHERTYPE_RARP, HARDWARE_ETHERNET, PROTOCOL_IPV4, ADDRESS_LENGTHS, REVERSE_REQUEST
        };
        for (int i = 0; i < words.length; i++) {
            memory.set(SHORT, 12 + (long) Short.BYTES * i, (short) words[i]);
        }
        putAddress(22, mac);
        putAddress(32, mac);
    }

    private void putAddress(long at, long mac) {
        for (int i = 0; i < NetSpec.MAC_BYTES; i++) {
            int shift = Byte.SIZE * (NetSpec.MAC_BYTES - 1 - i);
            memory.set(ValueLayout.JAVA_BYTE, at + i, (byte) (mac >>> shift));
        }
    }

    @Override
    public @Nullable Frame hold(Frame sent) {
        if (held) {
            return null;
        }
        held = true;
        kept.viewOf(sent);
        kept.beginHold(0);
        return kept;
    }

    @Override
    public void released(Frame released) {
        held = false;
        wake();
    }

    /** Has the worker look again. Any thread. */
    void wake() {
        Doorbell bell = doorbell;
        if (bell != null) {
            bell.ring();
        }
    }
}
