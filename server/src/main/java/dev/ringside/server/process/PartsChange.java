package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.log.Log;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.upgrade.Inheritance;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One change of what a running process serves. Used once, on one thread. */
final class PartsChange {
    private final Engine engine;
    private final MetricsRegistry registry;
    private final Function<Record, Part> factory;

    PartsChange(Engine engine, @Nullable MetricsRegistry registry, Function<Record, Part> factory) {
        this.engine = engine;
        this.registry = Objects.requireNonNull(registry);
        this.factory = factory;
    }

    /**
     * Changes the parts, in place. What goes makes room first: the same image, socket or TAP may be
     * another part's from then on.
     */
    String run(List<Part> parts, List<? extends Record> wanted)
            throws OperatorException, InterruptedException {
        List<Part> gone = new ArrayList<>();
        parts.stream().filter(part -> !wanted.contains(part.options())).forEach(gone::add);
        Map<Part, Record> adapting = adapting(gone, wanted);
        gone.removeAll(adapting.keySet());
        List<? extends Record> before = parts.stream().map(Part::options).toList();
        List<Part> fresh =
                wanted.stream()
                        .filter(options -> !before.contains(options))
                        .filter(options -> !adapting.containsValue(options))
                        .map(factory)
                        .collect(Collectors.toCollection(ArrayList::new));
        if (gone.isEmpty() && fresh.isEmpty() && adapting.isEmpty()) {
            return "nothing is to be changed";
        }
        // All may go before others come: that is not the end of the process.
        engine.keepServing();
        try {
            remove(parts, gone);
            addAll(parts, fresh, gone);
        } finally {
            engine.serveAsLongAsNeeded();
        }
        adapting.forEach(Part::adapt);
        sort(parts, wanted);
        return text("removed", gone)
                + text("added", fresh)
                + text("changed the limits of", List.copyOf(adapting.keySet()))
                + (parts.size() - fresh.size() - adapting.size())
                + " untouched";
    }

    private static Map<Part, Record> adapting(List<Part> parts, List<? extends Record> wanted) {
        Map<Part, Record> adapting = new LinkedHashMap<>();
        for (Part part : parts) {
            wanted.stream()
                    .filter(part::adapts)
                    .findFirst()
                    .ifPresent(options -> adapting.put(part, options));
        }
        return adapting;
    }

    private void remove(List<Part> parts, List<Part> gone)
            throws OperatorException, InterruptedException {
        List<Part> removed = new ArrayList<>();
        for (Part part : gone) {
            if (!part.detach(engine)) {
                // Host I/O works with its memory: it can neither go on nor be closed.
                parts.remove(part);
                restore(parts, removed);
                throw new OperatorException(
                        part.title()
                                + ": host I/O does not end, so it is served no more and keeps its"
                                + " image; nothing else was changed");
            }
            part.close();
            parts.remove(part);
            removed.add(part);
        }
    }

    private void addAll(List<Part> parts, List<Part> fresh, List<Part> gone)
            throws OperatorException, InterruptedException {
        List<Part> added = new ArrayList<>();
        for (Part part : fresh) {
            try {
                add(parts, part);
                added.add(part);
            } catch (OperatorException | RuntimeException e) {
                for (Part one : added) {
                    takeBack(parts, one);
                }
                restore(parts, gone);
                throw new OperatorException(
                        part.title() + ": " + e.getMessage() + "; nothing was changed", e);
            }
        }
    }

    private void add(List<Part> parts, Part part) throws OperatorException, InterruptedException {
        try {
            part.open(registry, Inheritance.none());
            part.thaw(engine);
            part.attach(engine);
            part.begun();
            parts.add(part);
        } catch (OperatorException | RuntimeException e) {
            takeBack(parts, part);
            throw e;
        }
    }

    private void takeBack(List<Part> parts, Part part) throws InterruptedException {
        parts.remove(part);
        if (part.detach(engine)) {
            part.close();
        }
    }

    /** Serves again what was served before. */
    private void restore(List<Part> parts, List<Part> gone) throws InterruptedException {
        for (Part part : gone) {
            try {
                add(parts, factory.apply(part.options()));
            } catch (OperatorException e) {
                Log.about("reload")
                        .device(part.title())
                        .warn(part.title() + " is served no more: " + e.getMessage());
            }
        }
    }

    private static void sort(List<Part> parts, List<? extends Record> wanted) {
        parts.sort((a, b) -> wanted.indexOf(a.options()) - wanted.indexOf(b.options()));
    }

    private static String text(String what, List<Part> which) {
        return which.isEmpty()
                ? ""
                : what
                        + " "
                        + which.stream().map(Part::title).collect(Collectors.joining(", "))
                        + "; ";
    }
}
