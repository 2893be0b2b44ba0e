package dev.ringside.server.upgrade;

import dev.ringside.server.control.ControlSession;
import dev.ringside.server.control.Parameters;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.SavedEndpoint;
import dev.ringside.server.log.Log;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.PeerCredentials;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The running process, which another one may take over: stops the queues when asked, hands out
 * everything, and goes on by itself unless the other one has taken the {@link Ownership}. Any
 * thread.
 */
public final class Predecessor {
    /** What guests may be made to wait at most, whatever the new process asks for. */
    private static final long MAX_PAUSE_MS = 60_000;

    /** How long the new process may take to get ready. */
    private static final long MAX_PREPARATION_MS = 120_000;

    private final Engine engine;
    private final Movable served;
    private final String version;
    private final Function<Ownership, Wire.Offer> offers;
    private @Nullable Client upgrading;
    private boolean stopping;
    private volatile long successor;

    /**
     * A process that can be taken over.
     *
     * @param offers what a new process is told, with the ownership that was made for it
     */
    public Predecessor(
            Engine engine, Movable served, String version, Function<Ownership, Wire.Offer> offers) {
        this.engine = engine;
        this.served = served;
        this.version = version;
        this.offers = offers;
    }

    /** Serves a client of the control socket. */
    public ControlSession session(PeerCredentials peer) {
        return new Client(peer);
    }

    /** The process that has taken over, 0: none has. */
    public long successor() {
        return successor;
    }

    /**
     * This process is to end: nobody may take over any more. What is frozen stays so.
     *
     * @return false when somebody has taken over already: then nothing may be touched
     */
    public synchronized boolean stop() {
        stopping = true;
        Client client = upgrading;
        if (client != null && !client.reclaim()) {
            successor = client.peer.pid();
        }
        return successor == 0;
    }

    private enum Step {
        IDLE,
        BEGUN,
        PAUSED
    }

    private final class Client implements ControlSession {
        private final PeerCredentials peer;
        private Step step = Step.IDLE;
        private @Nullable Ownership ownership;
        private boolean offered;
        private long deadlineNs;

        Client(PeerCredentials peer) {
            this.peer = peer;
        }

        @Override
        public Object call(String method, Parameters parameters)
                throws RpcException, InterruptedException {
            return switch (method) {
                case "version" -> Map.of("version", version, "pid", ProcessHandle.current().pid());
                case Wire.BEGIN -> begin(parameters.as(Wire.Begin.class));
                case Wire.PAUSE -> pause(parameters.as(Wire.Pause.class));
                case Wire.TAKEN -> {
                    end();
                    yield Map.of();
                }
                default ->
                        throw new RpcException(
                                RpcException.METHOD_NOT_FOUND, "there is no method " + method);
            };
        }

        private Wire.Offer begin(Wire.Begin begin) throws RpcException, InterruptedException {
            if (begin.protocol() != Wire.PROTOCOL) {
                throw RpcException.refused(
                        "ringside "
                                + version
                                + ", which runs, hands over by protocol "
                                + Wire.PROTOCOL
                                + ", and ringside "
                                + begin.version()
                                + " takes over by protocol "
                                + begin.protocol()
                                + ": stop the one and start the other instead");
            }
            synchronized (Predecessor.this) {
                if (stopping) {
                    throw RpcException.refused("the running process is about to end");
                }
                Client other = upgrading;
                if (other != null) {
                    throw RpcException.refused(
                            "process " + other.peer.pid() + " is taking over already");
                }
                if (!served.hold()) {
                    throw RpcException.refused(
                            "the running process changes what it serves: try again after that");
                }
                upgrading = this;
                step = Step.BEGUN;
            }
            // What it has to do in the pause is done once before: classes are loaded then.
            Rehearsal.run();
            try {
                Ownership made = Ownership.create();
                ownership = made;
                deadlineNs = after(MAX_PREPARATION_MS);
                Steps.reached("old-begun");
                return offers.apply(made);
            } catch (LinuxException e) {
                throw RpcException.refused(String.valueOf(e.getMessage()));
            }
        }

        private Wire.State pause(Wire.Pause pause) throws RpcException, InterruptedException {
            Ownership shared = ownership;
            if (step != Step.BEGUN || shared == null) {
                throw RpcException.refused("upgrade.begin comes before upgrade.pause, both once");
            }
            long limitMs = Math.clamp(pause.limitMs(), 1, MAX_PAUSE_MS);
            deadlineNs = after(limitMs);
            step = Step.PAUSED;
            try {
                return pause(shared, limitMs);
            } catch (RpcException e) {
                end();
                throw e;
            }
        }

        private Wire.State pause(Ownership shared, long limitMs)
                throws RpcException, InterruptedException {
            served.beforeFreeze();
            long stoppedAtNs = System.nanoTime();
            List<SavedEndpoint> endpoints = frozen(engine.freeze(), limitMs);
            served.freeze(engine);
            Steps.reached("old-frozen");
            synchronized (Predecessor.this) {
                if (stopping) {
                    throw RpcException.refused("the running process is about to end");
                }
                offered = shared.change(Ownership.Owner.OLD, Ownership.Owner.OFFERED);
            }
            Steps.reached("old-offered");
            return new Wire.State(stoppedAtNs, endpoints);
        }

        private List<SavedEndpoint> frozen(
                CompletableFuture<List<SavedEndpoint>> freezing, long limitMs)
                throws RpcException, InterruptedException {
            try {
                return freezing.get(limitMs, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                throw RpcException.refused(
                        "host I/O that was under way did not finish within "
                                + limitMs
                                + " ms: try again, or give --timeout");
            } catch (ExecutionException e) {
                throw RpcException.refused(
                        "the state cannot be saved: "
                                + Objects.requireNonNull(e.getCause()).getMessage());
            }
        }

        private static long after(long ms) {
            return System.nanoTime() + ms * 1_000_000;
        }

        @Override
        public long patienceMs() {
            return step == Step.IDLE
                    ? -1
                    : Math.max(0, (deadlineNs - System.nanoTime()) / 1_000_000);
        }

        @Override
        public void ended() {
            end();
        }

        /** The new process has taken over, or will not any more. */
        private void end() {
            synchronized (Predecessor.this) {
                if (upgrading != this) {
                    return;
                }
                upgrading = null;
                if (reclaim()) {
                    goOn();
                } else {
                    successor = peer.pid();
                    engine.abandon();
                }
            }
        }

        /** Whether the queues are this process's, or have become it by this. */
        boolean reclaim() {
            Ownership shared = ownership;
            return !offered
                    || shared == null
                    || shared.change(Ownership.Owner.OFFERED, Ownership.Owner.OLD)
                    || shared.change(Ownership.Owner.OLD, Ownership.Owner.OLD);
        }

        private void goOn() {
            if (step == Step.PAUSED && !stopping) {
                try {
                    served.thaw(engine);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                var unused = engine.thaw();
                Log.about("upgrade")
                        .warn("process " + peer.pid() + " did not take over: this one goes on");
            }
            step = Step.IDLE;
            served.release();
            Ownership shared = ownership;
            if (shared != null) {
                shared.close();
            }
        }
    }
}
