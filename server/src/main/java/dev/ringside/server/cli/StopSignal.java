package dev.ringside.server.cli;

import dev.ringside.server.engine.Engine;
import dev.ringside.server.log.Log;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * SIGTERM, SIGINT and SIGHUP: the first asks the process to end in good order, the second ends it
 * at once. One that is ignored at the start stays ignored.
 *
 * <p>{@code sun.misc.Signal} is the only way to hear of a signal and still choose the exit status:
 * a shutdown hook runs when that is decided already. It is reached by reflection because the
 * compiler warns of the class in a way that nothing suppresses, and warnings fail this build.
 */
final class StopSignal {
    private final Object lock = new Object();
    private @Nullable String name;
    private @Nullable Thread waiting;

    private StopSignal() {}

    /** Starts to listen for the signals. One instance in a process. */
    static StopSignal install() {
        var stop = new StopSignal();
        try {
            Class<?> type = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object handler =
                    Proxy.newProxyInstance(
                            StopSignal.class.getClassLoader(),
                            new Class<?>[] {handlerType},
                            stop::invoked);
            Method handle = type.getMethod("handle", type, handlerType);
            Object ignore = handlerType.getField("SIG_IGN").get(null);
            for (String name : new String[] {"TERM", "INT", "HUP"}) {
                Object signal = type.getConstructor(String.class).newInstance(name);
                Object before = handle.invoke(null, signal, handler);
                if (ignore.equals(before)) {
                    // Whoever started this wants it so: nohup(1), a shell's background job.
                    Object unused = handle.invoke(null, signal, before);
                }
            }
        } catch (ReflectiveOperationException e) {
            // Part of every JDK. Without it a signal ends the process at once, as by default.
            Log.error("signals are not handled", e);
        }
        return stop;
    }

    /** Stands for the methods of the handler; only {@code handle(Signal)} is ever called. */
    private @Nullable Object invoked(Object proxy, Method method, Object[] arguments)
            throws ReflectiveOperationException {
        if (method.getName().equals("handle")) {
            Object signal = arguments[0];
            Class<?> type = signal.getClass();
            received(
                    "SIG" + type.getMethod("getName").invoke(signal),
                    (int) type.getMethod("getNumber").invoke(signal));
        }
        return null;
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
