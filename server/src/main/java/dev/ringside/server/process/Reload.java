package dev.ringside.server.process;

import dev.ringside.server.config.ConfigFile;
import dev.ringside.server.config.ConfigKind;
import dev.ringside.server.config.ConfigTable;
import dev.ringside.server.config.ServeParser;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.engine.SlowWork;
import dev.ringside.server.log.Log;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeOptions;
import dev.ringside.server.options.ServerOptions;
import dev.ringside.shm.CpuAffinity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The configuration that a process serves, and what SIGHUP and the control socket do to it. Who
 * changes it {@link ServedTogether#hold holds} what is served. Any thread.
 */
public final class Reload {
    private final Path file;
    private final ServerOptions server;
    private final SlowWork thread = new SlowWork("ringside-reload");
    private volatile State state;
    private @Nullable ServedTogether served;

    /**
     * What is served.
     *
     * @param tables all of it
     * @param added headers of those that the file does not have
     */
    private record State(List<ConfigTable> tables, Set<String> added) {}

    /**
     * A configuration that is about to be served.
     *
     * @param file where it will be read again
     * @param added headers of tables that were added while another process served them
     */
    public Reload(Path file, List<ConfigTable> tables, Set<String> added, ServerOptions server) {
        this.file = file;
        this.server = server;
        state = new State(List.copyOf(tables), Set.copyOf(added));
    }

    /**
     * What the process that takes over is told: the configuration itself, what was added to it, and
     * where it was.
     */
    public CommandText command() {
        State now = state;
        return new CommandText(
                CommandText.SERVE,
                List.of(
                        ConfigFile.write(now.tables()),
                        String.join(" ", now.added()),
                        file.toAbsolutePath().toString()));
    }

    /** The configuration now, for people. */
    ConfigMethods.Shown show() {
        State now = state;
        return new ConfigMethods.Shown(
                file.toString(), ConfigFile.write(now.tables()), now.added());
    }

    /** Reads the file again at each SIGHUP from now on. */
    void listen(Engine engine, ServedTogether changing) {
        served = changing;
        if (!Signals.listen((name, number) -> thread.execute(() -> tellOutcome(engine)), "HUP")) {
            Log.about("reload")
                    .warn(
                            "SIGHUP was ignored at the start (nohup), so "
                                    + file
                                    + " cannot be reloaded by it: start without nohup, for example"
                                    + " with setsid, or give --control-socket and use 'ringside ctl"
                                    + " apply'");
        }
    }

    private void tellOutcome(Engine engine) {
        try {
            Log.about("reload").info("reloaded " + file + ": " + run(engine));
        } catch (OperatorException e) {
            Log.about("reload").warn("not reloaded: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            Log.about("reload").error("not reloaded, please report this", e);
        }
    }

    private String run(Engine engine) throws OperatorException, InterruptedException {
        ServedTogether changing = Objects.requireNonNull(served);
        Changes.hold(changing);
        try {
            return apply(engine, readFile(), false);
        } finally {
            changing.release();
        }
    }

    /** The file's tables as they are now. */
    List<ConfigTable> readFile() throws OperatorException {
        refuseInSandbox();
        return ConfigFile.read(file);
    }

    /**
     * Serves other tables, all of them or none.
     *
     * @param keepAdded whether what was added stays
     * @return what was done, for the operator
     */
    String apply(Engine engine, List<ConfigTable> next, boolean keepAdded)
            throws OperatorException, InterruptedException {
        State now = state;
        List<ConfigTable> all = new ArrayList<>(next);
        Set<String> titles = titles(next);
        if (keepAdded) {
            now.tables().stream()
                    .filter(table -> now.added().contains(table.title()))
                    .filter(table -> !titles.contains(table.title()))
                    .forEach(all::add);
        }
        Set<String> added = new LinkedHashSet<>(keepAdded ? now.added() : Set.of());
        added.removeAll(titles);
        return change(engine, new State(List.copyOf(all), Set.copyOf(added)));
    }

    /** Serves more tables. */
    String add(Engine engine, List<ConfigTable> more)
            throws OperatorException, InterruptedException {
        State now = state;
        Set<String> titles = titles(now.tables());
        for (ConfigTable table : more) {
            if (table.kind() == ConfigKind.SERVER || titles.contains(table.title())) {
                throw new OperatorException(
                        table.title()
                                + (table.kind() == ConfigKind.SERVER
                                        ? " cannot be added: it is the process's own"
                                        : " is served already: give it another name"));
            }
        }
        List<ConfigTable> all = new ArrayList<>(now.tables());
        all.addAll(more);
        Set<String> added = new LinkedHashSet<>(now.added());
        added.addAll(titles(more));
        return change(engine, new State(List.copyOf(all), Set.copyOf(added)));
    }

    /** Serves the table of this name no more. */
    String remove(Engine engine, String name) throws OperatorException, InterruptedException {
        State now = state;
        List<ConfigTable> rest = new ArrayList<>(now.tables());
        if (name.isEmpty() || !rest.removeIf(table -> table.name().equals(name))) {
            throw new OperatorException(
                    "there is no disk, NIC or uplink "
                            + name
                            + ": there are "
                            + now.tables().stream()
                                    .map(ConfigTable::name)
                                    .filter(one -> !one.isEmpty())
                                    .collect(Collectors.joining(", ")));
        }
        Set<String> added = new LinkedHashSet<>(now.added());
        added.retainAll(titles(rest));
        return change(engine, new State(List.copyOf(rest), Set.copyOf(added)));
    }

    private static Set<String> titles(List<ConfigTable> tables) {
        return tables.stream()
                .map(ConfigTable::title)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** Not even the file can be read there, which would be a riddle as a message. */
    private void refuseInSandbox() throws OperatorException {
        if (server.sandbox()) {
            throw new OperatorException(
                    file
                            + ": this process is in the sandbox, where nothing can be opened any"
                            + " more: restart it");
        }
    }

    private String change(Engine engine, State next)
            throws OperatorException, InterruptedException {
        refuseInSandbox();
        ServeOptions options =
                ServeParser.parse(file.toString(), next.tables(), false, CpuAffinity.allowed());
        if (!options.server().equals(server)) {
            throw new OperatorException(
                    file
                            + ": [server] is not as it was: threads, metrics and the control socket"
                            + " stay as long as the process; put it back, or upgrade or restart");
        }
        String done = Objects.requireNonNull(served).change(options.parts(), engine);
        state = next;
        return done;
    }
}
