package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The receive ring of a packet socket (TPACKET_V3): blocks of memory that the kernel fills with
 * frames and hands over one after the other. Walking them makes no system call and allocates
 * nothing. One thread at a time.
 *
 * <p>Only the kernel shares this memory: what it says is believed.
 */
final class PacketRing implements AutoCloseable {
    private static final VarHandle INT = JAVA_INT.varHandle();
    private static final ValueLayout.OfShort NETWORK =
            JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int MAC_BYTES = 12;
    private static final int TAG_BYTES = 4;

    // struct virtio_net_hdr, little-endian as every machine that this module runs on
    private static final int HEADER_GSO_TYPE = 1;
    private static final int HEADER_HDR_LEN = 2;
    private static final int HEADER_CSUM_START = 6;
    private static final int F_NEEDS_CSUM = 1;

    private final Arena arena = Arena.ofShared();
    private final long address;
    private final long bytes;
    private final MemorySegment memory;
    private final int blockBytes;
    private final int blockCount;
    private final int headerBytes;

    private int block;
    private int framesLeft;
    private long frameAt;
    private boolean peeked;
    private long dataAt;
    private int dataBytes;
    private boolean losing;

    private PacketRing(long address, PacketOptions options, int headerBytes) {
        this.address = address;
        this.headerBytes = headerBytes;
        bytes = options.ringBytes();
        blockBytes = options.blockBytes();
        blockCount = options.blockCount();
        memory = MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
    }

    /** Maps the ring that a socket was given by PACKET_RX_RING. */
    static PacketRing map(Fd socket, PacketOptions options, int headerBytes, String call)
            throws LinuxException {
        long address =
                LinuxException.check(
                        Libc.mmap(
                                0,
                                options.ringBytes(),
                                Libc.PROT_READ | Libc.PROT_WRITE,
                                Libc.MAP_SHARED,
                                socket.number(),
                                0),
                        call + ": mmap");
        return new PacketRing(address, options, headerBytes);
    }

    MemorySegment memory() {
        return memory;
    }

    /** Whether a frame is at hand; it stays so until {@link #consume}. */
    boolean peek() {
        if (peeked) {
            return true;
        }
        if (framesLeft == 0 && !openBlock()) {
            return false;
        }
        int frameStatus = memory.get(JAVA_INT, frameAt + PacketSpec.FRAME_STATUS);
        int mac = memory.get(JAVA_SHORT, frameAt + PacketSpec.FRAME_MAC) & 0xffff;
        dataAt = frameAt + mac;
        dataBytes = memory.get(JAVA_INT, frameAt + PacketSpec.FRAME_SNAPLEN);
        if ((frameStatus & PacketSpec.TP_STATUS_VLAN_VALID) != 0) {
            putTagBack(frameStatus);
        }
        peeked = true;
        return true;
    }

    private boolean openBlock() {
        long at = (long) block * blockBytes;
        int blockStatus = (int) INT.getAcquire(memory, at + PacketSpec.BLOCK_STATUS);
        if ((blockStatus & PacketSpec.TP_STATUS_USER) == 0) {
            return false;
        }
        losing |= (blockStatus & PacketSpec.TP_STATUS_LOSING) != 0;
        framesLeft = memory.get(JAVA_INT, at + PacketSpec.BLOCK_NUM_PKTS);
        frameAt = at + memory.get(JAVA_INT, at + PacketSpec.BLOCK_FIRST_PKT);
        if (framesLeft == 0) {
            closeBlock();
            return false;
        }
        return true;
    }

    private void closeBlock() {
        long at = (long) block * blockBytes;
        INT.setRelease(memory, at + PacketSpec.BLOCK_STATUS, PacketSpec.TP_STATUS_KERNEL);
        block = block + 1 == blockCount ? 0 : block + 1;
    }

    /**
     * The kernel takes a VLAN tag off a frame and tells it beside. There is room for it before the
     * frame: of the socket address, which nobody reads.
     */
    private void putTagBack(int frameStatus) {
        long old = dataAt;
        dataAt -= TAG_BYTES;
        dataBytes += TAG_BYTES;
        if (headerBytes > 0) {
            MemorySegment.copy(
                    memory, old - headerBytes, memory, dataAt - headerBytes, headerBytes);
            correctHeader(dataAt - headerBytes);
        }
        MemorySegment.copy(memory, old, memory, dataAt, MAC_BYTES);
        boolean known = (frameStatus & PacketSpec.TP_STATUS_VLAN_TPID_VALID) != 0;
        short tpid = memory.get(JAVA_SHORT, frameAt + PacketSpec.FRAME_VLAN_TPID);
        int tci = memory.get(JAVA_INT, frameAt + PacketSpec.FRAME_VLAN_TCI);
        memory.set(NETWORK, dataAt + MAC_BYTES, known ? tpid : (short) PacketSpec.ETH_P_8021Q);
        memory.set(NETWORK, dataAt + MAC_BYTES + Short.BYTES, (short) tci);
    }

    private void correctHeader(long header) {
        if ((memory.get(JAVA_BYTE, header) & F_NEEDS_CSUM) != 0) {
            add(header + HEADER_CSUM_START, TAG_BYTES);
        }
        if (memory.get(JAVA_BYTE, header + HEADER_GSO_TYPE) != 0) {
            add(header + HEADER_HDR_LEN, TAG_BYTES);
        }
    }

    private void add(long at, int increment) {
        int value = memory.get(JAVA_SHORT_UNALIGNED, at) + increment;
        memory.set(JAVA_SHORT_UNALIGNED, at, (short) value);
    }

    /** Where the frame starts in {@link #memory}; its header ends there. */
    long dataOffset() {
        return dataAt;
    }

    /** The frame's length in bytes, without its header. */
    int dataBytes() {
        return dataBytes;
    }

    /** Goes on to the next frame, and gives a block that is done back to the kernel. */
    void consume() {
        peeked = false;
        framesLeft--;
        if (framesLeft == 0) {
            closeBlock();
        } else {
            frameAt += memory.get(JAVA_INT, frameAt + PacketSpec.FRAME_NEXT_OFFSET);
        }
    }

    /** Whether the kernel has said since the last call that it dropped frames. */
    boolean takeLosing() {
        boolean was = losing;
        losing = false;
        return was;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
            Libc.munmap(address, bytes);
        }
    }
}
