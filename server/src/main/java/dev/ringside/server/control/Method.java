package dev.ringside.server.control;

/**
 * A method of the control socket.
 *
 * @param <P> its parameters: a record whose components may be left out by the caller, unless they
 *     are annotated as required
 * @param name such as {@code device.list}
 * @param access what its caller must be allowed to do
 * @param parameters the record's class
 * @param summary one sentence for {@code control.methods}
 * @param handler carries it out
 */
public record Method<P>(
        String name, Access access, Class<P> parameters, String summary, Handler<P> handler) {
    /** No parameters. */
    public record None() {}

    /**
     * Carries a call out, on the client's own thread.
     *
     * @param <P> the parameters
     */
    @FunctionalInterface
    public interface Handler<P> {
        /**
         * Carries out one call.
         *
         * @return the result: a record, a map, a list
         * @throws RpcException when it is refused
         */
        Object call(P parameters) throws RpcException, InterruptedException;
    }

    /** A method that only looks. */
    public static <P> Method<P> read(
            String name, Class<P> parameters, String summary, Handler<P> handler) {
        return new Method<>(name, Access.READ, parameters, summary, handler);
    }

    /** A method that changes something. */
    public static <P> Method<P> change(
            String name, Class<P> parameters, String summary, Handler<P> handler) {
        return new Method<>(name, Access.CHANGE, parameters, summary, handler);
    }

    Object call(Parameters given) throws RpcException, InterruptedException {
        return handler.call(given.read(parameters));
    }
}
