package dev.ringside.server.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/**
 * No acknowledged write is lost, no request is lost, done twice wrongly or answered twice, whatever
 * dies and whenever: in thousands of small worlds. {@code -Dringside.seed} repeats a run from its
 * first world, or from the one that failed; {@code -Dringside.sim.steps} makes it longer.
 */
class CrashSimulationTest {
    private static final String SEED = "ringside.seed";
    private static final String STEPS = "ringside.sim.steps";
    private static final int STEPS_PER_WORLD = 20_000;

    private final long seed = Long.getLong(SEED, System.nanoTime() & Integer.MAX_VALUE);

    @Test
    void shouldLoseNothingWhateverDies() throws Exception {
        System.out.println(getClass().getSimpleName() + ": -D" + SEED + "=" + seed);
        final World.Tally tally = new World.Tally();
        final long wanted = Long.getLong(STEPS, 2_000_000);
        long worldSeed = seed;
        while (tally.steps < wanted) {
            run(worldSeed++, tally);
        }
        System.out.println(getClass().getSimpleName() + ": " + tally);
        assertTrue(tally.killsInFlight > 0 && tally.powerLosses > 0, tally::toString);
    }

    private static void run(final long worldSeed, final World.Tally tally) throws Exception {
        try (World world = new World(worldSeed, tally)) {
            try {
                world.run(STEPS_PER_WORLD);
            } catch (final RuntimeException | AssertionError e) {
                throw new SimFailure(
                        "-D" + SEED + "=" + worldSeed + ": " + e + "\n" + world.describe(), e);
            }
        }
    }
}
