package dev.ringside.server.control;

import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The methods of a control socket, by name; {@code control.version} and {@code control.methods} are
 * among them. Made before the first client is served, then not changed any more.
 */
public final class Methods {
    /**
     * Version of what is documented in docs/control.md. It grows when a method goes, or means
     * something else; not when one is added.
     */
    public static final int PROTOCOL = 1;

    private final Map<String, Method<?>> methods = new TreeMap<>();

    /**
     * What every process answers.
     *
     * @param version of the program
     */
    public Methods(String version) {
        add(
                Method.read(
                        "control.version",
                        Method.None.class,
                        "The version of this protocol, the program's, and its process id.",
                        none -> new Version(PROTOCOL, version, ProcessHandle.current().pid())));
        add(
                Method.read(
                        "control.methods",
                        Method.None.class,
                        "Every method, with its parameters and who may call it.",
                        none -> methods.values().stream().map(Methods::describe).toList()));
    }

    /**
     * Result of {@code control.version}.
     *
     * @param protocol see {@link #PROTOCOL}
     * @param version of the program
     * @param pid the process
     */
    public record Version(int protocol, String version, long pid) {}

    /**
     * One of the results of {@code control.methods}.
     *
     * @param name the method
     * @param access {@code read} or {@code change}
     * @param parameters types by names
     * @param summary a sentence
     */
    public record Description(
            String name, String access, Map<String, String> parameters, String summary) {}

    /** Adds methods. A name is given once. */
    public void add(List<Method<?>> more) {
        more.forEach(this::add);
    }

    private void add(Method<?> method) {
        if (methods.put(method.name(), method) != null) {
            throw new IllegalArgumentException("two methods are called " + method.name());
        }
    }

    /** All, in the order of their names. */
    public Collection<Method<?>> all() {
        return Collections.unmodifiableCollection(methods.values());
    }

    /**
     * What serves one client.
     *
     * @param access what it may do
     * @param others answers methods that are not here, to who may change everything
     */
    public ControlSession session(Access access, ControlSession others) {
        return new MethodSession(methods, access, others);
    }

    private static Description describe(Method<?> method) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (RecordComponent component : method.parameters().getRecordComponents()) {
            parameters.put(component.getName(), component.getType().getSimpleName());
        }
        return new Description(method.name(), method.access().text(), parameters, method.summary());
    }
}
