package dev.ringside.server.process;

import dev.ringside.server.config.ConfigFile;
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
import java.util.List;

/** The configuration that a process serves, and what SIGHUP does to it. Any thread. */
public final class Reload {
    private final Path file;
    private final ServerOptions server;
    private final SlowWork thread = new SlowWork("ringside-reload");
    private volatile List<ConfigTable> tables;

    /**
     * A configuration that is about to be served.
     *
     * @param file where it will be read again
     */
    public Reload(Path file, List<ConfigTable> tables, ServerOptions server) {
        this.file = file;
        this.tables = List.copyOf(tables);
        this.server = server;
    }

    /** What the process that takes over is told: the configuration itself, and where it was. */
    public CommandText command() {
        String path = file.toAbsolutePath().toString();
        return new CommandText(CommandText.SERVE, List.of(ConfigFile.write(tables), path));
    }

    /** Reads the file again at each SIGHUP from now on. */
    void listen(Engine engine, ServedTogether served) {
        if (!Signals.listen(
                (name, number) -> thread.execute(() -> tellOutcome(engine, served)), "HUP")) {
            Log.about("reload")
                    .warn(
                            "SIGHUP was ignored at the start (nohup), so "
                                    + file
                                    + " cannot be reloaded: start without nohup, for example with"
                                    + " setsid");
        }
    }

    private void tellOutcome(Engine engine, ServedTogether served) {
        try {
            Log.about("reload").info("reloaded " + file + ": " + run(engine, served));
        } catch (OperatorException e) {
            Log.about("reload").warn("not reloaded: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            Log.about("reload").error("not reloaded, please report this", e);
        }
    }

    private String run(Engine engine, ServedTogether served)
            throws OperatorException, InterruptedException {
        if (server.sandbox()) {
            throw new OperatorException(
                    file
                            + ": this process is in the sandbox, where nothing can be opened any"
                            + " more: restart it");
        }
        List<ConfigTable> next = ConfigFile.read(file);
        ServeOptions options =
                ServeParser.parse(file.toString(), next, false, CpuAffinity.allowed());
        if (!options.server().equals(server)) {
            throw new OperatorException(
                    file
                            + ": [server] is not as it was: threads, metrics and the control socket"
                            + " stay as long as the process; put it back, or upgrade or restart");
        }
        if (!served.hold()) {
            throw new OperatorException("another process is taking over: try again after that");
        }
        try {
            String done = served.change(options.parts(), engine);
            tables = List.copyOf(next);
            return done;
        } finally {
            served.release();
        }
    }
}
