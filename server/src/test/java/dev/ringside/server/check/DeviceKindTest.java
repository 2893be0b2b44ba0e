package dev.ringside.server.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What real back-ends offer, and what they therefore are. */
class DeviceKindTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "Ringside's disk,           77c007e44,         19b32b, BLK",
        "Ringside's NIC,            83c0000f7cbfffcf,  19b33f, NET",
        "qemu-storage-daemon 7.2,   175007e46,         8f2b,   BLK",
        "SPDK 26.05 with malloc,    15c007646,         11ebf,  BLK",
        "DPDK 22.11 net_vhost,      d7c66e7cb,         10cbf,  NET",
        "a NIC with little,         140000020,         4,      NET",
        "virtiofsd,                 170000000,         8,      OTHER"
    })
    void shouldTellDevicesByWhatTheyOffer(
            String backEnd, String features, String protocolFeatures, DeviceKind kind) {
        assertEquals(
                kind,
                DeviceKind.of(
                        Long.parseUnsignedLong(features, 16),
                        Long.parseUnsignedLong(protocolFeatures, 16)),
                backEnd);
    }
}
