package dev.ringside.server.process;

import dev.ringside.server.log.Log;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * Hears of the process's signals. {@code sun.misc.Signal} is the only way to do that and still
 * choose the exit status: a shutdown hook runs when that is decided already. It is reached by
 * reflection because the compiler warns of the class in a way that nothing suppresses, and warnings
 * fail this build.
 */
public final class Signals {
    private Signals() {}

    /** Is told of a signal, on a thread of the JVM's. */
    @FunctionalInterface
    public interface Listener {
        /**
         * A signal came.
         *
         * @param name with SIG before it
         */
        void received(String name, int number);
    }

    /**
     * Has a listener hear of these signals, by names without SIG. One that is ignored now stays
     * ignored: whoever started this wants it so, as nohup(1) and a shell's background jobs.
     *
     * @return whether all of them are heard
     */
    public static boolean listen(Listener listener, String... names) {
        try {
            Class<?> type = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object handler =
                    Proxy.newProxyInstance(
                            Signals.class.getClassLoader(),
                            new Class<?>[] {handlerType},
                            (proxy, method, arguments) -> invoked(listener, method, arguments));
            Method handle = type.getMethod("handle", type, handlerType);
            Object ignore = handlerType.getField("SIG_IGN").get(null);
            boolean heard = true;
            for (String name : names) {
                Object signal = type.getConstructor(String.class).newInstance(name);
                Object before = handle.invoke(null, signal, handler);
                if (ignore.equals(before)) {
                    Object unused = handle.invoke(null, signal, before);
                    heard = false;
                }
            }
            return heard;
        } catch (ReflectiveOperationException e) {
            // Part of every JDK. Without it a signal ends the process at once, as by default.
            Log.about("process").error("signals are not handled", e);
            return false;
        }
    }

    /** Stands for the methods of the handler; only {@code handle(Signal)} is ever called. */
    private static @Nullable Object invoked(Listener listener, Method method, Object[] arguments)
            throws ReflectiveOperationException {
        if (method.getName().equals("handle")) {
            Object signal = arguments[0];
            Class<?> type = signal.getClass();
            listener.received(
                    "SIG" + type.getMethod("getName").invoke(signal),
                    (int) type.getMethod("getNumber").invoke(signal));
        }
        return null;
    }
}
