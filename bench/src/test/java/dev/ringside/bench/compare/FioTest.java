package dev.ringside.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What fio 3.33 said on two runs of half a second. */
final class FioTest {
    private static final String READS =
            """
            3;fio-3.33;direct;0;0;99440;198483;49620;501;3;701;12.377485;16.560049;0;1497;\
            65.959376;32.658283;50.000000%=68;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;\
            0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;13;1602;78.336861;29.777613;0;0;\
            0.000000%;0.000000;0.000000;0;0;0;0;0;0;0.000000;0.000000;0;0;0.000000;0.000000;\
            50.000000%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;\
            0%=0;0%=0;0%=0;0%=0;0%=0;0;0;0.000000;0.000000;0;0;0.000000%;0.000000;0.000000;\
            11.600000%;58.000000%;6095;0;15;0.1%;0.1%;100.0%;0.0%;0.0%;0.0%;0.0%;0.34%;0.00%;\
            0.00%;0.00%;23.39%;69.60%;6.58%;0.05%;0.00%;0.01%;0.03%;0.00%;0.00%;0.00%;0.00%;\
            0.00%;0.00%;0.00%;0.00%;0.00%;0.00%;0.00%;vda;19051;16;0;0;795;47;842;77.89%
            """;
    private static final String WRITES =
            """
            3;fio-3.33;direct;0;0;0;0;0;0;0;0;0.000000;0.000000;0;0;0.000000;0.000000;\
            50.000000%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;\
            0%=0;0%=0;0%=0;0%=0;0%=0;0;0;0.000000;0.000000;0;0;0.000000%;0.000000;0.000000;\
            84416;168495;42123;501;3;2226;13.425136;22.732524;0;3605;80.524728;65.756876;\
            50.000000%=78;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;0%=0;\
            0%=0;0%=0;0%=0;0%=0;0%=0;30;3609;93.949865;66.056291;0;0;0.000000%;0.000000;\
            0.000000;7.000000%;55.200000%;5379;0;10;0.1%;0.1%;100.0%;0.0%;0.0%;0.0%;0.0%;0.38%;\
            0.00%;0.00%;0.00%;14.11%;72.11%;13.09%;0.26%;0.00%;0.00%;0.02%;0.03%;0.00%;0.00%;\
            0.00%;0.00%;0.00%;0.00%;0.00%;0.00%;0.00%;0.00%;vda;0;16414;0;0;0;795;795;63.84%
            """;

    @Test
    void shouldFindWhatReadsCame() throws IOException {
        Duel.Turn turn = Fio.parse("fio: a note\n" + READS, false);
        assertEquals(49620, turn.perSecond());
        assertEquals(68_000, turn.p50Ns());
        assertEquals(14026.6, turn.cpuNs(), 1);
    }

    @Test
    void shouldFindWhatWritesCame() throws IOException {
        Duel.Turn turn = Fio.parse(WRITES, true);
        assertEquals(42123, turn.perSecond());
        assertEquals(78_000, turn.p50Ns());
        assertEquals(14766.3, turn.cpuNs(), 1);
    }

    @Test
    void shouldRejectWhatIsNoResult() {
        assertThrows(IOException.class, () -> Fio.parse("fio: no such file", false));
        assertThrows(IOException.class, () -> Fio.parse(READS, true), "there are no writes");
    }
}
