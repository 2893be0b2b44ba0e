package dev.ringside.server.process;

import dev.ringside.server.engine.Engine;
import dev.ringside.server.options.ExitCode;
import org.jspecify.annotations.Nullable;

/**
 * SIGTERM, SIGINT and SIGHUP: the first asks the process to end in good order, the second ends it
 * at once. One that is ignored at the start stays ignored.
 */
final class StopSignal {
    private final Object lock = new Object();
    private @Nullable String name;
    private @Nullable Thread waiting;

    private StopSignal() {}

    /**
     * Starts to listen for the signals. One instance in a process.
     *
     * @param hangUp whether SIGHUP is one of them
     */
    static StopSignal install(boolean hangUp) {
        var stop = new StopSignal();
        Signals.listen(stop::received, "TERM", "INT");
        if (hangUp) {
            Signals.listen(stop::received, "HUP");
        }
        return stop;
    }

    private void received(String signal, int number) {
        synchronized (lock) {
            if (name != null) {
                Runtime.getRuntime().halt(ExitCode.SIGNAL_BASE + number);
            }
            name = signal;
            if (waiting != null) {
                waiting.interrupt();
            }
        }
    }

    /**
     * Asks the process to end in good order, as a signal does. Any thread.
     *
     * @param why for the last line
     */
    void ask(String why) {
        synchronized (lock) {
            if (name == null) {
                name = why;
                if (waiting != null) {
                    waiting.interrupt();
                }
            }
        }
    }

    /**
     * Waits until a signal came, also when it came before, or until the engine has nothing more to
     * serve.
     *
     * @return the signal's name; null: the engine ended by itself
     */
    @Nullable String await(Engine engine) throws InterruptedException {
        synchronized (lock) {
            if (name != null) {
                return name;
            }
            waiting = Thread.currentThread();
        }
        try {
            engine.awaitTermination();
        } catch (InterruptedException e) {
            return await(e);
        }
        return ended();
    }

    private String await(InterruptedException cause) throws InterruptedException {
        String signal = ended();
        if (signal == null) {
            throw cause;
        }
        return signal;
    }

    private @Nullable String ended() {
        synchronized (lock) {
            waiting = null;
            if (name != null) {
                // It may have come after the wait: nothing that follows shall see the interrupt.
                boolean unused = Thread.interrupted();
            }
            return name;
        }
    }
}
