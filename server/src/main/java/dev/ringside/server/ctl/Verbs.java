package dev.ringside.server.ctl;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Every verb, in the order of the documents. */
final class Verbs {
    private static final List<Verb> ALL = all0();

    private Verbs() {}

    private static List<Verb> all0() {
        List<Verb> all = new ArrayList<>();
        all.addAll(LookVerbs.all());
        all.add(StatsVerb.verb());
        all.add(RingVerb.verb());
        all.addAll(ConfigVerbs.all());
        all.addAll(DeviceVerbs.all());
        all.addAll(HealthVerbs.all());
        all.add(LimitVerb.verb());
        all.addAll(ProcessVerbs.all());
        return List.copyOf(all);
    }

    static List<Verb> all() {
        return ALL;
    }

    /** The verb of this name; null: there is none. */
    static @Nullable Verb named(String name) {
        return ALL.stream().filter(verb -> verb.name().equals(name)).findFirst().orElse(null);
    }
}
