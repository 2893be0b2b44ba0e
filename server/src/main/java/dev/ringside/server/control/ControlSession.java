package dev.ringside.server.control;

/** What one client may call. All methods run on the connection's thread, one at a time. */
public interface ControlSession {
    /**
     * Carries out a call.
     *
     * @return the result: a record, a map, a list; descriptors in it stay its own
     * @throws RpcException when it is refused
     */
    Object call(String method, Parameters parameters) throws RpcException, InterruptedException;

    /** How long the next message may take, in milliseconds; negative: for ever. */
    default long patienceMs() {
        return -1;
    }

    /**
     * The connection has ended: the client hung up, or broke the rules, or no message came in time.
     */
    default void ended() {}
}
