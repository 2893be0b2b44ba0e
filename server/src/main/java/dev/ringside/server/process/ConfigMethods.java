package dev.ringside.server.process;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.ringside.server.config.ConfigFile;
import dev.ringside.server.config.ConfigTable;
import dev.ringside.server.control.Method;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.engine.Engine;
import dev.ringside.server.options.OperatorException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The methods that change which devices a process serves. Any thread. */
final class ConfigMethods {
    private final Engine engine;
    private final Served served;

    private ConfigMethods(ControlSocket.Context context) {
        engine = context.engine();
        served = context.served();
    }

    static List<Method<?>> of(ControlSocket.Context context) {
        ConfigMethods methods = new ConfigMethods(context);
        return List.of(
                Method.read(
                        "config.show",
                        Method.None.class,
                        "The configuration that is served now.",
                        none -> methods.show()),
                Method.change(
                        "config.apply",
                        Apply.class,
                        "Serves another configuration, in one step, or the file as it is now.",
                        methods::apply),
                Method.change(
                        "device.add",
                        Add.class,
                        "Serves more disks, NICs or uplinks.",
                        methods::add),
                Method.change(
                        "device.remove",
                        Remove.class,
                        "Serves a disk, NIC or uplink no more.",
                        methods::remove));
    }

    /**
     * What is served now.
     *
     * @param file where the configuration was read
     * @param toml the tables that are served
     * @param added those that were added since, by their headers: {@code [disk.scratch]}
     */
    record Shown(String file, String toml, Set<String> added) {}

    /**
     * What to serve.
     *
     * @param toml a whole configuration; null: the process reads its file again
     * @param keepAdded whether what was added at run time stays
     */
    record Apply(@Nullable String toml, boolean keepAdded) {}

    /**
     * What to serve besides.
     *
     * @param toml tables as in a configuration
     */
    record Add(@JsonProperty(required = true) String toml) {}

    /**
     * What to serve no more.
     *
     * @param name of the disk, NIC or uplink
     * @param force also while a front-end is connected, which is hung up on
     */
    record Remove(@JsonProperty(required = true) String name, boolean force) {}

    /**
     * What was done.
     *
     * @param done a sentence
     */
    record Done(String done) {}

    private Reload configuration() throws OperatorException {
        Reload configuration = served.configuration();
        if (configuration == null) {
            throw new OperatorException(
                    "this process serves what its command line says: to add and remove devices"
                            + " while it runs, start it with 'ringside serve CONFIG.toml'");
        }
        return configuration;
    }

    private Shown show() throws RpcException {
        try {
            return configuration().show();
        } catch (OperatorException e) {
            throw RpcException.refused(String.valueOf(e.getMessage()));
        }
    }

    private Done apply(Apply wanted) throws RpcException, InterruptedException {
        return Changes.make(
                served,
                () -> {
                    Reload configuration = configuration();
                    String toml = wanted.toml();
                    return new Done(
                            configuration.apply(
                                    engine,
                                    toml == null
                                            ? configuration.readFile()
                                            : ConfigFile.parse("the configuration given", toml),
                                    wanted.keepAdded()));
                });
    }

    private Done add(Add wanted) throws RpcException, InterruptedException {
        return Changes.make(
                served,
                () -> {
                    List<ConfigTable> more = new ArrayList<>();
                    for (ConfigTable table : ConfigFile.parse("what is added", wanted.toml())) {
                        more.add(table.nowhere());
                    }
                    return new Done(configuration().add(engine, more));
                });
    }

    private Done remove(Remove wanted) throws RpcException, InterruptedException {
        return Changes.make(
                served,
                () -> {
                    Reload configuration = configuration();
                    if (!wanted.force() && connected(wanted.name())) {
                        throw new OperatorException(
                                wanted.name()
                                        + " has a front-end, which would lose its device: detach it"
                                        + " there first, or force it");
                    }
                    return new Done(configuration.remove(engine, wanted.name()));
                });
    }

    private boolean connected(String name) throws InterruptedException {
        return engine.status().stream()
                .anyMatch(device -> device.device().equals(name) && device.connected());
    }
}
