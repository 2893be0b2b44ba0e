package dev.ringside.frontend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** What is counted of frames that come back in any order, or do not. */
final class FrameLedgerTest {
    private final FrameLedger ledger = new FrameLedger();

    private void send(final int count) {
        for (int i = 0; i < count; i++) {
            assertEquals(i, ledger.send());
        }
    }

    private void receive(final long... numbers) {
        for (final long number : numbers) {
            ledger.receive(number);
        }
    }

    @Test
    void shouldCountNothingAmissWhenAllComeInOrder() {
        send(3);
        assertEquals(3, ledger.inFlight());
        receive(0, 1, 2);
        assertEquals(3, ledger.received());
        assertEquals(0, ledger.missing() + ledger.duplicated() + ledger.reordered());
        assertEquals(0, ledger.inFlight());
    }

    @Test
    void shouldGoOnWhenFrameIsMissing() {
        send(4);
        receive(0, 2);
        assertEquals(1, ledger.inFlight());
        assertEquals(2, ledger.missing());
    }

    @Test
    void shouldCountLateFrameAsReorderedAndNotAsMissing() {
        send(3);
        receive(0, 2, 1);
        assertEquals(1, ledger.reordered());
        assertEquals(0, ledger.missing());
    }

    @Test
    void shouldCountDoubles() {
        send(3);
        receive(0, 1, 1, 0, 2, 2);
        assertEquals(3, ledger.duplicated());
        assertEquals(3, ledger.received());
        assertEquals(0, ledger.reordered());
    }

    @Test
    void shouldCountNumbersThatWereNeverSent() {
        send(1);
        receive(1, -1, Long.MAX_VALUE);
        assertEquals(3, ledger.unknown());
        assertEquals(1, ledger.missing());
    }
}
