package dev.ringside.server.check;

import static dev.ringside.server.check.UnmetException.unless;

import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.NetSpec;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** The device's configuration space, as messages read and write it. */
final class ConfigChecks {
    private static final String GET_CONFIG = "vhost-user, GET_CONFIG";
    private static final String SET_CONFIG = "vhost-user, SET_CONFIG";

    /** Bytes that front-ends ask for: QEMU 57 or less, cloud-hypervisor and Firecracker 60. */
    private static final int[] SIZES = {8, 36, 48, 57, 60};

    private static final int OLD_CLOUD_HYPERVISOR_OFFSET = 0x100;
    private static final int FAR = 0x8000;
    private static final int SMALLEST_BLOCK = 512;

    private ConfigChecks() {}

    static Group group() {
        return Group.of("config")
                .must(
                        "sizes",
                        GET_CONFIG,
                        "as many bytes come as were asked for: 8, 36, 48, 57, 60",
                        ConfigChecks::sizes)
                .must(
                        "parts",
                        GET_CONFIG,
                        "a part of it is what the whole has there",
                        ConfigChecks::parts)
                .must(
                        "before-features",
                        GET_CONFIG,
                        "it is answered before SET_FEATURES, as Firecracker asks",
                        ConfigChecks::beforeFeatures)
                .should(
                        "old-offset",
                        "cloud-hypervisor before 2026",
                        "offset 0x100 is the beginning, too",
                        ConfigChecks::oldOffset)
                .must(
                        "beyond",
                        GET_CONFIG,
                        "what is beyond the end is answered, by whatever, or the session ends",
                        ConfigChecks::beyond)
                .must(
                        "read-only",
                        SET_CONFIG,
                        "the capacity of a disk, the address of a NIC cannot be set by a driver of"
                                + " VERSION_1",
                        ConfigChecks::readOnly)
                .must(
                        "write-cache",
                        "virtio 5.2.5",
                        "with CONFIG_WCE what is written to the write cache byte is read there",
                        ConfigChecks::writeCache)
                .must(
                        "blk-limits",
                        "virtio 5.2.4",
                        "a limit whose feature is offered is not 0",
                        ConfigChecks::blkLimits)
                .must(
                        "blk-size",
                        "virtio 5.2.4",
                        "the block size is a power of two, 512 at least",
                        ConfigChecks::blkSize)
                .must(
                        "blk-queues",
                        "virtio 5.2.4",
                        "num_queues is at least 1, and not more than GET_QUEUE_NUM says",
                        ConfigChecks::blkQueues)
                .must(
                        "net-mac",
                        "virtio 5.1.4",
                        "the MAC address is one station's",
                        ConfigChecks::netMac);
    }

