package dev.ringside.server.sim;

import dev.ringside.frontend.FrontendMemory;
import dev.ringside.virtqueue.CrashPoint;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One world: steps of driver, front-end, process and disk in an order that a seed chooses, and
 * deaths between any two of them.
 */
final class World implements AutoCloseable {
    private static final int PATIENCE = 20_000;

    private final WorldSpec spec;
    private final SplittableRandom random;
    private final SimDisk disk;
    private final DiskModel model;
    private final SimDriver driver;
    private final SimFrontend frontend;
    private final SimLog log;
    private final Tally tally;
    private @Nullable SimProcess process;
    private long now;

    /** The less, the more often something dies. */
    private final int violence;

    private boolean writeCache = true;
    private boolean asking = true;

    /** What happened, so that nobody takes a world in which nothing happened for a proof. */
    static final class Tally {
        long steps;
        long answers;
        long kills;
        long killsInFlight;
        long killsInStart;
        long killsBetweenStores;
        long hangUps;
        long powerLosses;
        long reboots;
        long logs;
        long requests;

        @Override
        public String toString() {
            return steps
                    + " steps, "
                    + answers
                    + " requests answered, "
                    + kills
                    + " kills ("
                    + killsInFlight
                    + " with host I/O in flight, "
                    + killsInStart
                    + " in a start, "
                    + killsBetweenStores
                    + " between two stores), "
                    + hangUps
                    + " hang-ups, "
                    + powerLosses
                    + " losses of power, "
                    + reboots
                    + " reboots, "
                    + logs
                    + " dirty logs, "
                    + requests
                    + " requests of the front-end";
        }
    }

    World(final long seed, final Tally tally) throws Exception {
        this.tally = tally;
        random = new SplittableRandom(seed);
        spec = WorldSpec.choose(random);
        violence = 400 << random.nextInt(5);
        model = new DiskModel(spec.sectors());
        driver =
                new SimDriver(spec, random, model, FrontendMemory.scattered(2, spec.regionBytes()));
        disk =
                new SimDisk(
                        random,
                        spec.sectors(),
                        spec.inOrder(),
                        spec.failuresIn1000(),
                        driver::wants);
        log = new SimLog(driver.memory());
        frontend = new SimFrontend(spec, driver, log);
    }

    WorldSpec spec() {
        return spec;
    }

    long now() {
        return now;
    }

    /** So many steps, then everything that is outstanding, and a look at the whole disk. */
    void run(final int steps) {
        for (int i = 0; i < steps; i++) {
            step();
            if (random.nextInt(spec.logged() ? 300 : 5_000) == 0) {
                finish();
            }
        }
        finish();
        readAll();
        tally.steps += now;
        tally.answers += driver.answers();
    }

    private void step() {
        now++;
        final int what = random.nextInt(1000);
        final int queue = random.nextInt(spec.queues());
        if (what < 200) {
            if (asking) {
                driver.ask(queue, now);
            }
        } else if (what < 280) {
            driver.publish(queue);
        } else if (what < 400) {
            driver.poll(queue, 1 + random.nextInt(4), now);
        } else if (what < 420) {
            driver.changeWaiting(queue);
        } else if (what < 600) {
            log.watch(disk::work);
        } else if (what < 850) {
            turn();
        } else if (what < 990) {
            talk();
        } else {
            rare(queue);
        }
    }

    private void turn() {
        final SimProcess current = process;
        if (current != null) {
            final int shard = random.nextInt(current.shardCount());
            log.watch(() -> orDie(() -> current.turn(shard, now)));
        }
    }

    /** Does something in the process, which may die in the middle of it, between two stores. */
    private void orDie(final Runnable action) {
        if (!spec.survivesKills() || random.nextInt(violence) > 8) {
            action.run();
            return;
        }
        final int[] left = {1 + random.nextInt(1 << random.nextInt(6))};
        CrashPoint.onReached(
                () -> {
                    if (--left[0] <= 0) {
                        throw new Death();
                    }
                });
        try {
            action.run();
        } catch (final Death death) {
            tally.killsBetweenStores++;
            kill();
        } finally {
            CrashPoint.onReached(null);
        }
    }

