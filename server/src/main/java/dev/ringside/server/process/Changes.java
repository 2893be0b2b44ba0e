package dev.ringside.server.process;

import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.OperatorException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What methods of the control socket have in common that change something. */
final class Changes {
    private Changes() {}

    /**
     * A change.
     *
     * @param <T> its result
     */
    @FunctionalInterface
    interface Change<T> {
        T run() throws IOException, OperatorException, InterruptedException;
    }

    /**
     * Makes a change while nobody else changes, or moves, what is served.
     *
     * @throws RpcException when it cannot be made, or not now; the message says why
     */
    static <T> T make(Served served, Change<T> change) throws RpcException, InterruptedException {
        try {
            hold(served);
            try {
                return change.run();
            } finally {
                served.release();
            }
        } catch (IOException | OperatorException e) {
            throw RpcException.refused(String.valueOf(e.getMessage()));
        }
    }

    /**
     * As {@link Served#hold}.
     *
     * @throws OperatorException when somebody else has it
     */
    static void hold(Served served) throws OperatorException {
        if (!served.hold()) {
            throw new OperatorException(
                    "somebody else changes what is served, or another process is taking over: try"
                            + " again after that");
        }
    }

    /** Whether something ends in time. */
    static boolean await(CompletableFuture<?> something, long timeoutMs)
            throws InterruptedException {
        try {
            return something.get(timeoutMs, TimeUnit.MILLISECONDS) != null;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** The part of this name. */
    static Part part(Served served, String name) throws OperatorException {
        for (Part part : served.parts()) {
            if (part.name().equals(name)) {
                return part;
            }
        }
        throw new OperatorException(
                "there is no device "
                        + name
                        + ": there are "
                        + String.join(", ", served.parts().stream().map(Part::name).toList()));
    }
}
