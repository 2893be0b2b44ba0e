package dev.ringside.virtio.net;

import dev.ringside.virtio.net.offload.HashType;
import dev.ringside.virtio.net.offload.Toeplitz;
import dev.ringside.virtio.net.port.PacketPort;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The configuration space (section 5.1.4): what is not offered is zero. */
final class NetConfigSpace {
    private NetConfigSpace() {}

    /** The whole space as bytes. */
    static byte[] encode(NetConfig config, NetLink link, int speedMbps) {
        byte[] bytes = new byte[NetSpec.CONFIG_BYTES];
        ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < NetSpec.MAC_BYTES; i++) {
            int shift = Byte.SIZE * (NetSpec.MAC_BYTES - 1 - i);
            out.put(NetSpec.CONFIG_MAC + i, (byte) (link.mac() >>> shift));
        }
        int status =
                (link.up() ? NetSpec.VIRTIO_NET_S_LINK_UP : 0)
                        | (link.announce() ? NetSpec.VIRTIO_NET_S_ANNOUNCE : 0);
        out.putShort(NetSpec.CONFIG_STATUS, (short) status);
        out.putShort(NetSpec.CONFIG_MAX_VIRTQUEUE_PAIRS, (short) config.queuePairs());
        out.putShort(NetSpec.CONFIG_MTU, (short) link.mtu());
        boolean known = speedMbps != PacketPort.SPEED_UNKNOWN;
        out.putInt(NetSpec.CONFIG_SPEED, known ? speedMbps : -1);
        out.put(
                NetSpec.CONFIG_DUPLEX,
                (byte) (known ? NetSpec.DUPLEX_FULL : NetSpec.DUPLEX_UNKNOWN));
        out.put(NetSpec.CONFIG_RSS_MAX_KEY_SIZE, (byte) Toeplitz.KEY_BYTES);
        out.putShort(
                NetSpec.CONFIG_RSS_MAX_INDIRECTION_TABLE_LENGTH, (short) NetSpec.RSS_TABLE_LENGTH);
        out.putInt(NetSpec.CONFIG_SUPPORTED_HASH_TYPES, HashType.ALL);
        return bytes;
    }
}
