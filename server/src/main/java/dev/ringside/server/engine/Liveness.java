package dev.ringside.server.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Whether the engine's threads answer. */
final class Liveness {
    private Liveness() {}

    /** Asks all of them at once; a line for each that failed or does not answer in time. */
    static List<String> failures(Conductor conductor, ShardThread[] shards, long patienceMs)
            throws InterruptedException {
        final long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMs);
        final CompletableFuture<Boolean> fromConductor = conductor.ask();
        final List<CompletableFuture<Boolean>> fromShards = new ArrayList<>();
        for (final ShardThread shard : shards) {
            fromShards.add(shard.ask());
        }
        final List<String> failures = new ArrayList<>();
        if (!answered(fromConductor, endNs)) {
            failures.add("the conductor does not answer within " + patienceMs + " ms");
        }
        for (int i = 0; i < shards.length; i++) {
            final String shard = "shard " + i;
            if (!shards[i].healthy()) {
                failures.add(shard + " has failed: see the log, then restart");
            } else if (!answered(fromShards.get(i), endNs)) {
                failures.add(shard + " does not answer within " + patienceMs + " ms");
            }
        }
        return failures;
    }

    private static boolean answered(CompletableFuture<Boolean> answer, long endNs)
            throws InterruptedException {
        try {
            return answer.get(Math.max(0, endNs - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
