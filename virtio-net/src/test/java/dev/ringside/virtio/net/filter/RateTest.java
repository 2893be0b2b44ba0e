package dev.ringside.virtio.net.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Rates as text. */
class RateTest {
    @Test
    void shouldReadRates() {
        assertEquals(Rate.UNLIMITED, Rate.parse("limit", "off"));
        assertEquals(new Rate(100_000_000, 0, 0, 0), Rate.parse("limit", "100M"));
        assertEquals(new Rate(1_500_000_000, 0, 0, 0), Rate.parse("limit", "1.5Gbps"));
        assertEquals(new Rate(0, 10_000, 0, 0), Rate.parse("limit", "10kpps"));
        assertEquals(new Rate(64_000, 7, 0, 0), Rate.parse("limit", "64K,7pps"));
        assertEquals(
                new Rate(1_000_000, 50, 2_000_000, 5),
                Rate.parse("limit", "burst=5p,50pps,burst=2Mb,1000000"));
        assertEquals(new Rate(1_000_000, 0, 1234, 0), Rate.parse("limit", "1M,burst=1234"));
        assertEquals(1_000_000, Rate.parse("limit", "100M").effectiveBurstBits());
        assertEquals(12_176, Rate.parse("limit", "1M").effectiveBurstBits());
        assertEquals(100, Rate.parse("limit", "10kpps").effectiveBurstPackets());
        assertEquals(1, Rate.parse("limit", "10pps").effectiveBurstPackets());
        assertEquals(9, Rate.parse("limit", "10pps,burst=9p").effectiveBurstPackets());
    }

    @Test
    void shouldNameWhatIsWrong() {
        for (String wrong :
                new String[] {
                    "", "fast", "1M,1M", "1M,", "-1M", "1e6", "1MB", "burst=5p", "1M,burst=1Mbps",
                    "1M,burst=1pps", "10p", "10b", "999", "0", "2T", "1M,burst=0p", "0.1pps", "M"
                }) {
            IllegalArgumentException refused =
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> Rate.parse("limit-tx", wrong),
                            wrong);
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.startsWith("limit-tx=" + wrong + ": "), message);
        }
    }
}
