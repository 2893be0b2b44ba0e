package dev.ringside.virtio.blk.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts of limits. */
class LimitTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "IOPS; 500; 500; 0",
                "IOPS_READ; 20k; 20000; 0",
                "IOPS_WRITE; 1M,burst=2M; 1000000; 2000000",
                "BPS; 100M; 104857600; 0",
                "BPS_READ; 1G,burst=4k; 1073741824; 4096",
                "BPS_WRITE; 1T; 1099511627776; 0",
                "BPS; off; 0; 0"
            })
    void shouldReadRatesAndBursts(LimitKind kind, String text, long rate, long burst) {
        assertEquals(new Limit(rate, burst), Limit.parse(kind, kind.word(), text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "-1",
                "0",
                "1.5k",
                "500,",
                "500,burst=",
                "500,burst=0",
                "2G",
                "1001M",
                "500,burst=2G",
                "500 ",
                "500,500",
                "9999999999999T"
            })
    void shouldRefuseWhatIsNoLimitAndSayWhatIs(String text) {
        String message =
                assertThrows(
                                IllegalArgumentException.class,
                                () -> Limit.parse(LimitKind.IOPS, "--iops", text))
                        .getMessage();
        assertEquals(
                "--iops="
                        + text
                        + " is not requests per second from 1 to 1000M: write 500, or"
                        + " 20k,burst=50k, or off",
                message);
    }

    @Test
    void shouldGiveTheTextThatItReads() {
        for (String text : new String[] {"500", "500,burst=7", "off"}) {
            assertEquals(text, Limit.parse(LimitKind.IOPS, "iops", text).text());
        }
        BlkLimits limits =
                BlkLimits.NONE.with(
                        Map.of(
                                LimitKind.BPS_WRITE,
                                new Limit(2048, 0),
                                LimitKind.IOPS,
                                new Limit(5, 9)));
        assertEquals("iops=5,burst=9 bps-write=2048", limits.text());
        assertTrue(limits.with(Map.of(LimitKind.IOPS, Limit.NONE)).limit(LimitKind.IOPS).isNone());
    }

    @Test
    void shouldKnowEachKindByItsWord() {
        for (LimitKind kind : LimitKind.values()) {
            assertEquals(kind, LimitKind.of(kind.word()));
        }
    }
}