    /** Nothing is stored after this: whoever catches it must let go of the process. */
    private static final class Death extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Death() {
            super("killed", null, false, false);
        }
    }

    private void talk() {
        log.watch(() -> orDie(this::talkNow));
    }

    private void talkNow() {
        SimProcess current = process;
        if (current == null) {
            current = new SimProcess(disk, spec, now);
            process = current;
        }
        if (current.listening()) {
            current.connect();
            frontend.connected();
        }
        // A start has many messages: most of them may pass quickly, any of them may be the last.
        final int most = frontend.quiet() ? 1 : 1 + random.nextInt(6);
        for (int i = 0; i < most; i++) {
            if (!current.conduct() && !frontend.step(current)) {
                return;
            }
        }
    }

    private void rare(final int queue) {
        final int what = random.nextInt(violence);
        if (what < 100) {
            if (spec.survivesKills()) {
                kill();
            }
        } else if (what < 125) {
            if (spec.survivesKills()) {
                hangUp();
            }
        } else if (what < 133) {
            losePower();
        } else if (frontend.quiet()) {
            tally.requests++;
            request(queue);
        }
    }

    private void request(final int queue) {
        switch (random.nextInt(16)) {
            case 0, 1 -> frontend.restart();
            case 2, 3 -> frontend.restartOne(queue);
            case 4 -> frontend.pause(queue);
            case 5, 6 -> frontend.remap();
            case 7, 8 -> frontend.hotplug();
            case 9 -> frontend.renewFds(queue);
            case 10, 11 -> toggleWriteCache();
            case 12 -> reboot();
            case 13, 14, 15 -> {
                if (spec.logged()) {
                    tally.logs++;
                    frontend.changeLog(random.nextInt(4) == 0);
                }
            }
            default -> tally.requests--;
        }
    }

    private void toggleWriteCache() {
        if (!spec.flush()) {
            return;
        }
        final boolean on = !writeCache;
        if (on) {
            driver.setThroughCache(false);
        }
        frontend.setWriteCache(
                on,
                () -> {
                    writeCache = on;
                    if (!on) {
                        driver.setThroughCache(true);
                        model.flushed(now);
                    }
                });
    }

    private void reboot() {
        tally.reboots++;
        asking = false;
        frontend.reboot(
                () -> {
                    driver.abandon(now);
                    asking = true;
                });
    }

    /** kill -9. */
    private void kill() {
        final SimProcess current = process;
        if (current == null) {
            return;
        }
        tally.kills++;
        tally.killsInFlight += disk.inFlight() > 0 ? 1 : 0;
        tally.killsInStart += frontend.quiet() ? 0 : 1;
        frontend.hear(current);
        current.die();
        process = null;
        disconnected();
    }

    private void disconnected() {
        frontend.disconnected();
        // What the driver was not told it does not rely on.
        driver.setThroughCache(!spec.flush() || !writeCache);
        asking = true;
    }

    /** The front-end's connection ends, or SIGTERM: what was taken is finished first. */
    private void hangUp() {
        final SimProcess current = process;
        if (current == null || !current.connected()) {
            return;
        }
        tally.hangUps++;
        frontend.hear(current);
        current.disconnect();
        for (int i = 0; !current.listening(); i++) {
            drive(current);
            expectPatience(i, "a connection that hangs up");
        }
        disconnected();
        if (random.nextBoolean()) {
            process = null;
        }
    }

    /** The host goes down: process, guest and all that was not flushed. */
    private void losePower() {
        tally.powerLosses++;
        final SimProcess current = process;
        if (current != null) {
            current.die();
            process = null;
        }
        disk.powerLost();
        model.powerLost(now);
        driver.abandon(now);
        frontend.reset();
        // Another VMM reads the configuration, and another driver begins.
        writeCache = true;
        driver.setThroughCache(!spec.flush());
        asking = true;
    }

    private void drive(final SimProcess current) {
        now++;
        disk.work();
        for (int i = 0; i < current.shardCount(); i++) {
            current.turn(i, now);
        }
        current.conduct();
    }

    /** Asks for nothing more and waits for all that is outstanding. */
    private void finish() {
        for (int i = 0; driver.outstanding() > 0 || !frontend.quiet(); i++) {
            now++;
            for (int queue = 0; queue < spec.queues(); queue++) {
                driver.publish(queue);
                driver.poll(queue, spec.ringSize(), now);
            }
            log.watch(disk::work);
            turn();
            talk();
            expectPatience(i, "what is outstanding");
        }
        log.check();
    }

    private void expectPatience(final int turns, final String what) {
        if (turns > PATIENCE) {
            throw new SimFailure(what + " never ends:" + driver.describeOutstanding());
        }
    }

    /** Reads every sector twice: what was seen once must stay. */
    private void readAll() {
        for (int round = 0; round < 2; round++) {
            for (int sector = 0; sector < spec.sectors(); ) {
                final int count = Math.min(SimRequest.MAX_SECTORS, spec.sectors() - sector);
                now++;
                if (driver.askRead(random.nextInt(spec.queues()), sector, count, now)) {
                    sector += count;
                } else {
                    finish();
                }
            }
            finish();
        }
        frontend.stopAll();
        finish();
    }

    String describe() {
        return spec + " at step " + now + driver.describeOutstanding();
    }

    @Override
    public void close() {
        final SimProcess current = process;
        if (current != null) {
            current.die();
        }
        frontend.close();
        log.close();
        driver.close();
    }
}
