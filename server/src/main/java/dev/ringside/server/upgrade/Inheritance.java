package dev.ringside.server.upgrade;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a process was handed over to open its things with; empty at an ordinary start. */
public final class Inheritance {
    private final Map<String, Resource> resources = new HashMap<>();

    private Inheritance(List<Resource> given) {
        given.forEach(resource -> resources.put(resource.name(), resource));
    }

    /** Nothing: everything is opened anew. */
    public static Inheritance none() {
        return new Inheritance(List.of());
    }

    /** What the process before had open. */
    public static Inheritance of(List<Resource> resources) {
        return new Inheritance(resources);
    }

    /** Hands a resource to who uses it from now on; null: it was not handed over. */
    public @Nullable Resource take(String name) {
        return resources.remove(name);
    }
}
