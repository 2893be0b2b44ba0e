package dev.ringside.server.options;

import static dev.ringside.server.options.ServeSyntax.CPU;
import static dev.ringside.server.options.ServeSyntax.DEVICE_SHARE_US;
import static dev.ringside.server.options.ServeSyntax.IDLE;
import static dev.ringside.server.options.ServeSyntax.QUEUE_BUDGET;
import static dev.ringside.server.options.ServeSyntax.SHARDS;
import static dev.ringside.server.options.ServeSyntax.SPIN_US;

import dev.ringside.server.engine.EngineConfig;
import dev.ringside.server.engine.IdleMode;
import java.util.List;

/**
 * The polling threads that were asked for.
 *
 * @param shards how many
 * @param cpus processors to pin shards to, in order; empty: not pinned
 * @param idle what a shard does when there is nothing to do
 * @param queueBudget most requests or frames taken from one queue in one turn
 * @param deviceShareUs longest part of a turn for one device while others wait, microseconds
 * @param spinUs longest adaptive spin before a shard sleeps, microseconds
 */
public record ThreadOptions(
        int shards,
        List<Integer> cpus,
        IdleMode idle,
        int queueBudget,
        int deviceShareUs,
        int spinUs) {
    static final int MAX_SHARDS = 256;

    /** Longer than any sleep and wake-up takes: beyond that spinning is busy-spin's work. */
    static final int MAX_SPIN_US = 10_000;

    private static final int MAX_QUEUE_BUDGET = 4_096;
    private static final int MAX_DEVICE_SHARE_US = 10_000;
    private static final int DEFAULT_DEVICE_SHARE_US =
            (int) (EngineConfig.DEFAULT_DEVICE_SHARE_NS / 1_000);
    private static final int DEFAULT_SPIN_US = (int) (EngineConfig.DEFAULT_MAX_SPIN_NS / 1_000);

    public ThreadOptions {
        cpus = List.copyOf(cpus);
    }

    /**
     * Checks the options.
     *
     * @param allowedCpus the processors that this process may use
     */
    static ThreadOptions parse(Given given, int[] allowedCpus) throws OperatorException {
        String list = given.text(CPU);
        List<Integer> cpus =
                list == null ? List.of() : CpuList.parse(given.name(CPU), list, allowedCpus);
        IdleMode idle = idle(given);
        return new ThreadOptions(
                shards(given, cpus),
                cpus,
                idle,
                given.integer(QUEUE_BUDGET, EngineConfig.DEFAULT_BUDGET, 1, MAX_QUEUE_BUDGET),
                given.integer(DEVICE_SHARE_US, DEFAULT_DEVICE_SHARE_US, 1, MAX_DEVICE_SHARE_US),
                spinUs(given, idle));
    }

    /** One adaptive shard that may run anywhere. */
    public static ThreadOptions defaults() {
        return new ThreadOptions(
                1,
                List.of(),
                IdleMode.ADAPTIVE,
                EngineConfig.DEFAULT_BUDGET,
                DEFAULT_DEVICE_SHARE_US,
                DEFAULT_SPIN_US);
    }

    private static int shards(Given given, List<Integer> cpus) throws OperatorException {
        int shards = given.integer(SHARDS, Math.max(1, cpus.size()), 1, MAX_SHARDS);
        if (!cpus.isEmpty() && shards != cpus.size()) {
            throw new OperatorException(
                    given.shown(SHARDS)
                            + " and "
                            + given.shown(CPU)
                            + " (processors: "
                            + cpus.size()
                            + ") do not match: name one processor for each shard, or leave out"
                            + " --shards");
        }
        return shards;
    }

    private static IdleMode idle(Given given) throws OperatorException {
        String text = given.text(IDLE);
        if (text == null) {
            return IdleMode.ADAPTIVE;
        }
        String adaptive = IdleMode.ADAPTIVE.text();
        List<String> words = List.of(adaptive, IdleMode.BUSY_SPIN.text());
        return Values.word(given.name(IDLE), text, words).equals(adaptive)
                ? IdleMode.ADAPTIVE
                : IdleMode.BUSY_SPIN;
    }

    private static int spinUs(Given given, IdleMode idle) throws OperatorException {
        if (given.has(SPIN_US) && idle == IdleMode.BUSY_SPIN) {
            throw new OperatorException(
                    given.shown(SPIN_US)
                            + " does nothing with --idle=busy-spin, which never sleeps: leave one"
                            + " of them out");
        }
        return given.integer(SPIN_US, DEFAULT_SPIN_US, 0, MAX_SPIN_US);
    }

    /** The same for the engine. */
    EngineConfig engineConfig() {
        return EngineConfig.of(shards, idle)
                .withCpus(cpus)
                .withShares(queueBudget, deviceShareUs * 1_000L)
                .withMaxSpinNs(spinUs * 1_000L);
    }

    /** For the ready line. */
    public String describe() {
        return Text.count(shards, "shard") + pinned() + ", " + idle.text();
    }

    private String pinned() {
        if (cpus.isEmpty()) {
            return "";
        }
        int[] numbers = cpus.stream().mapToInt(Integer::intValue).toArray();
        return " on " + (numbers.length == 1 ? "cpu " : "cpus ") + CpuList.format(numbers);
    }
}