    private static Session open(Target target) throws IOException, InapplicableException {
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_CONFIG, "CONFIG");
        return target.session();
    }

    private static ByteBuffer read(Target target, DeviceKind kind)
            throws IOException, InapplicableException {
        target.needs(kind);
        try (Session session = open(target)) {
            int bytes = kind == DeviceKind.BLK ? BlkSpec.CONFIG_BYTES : NetSpec.CONFIG_BYTES;
            return ByteBuffer.wrap(session.protocol().getConfig(0, bytes, 0))
                    .order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    private static void sizes(Target target) throws IOException, InapplicableException {
        if (target.kind() != DeviceKind.BLK) {
            target.needs(DeviceKind.NET);
        }
        try (Session session = open(target)) {
            for (int size : SIZES) {
                if (target.kind() == DeviceKind.BLK || size <= NetSpec.CONFIG_BYTES) {
                    session.protocol().getConfig(0, size, 0);
                }
            }
        }
    }

    private static void parts(Target target)
            throws IOException, InapplicableException, UnmetException {
        try (Session session = open(target)) {
            FrontendProtocol protocol = session.protocol();
            byte[] whole = protocol.getConfig(0, 24, 0);
            for (int offset = 0; offset < whole.length; offset += Integer.BYTES) {
                byte[] part = protocol.getConfig(offset, Integer.BYTES, 0);
                unless(
                        Arrays.equals(
                                part, Arrays.copyOfRange(whole, offset, offset + Integer.BYTES)),
                        "4 bytes at %d differ from the whole's",
                        offset);
            }
        }
    }

    private static void beforeFeatures(Target target) throws IOException, InapplicableException {
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_CONFIG, "CONFIG");
        try (FrontendProtocol protocol = target.connect()) {
            protocol.setOwner();
            protocol.getFeatures();
            protocol.getProtocolFeatures();
            protocol.setProtocolFeatures(VhostUserSpec.bit(VhostUserSpec.PROTOCOL_F_CONFIG));
            protocol.getConfig(0, Long.BYTES, 1);
        }
    }

    private static void oldOffset(Target target)
            throws IOException, InapplicableException, UnmetException {
        try (Session session = open(target)) {
            byte[] start = session.protocol().getConfig(0, Long.BYTES, 0);
            byte[] old = session.protocol().getConfig(OLD_CLOUD_HYPERVISOR_OFFSET, Long.BYTES, 0);
            unless(Arrays.equals(start, old), "it has other bytes there");
        }
    }

    private static void beyond(Target target)
            throws IOException, InapplicableException, UnmetException {
        for (int offset : new int[] {FAR, -1, Integer.MAX_VALUE}) {
            try (Session session = open(target)) {
                byte[] payload = Session.payload(offset, Long.BYTES, 0, 0L);
                Reaction reaction = session.send(VhostUserSpec.GET_CONFIG, payload);
                unless(reaction != Reaction.SILENT, "at %d: it %s", offset, reaction);
            }
        }
        target.expectAnswer("afterwards");
    }

    private static void readOnly(Target target)
            throws IOException, InapplicableException, UnmetException {
        target.needs(VirtioSpec.F_VERSION_1, "VERSION_1");
        byte[] before;
        try (Session session = open(target)) {
            FrontendProtocol protocol = session.protocol();
            protocol.setFeatures(VhostUserSpec.bit(VirtioSpec.F_VERSION_1));
            before = protocol.getConfig(0, Long.BYTES, 0);
            byte[] other = before.clone();
            other[0] ^= 2;
            session.send(
                    VhostUserSpec.SET_CONFIG,
                    Session.payload(0, Long.BYTES, 0, ByteBuffer.wrap(other).getLong()));
        }
        try (Session session = open(target)) {
            byte[] after = session.protocol().getConfig(0, Long.BYTES, 0);
            unless(Arrays.equals(before, after), "the first 8 bytes were changed");
        }
    }

    private static void writeCache(Target target)
            throws IOException, InapplicableException, UnmetException {
        target.needs(DeviceKind.BLK);
        target.needs(BlkSpec.F_CONFIG_WCE, "CONFIG_WCE");
        try (Session session = open(target)) {
            FrontendProtocol protocol = session.protocol();
            protocol.setFeatures(
                    VhostUserSpec.bit(VirtioSpec.F_VERSION_1)
                            | VhostUserSpec.bit(BlkSpec.F_CONFIG_WCE)
                            | VhostUserSpec.bit(BlkSpec.F_FLUSH));
            byte before = protocol.getConfig(BlkSpec.CONFIG_WCE, 1, 0)[0];
            try {
                for (byte mode : new byte[] {0, 1}) {
                    protocol.setConfig(BlkSpec.CONFIG_WCE, 0, mode);
                    byte read = protocol.getConfig(BlkSpec.CONFIG_WCE, 1, 0)[0];
                    unless(read == mode, "%d was written, %d is read", mode, read);
                }
            } finally {
                protocol.setConfig(BlkSpec.CONFIG_WCE, 0, before);
            }
        }
    }

    private static void blkLimits(Target target)
            throws IOException, InapplicableException, UnmetException {
        ByteBuffer config = read(target, DeviceKind.BLK);
        expectLimit(target, config, BlkSpec.F_SIZE_MAX, BlkSpec.CONFIG_SIZE_MAX, "size_max");
        expectLimit(target, config, BlkSpec.F_SEG_MAX, BlkSpec.CONFIG_SEG_MAX, "seg_max");
        expectLimit(
                target,
                config,
                BlkSpec.F_DISCARD,
                BlkSpec.CONFIG_MAX_DISCARD_SECTORS,
                "max_discard_sectors");
        expectLimit(
                target,
                config,
                BlkSpec.F_DISCARD,
                BlkSpec.CONFIG_MAX_DISCARD_SEG,
                "max_discard_seg");
        expectLimit(
                target,
                config,
                BlkSpec.F_WRITE_ZEROES,
                BlkSpec.CONFIG_MAX_WRITE_ZEROES_SECTORS,
                "max_write_zeroes_sectors");
        expectLimit(
                target,
                config,
                BlkSpec.F_WRITE_ZEROES,
                BlkSpec.CONFIG_MAX_WRITE_ZEROES_SEG,
                "max_write_zeroes_seg");
    }

    private static void expectLimit(
            Target target, ByteBuffer config, int feature, int offset, String name)
            throws UnmetException {
        unless(!target.offers(feature) || config.getInt(offset) != 0, "%s is 0", name);
    }

    private static void blkSize(Target target)
            throws IOException, InapplicableException, UnmetException {
        target.needs(BlkSpec.F_BLK_SIZE, "BLK_SIZE");
        int size = read(target, DeviceKind.BLK).getInt(BlkSpec.CONFIG_BLK_SIZE);
        unless(Integer.bitCount(size) == 1 && size >= SMALLEST_BLOCK, "it is %d", size);
    }

    private static void blkQueues(Target target)
            throws IOException, InapplicableException, UnmetException {
        target.needs(BlkSpec.F_MQ, "MQ");
        int queues = read(target, DeviceKind.BLK).getShort(BlkSpec.CONFIG_NUM_QUEUES) & 0xffff;
        unless(queues > 0, "it is 0");
        target.needsProtocol(VhostUserSpec.PROTOCOL_F_MQ, "MQ");
        try (Session session = target.session()) {
            int most = session.protocol().getQueueNum();
            unless(queues <= most, "num_queues is %d, GET_QUEUE_NUM says %d", queues, most);
        }
    }

    private static void netMac(Target target)
            throws IOException, InapplicableException, UnmetException {
        target.needs(NetSpec.F_MAC, "MAC");
        byte[] mac = new byte[NetSpec.MAC_BYTES];
        read(target, DeviceKind.NET).get(NetSpec.CONFIG_MAC, mac);
        unless((mac[0] & 1) == 0, "it is a group's: %s", Arrays.toString(mac));
        unless(!Arrays.equals(mac, new byte[mac.length]), "it is all zeroes");
    }
}
