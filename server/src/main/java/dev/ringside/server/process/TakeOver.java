package dev.ringside.server.process;

import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.ServerSocket;
import dev.ringside.server.log.Log;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.server.upgrade.Successor;
import dev.ringside.server.upgrade.Wire;
import dev.ringside.shm.UnixSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;

/** The steps in which this process takes over another one. Confined to the main thread. */
final class TakeOver {
    private static final long END_MS = 10_000;
    private static final double NS_PER_MS = 1e6;

    private final Successor successor;
    private final Wire.Offer offer;
    private final long limitMs;

    /**
     * @param successor this process, as the other one knows it
     * @param limitMs how long guests may wait
     */
    TakeOver(Successor successor, long limitMs) {
        this.successor = successor;
        offer = successor.offer();
        this.limitMs = limitMs;
    }

    /** What to open things with. */
    Inheritance inheritance() {
        return Inheritance.of(offer.resources());
    }

    /** The control socket, listening. */
    ServerSocket controlSocket() {
        try {
            String file = offer.controlFile();
            return ServerSocket.takenOver(
                    UnixSocket.adopt(offer.control()), file.isEmpty() ? null : Path.of(file));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Has the other process pause, and goes on in its place.
     *
     * @param engine frozen, with every device attached
     * @return how it went, for the ready line
     * @throws OperatorException when the other process goes on
     */
    String run(Engine engine, Served served) throws OperatorException, InterruptedException {
        successor.rehearse();
        try {
            Wire.State state = successor.pause(limitMs);
            engine.restore(state.endpoints());
            if (!successor.take()) {
                throw new IOException(
                        "this took longer than "
                                + limitMs
                                + " ms, or it was told to stop: try again, or give --timeout");
            }
            served.thaw(engine);
            engine.thaw().get();
            double pauseMs = (System.nanoTime() - state.stoppedAtNs()) / NS_PER_MS;
            return "took over from process "
                    + offer.pid()
                    + ", which paused for "
                    + Math.round(pauseMs * 10) / 10.0
                    + " ms; ";
        } catch (IOException e) {
            throw new OperatorException(
                    "process " + offer.pid() + " goes on: " + e.getMessage(), e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Waits for the end of the other process, after which its metrics' port is free. */
    void awaitEnd() {
        if (!successor.awaitEnd(END_MS)) {
            Log.about("upgrade")
                    .warn(
                            "process "
                                    + offer.pid()
                                    + " has handed everything over and does not end");
        }
        successor.close();
    }
}
