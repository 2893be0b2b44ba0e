package dev.ringside.server.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class IdlePolicyTest {
    private static final long MAX_SPIN_NS = 50_000;

    @Test
    void shouldNeverSleepWhenBusySpinning() {
        final IdlePolicy policy = new IdlePolicy(IdleMode.BUSY_SPIN, MAX_SPIN_NS);

        assertFalse(policy.shouldSleep(0));
        assertFalse(policy.shouldSleep(Long.MAX_VALUE));
    }

    @Test
    void shouldSleepOnlyAfterTheSpinIsUsedUp() {
        final IdlePolicy policy = new IdlePolicy(IdleMode.ADAPTIVE, MAX_SPIN_NS);
        final long startNs = -5;

        assertFalse(policy.shouldSleep(startNs));
        assertFalse(policy.shouldSleep(startNs + policy.spinNs() - 1));
        assertTrue(policy.shouldSleep(startNs + policy.spinNs()));
    }

    @Test
    void shouldStartTheSpinAgainWhenWorkCame() {
        final IdlePolicy policy = new IdlePolicy(IdleMode.ADAPTIVE, MAX_SPIN_NS);
        policy.shouldSleep(0);
        policy.worked();

        assertFalse(policy.shouldSleep(1_000_000));
    }

    @Test
    void shouldSpinLongerWhenWakeUpsComeSoonUpToTheLimit() {
        final IdlePolicy policy = new IdlePolicy(IdleMode.ADAPTIVE, MAX_SPIN_NS);
        final long firstNs = policy.spinNs();

        policy.slept(1_000);
        assertEquals(2 * firstNs, policy.spinNs());
        for (int i = 0; i < 20; i++) {
            policy.slept(0);
        }

        assertEquals(MAX_SPIN_NS, policy.spinNs());
    }

    @Test
    void shouldGiveUpSpinningWhenSleepsAreLongAndLearnAgainLater() {
        final IdlePolicy policy = new IdlePolicy(IdleMode.ADAPTIVE, MAX_SPIN_NS);
        for (int i = 0; i < 40; i++) {
            policy.slept(1_000_000_000);
        }
        assertEquals(0, policy.spinNs());

        policy.slept(1_000);

        assertTrue(policy.spinNs() > 0);
    }
}
