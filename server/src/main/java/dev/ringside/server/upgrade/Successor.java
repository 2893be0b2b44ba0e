package dev.ringside.server.upgrade;

import dev.ringside.server.control.ControlClient;
import dev.ringside.server.control.RpcException;
import java.io.IOException;
import java.nio.file.Path;

/** The new process's hold of the one that it takes over. Confined to one thread. */
public final class Successor implements AutoCloseable {
    /** The old process rehearses the pause before it answers. */
    private static final long BEGIN_MS = 30_000;

    /** Beyond the limit of the pause itself: the old process says what went wrong. */
    private static final long MORE_MS = 5_000;

    private final ControlClient client;
    private final Wire.Offer offer;
    private final Ownership ownership;

    private Successor(ControlClient client, Wire.Offer offer, Ownership ownership) {
        this.client = client;
        this.offer = offer;
        this.ownership = ownership;
    }

    /**
     * Asks the process that listens on a control socket to be taken over. It goes on serving.
     *
     * @param version of this program
     * @throws IOException when there is none, or it refuses; the message is for the operator
     */
    public static Successor begin(Path socket, String version) throws IOException {
        ControlClient client = ControlClient.connect(socket);
        try {
            Wire.Offer offer =
                    client.call(
                            Wire.BEGIN,
                            new Wire.Begin(Wire.PROTOCOL, version),
                            Wire.Offer.class,
                            BEGIN_MS);
            Steps.reached("new-begun");
            return new Successor(client, offer, Ownership.of(offer.ownership()));
        } catch (RpcException e) {
            client.close();
            throw new IOException(e.getMessage(), e);
        } catch (IOException | RuntimeException e) {
            client.close();
            throw e;
        }
    }

    /** What it told. */
    public Wire.Offer offer() {
        return offer;
    }

    /** Has done once, while guests do not wait, what has to be fast when they do. */
    public void rehearse() throws InterruptedException {
        Rehearsal.run();
    }

    /**
     * Has it stop its queues, and gets everything. From now on guests wait.
     *
     * @param limitMs when this process has not taken over so much later, the old one goes on
     * @throws IOException when it does not; it goes on then
     */
    public Wire.State pause(long limitMs) throws IOException {
        try {
            Wire.State state =
                    client.call(
                            Wire.PAUSE,
                            new Wire.Pause(limitMs),
                            Wire.State.class,
                            limitMs + MORE_MS);
            Steps.reached("new-paused");
            return state;
        } catch (RpcException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /**
     * Takes over: the one moment at which the queues change their owner.
     *
     * @return false when the old process has taken them back: nothing may be touched then
     */
    public boolean take() {
        Steps.reached("new-ready");
        boolean taken = ownership.change(Ownership.Owner.OFFERED, Ownership.Owner.NEW);
        Steps.reached("new-taken");
        return taken;
    }

    /** Tells the old process that it is over, and waits until it has ended; false: not in time. */
    public boolean awaitEnd(long timeoutMs) {
        try {
            client.tell(Wire.TAKEN, new Wire.Nothing(), timeoutMs);
            return client.awaitHangup(timeoutMs);
        } catch (IOException | RpcException e) {
            // It has ended already.
            return true;
        }
    }

    @Override
    public void close() {
        client.close();
        ownership.close();
    }
}
