package dev.ringside.server.bench;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.ProcessUsage;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** What both kinds of load need around them: a connection, its process, and somebody who looks. */
final class Watch {
    private static final long LOOK_NS = 20_000_000;
    private static final long SECOND_NS = 1_000_000_000;

    private Watch() {}

    static FrontendConnection connect(Side side) throws IOException {
        try {
            return FrontendConnection.connect(side.socket());
        } catch (IOException e) {
            throw new IOException(
                    side.socket() + ": no back-end can be reached there: " + e.getMessage(), e);
        }
    }

    /** How much processor time a back-end's process takes from now on; -1: nobody can tell. */
    static LongSupplier cpuNs(Side side, FrontendConnection connection) throws IOException {
        long pid = side.pid() > 0 ? side.pid() : connection.socket().peer().pid();
        long before = cpuNs(pid);
        return () -> before < 0 ? -1 : cpuNs(pid) - before;
    }

    private static long cpuNs(long pid) {
        try {
            return pid <= 0 ? -1 : ProcessUsage.cpuNs(pid);
        } catch (IOException e) {
            // Another user's process, or in another namespace of processes: the load goes on.
            return -1;
        }
    }

    /** Tells how far it is about once a second, until it has ended. */
    static void tell(BooleanSupplier ended, LongSupplier done, LongConsumer progress) {
        long next = System.nanoTime() + SECOND_NS;
        while (!ended.getAsBoolean()) {
            LockSupport.parkNanos(LOOK_NS);
            if (System.nanoTime() >= next && !ended.getAsBoolean()) {
                progress.accept(done.getAsLong());
                next += SECOND_NS;
            }
        }
    }
}
