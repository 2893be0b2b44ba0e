package dev.ringside.server.cli;

import dev.ringside.server.engine.SocketSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Gives the tables of a configuration their meaning and checks them against each other. */
final class ServeParser {
    private static final String FILE_SCHEME = "file:";

    private final String source;
    private final List<ConfigTable> tables;
    private final boolean takingOver;

    private ServeParser(String source, List<ConfigTable> tables, boolean takingOver) {
        this.source = source;
        this.tables = tables;
        this.takingOver = takingOver;
    }

    /**
     * Checks everything that can be checked without opening or making anything.
     *
     * @param source how messages name the configuration
     * @param takingOver whether inherited sockets are another process's
     * @param allowedCpus the processors that this process may use
     */
    static ServeOptions parse(
            String source, List<ConfigTable> tables, boolean takingOver, int[] allowedCpus)
            throws OperatorException {
        return new ServeParser(source, tables, takingOver).options(allowedCpus);
    }

    /** Reads one table. */
    @FunctionalInterface
    private interface TableParser<T> {
        T parse(ConfigTable table) throws OperatorException;
    }

    private ServeOptions options(int[] allowedCpus) throws OperatorException {
        ServerOptions server =
                each(ConfigKind.SERVER, t -> ServerOptions.parse(t.given(takingOver), allowedCpus))
                        .stream()
                        .findFirst()
                        .orElse(ServerOptions.defaults());
        List<BlkOptions> disks = each(ConfigKind.DISK, t -> disk(t, server));
        List<NicOptions> nics =
                each(ConfigKind.NIC, t -> NicParser.parse(named(t).given(takingOver)));
        List<UplinkOptions> uplinks =
                each(ConfigKind.UPLINK, t -> UplinkOptions.parse(t.given(takingOver), nics));
        if (disks.isEmpty() && nics.isEmpty()) {
            throw new OperatorException(
                    source + ": there is nothing to serve: add a [disk.NAME] or a [nic.NAME]");
        }
        refuseSharedNames();
        refuseSharedSockets();
        return new ServeOptions(disks, nics, uplinks, server);
    }

    private BlkOptions disk(ConfigTable table, ServerOptions server) throws OperatorException {
        BlkOptions disk = BlkParser.parse(named(table).given(takingOver), server);
        Path file = file(disk.backend());
        if (!takingOver && file != null && Files.notExists(file)) {
            throw new OperatorException(
                    file + " does not exist: make it first (truncate -s 10G " + file + ")");
        }
        return disk;
    }

    private static @Nullable Path file(String backend) {
        return backend.startsWith(FILE_SCHEME)
                ? Path.of(CommaList.split(backend.substring(FILE_SCHEME.length())).getFirst())
                : null;
    }

    /** A table's name is that of the device. */
    private static ConfigTable named(ConfigTable table) {
        return table.with(Map.of(NetSyntax.NAME, table.name()));
    }

    private <T> List<T> each(ConfigKind kind, TableParser<T> parser) throws OperatorException {
        List<T> parsed = new ArrayList<>();
        for (ConfigTable table : tables) {
            if (table.kind() == kind) {
                try {
                    parsed.add(parser.parse(table));
                } catch (OperatorException e) {
                    throw wrong(table, String.valueOf(e.getMessage()), e);
                }
            }
        }
        return parsed;
    }

    private OperatorException wrong(ConfigTable table, String why, Throwable cause) {
        String line = table.line() == 0 ? "" : ":" + table.line();
        return new OperatorException(source + line + ": " + table.title() + ": " + why, cause);
    }

    /** Metrics and messages know a device by its name alone. */
    private void refuseSharedNames() throws OperatorException {
        refuseTwice(
                "is named like",
                ": give one of them another name, so that metrics tell them apart",
                table -> table.name());
    }

    private void refuseSharedSockets() throws OperatorException {
        refuseTwice(
                "has the same socket as",
                ": give each a socket of its own",
                table ->
                        switch (SocketOptions.parse(table.given(takingOver))) {
                            case SocketSource.Listen listen -> normal(listen.path().toString());
                            case SocketSource.Connect connect -> normal(connect.path().toString());
                            case SocketSource.Inherited inherited -> "fd " + inherited.fdNumber();
                        });
    }

    private static String normal(String path) {
        return Path.of(path).toAbsolutePath().normalize().toString();
    }

    private void refuseTwice(String how, String way, TableParser<String> property)
            throws OperatorException {
        Map<String, ConfigTable> seen = new HashMap<>();
        for (ConfigTable table : tables) {
            if (table.kind() == ConfigKind.DISK || table.kind() == ConfigKind.NIC) {
                ConfigTable other = seen.putIfAbsent(property.parse(table), table);
                if (other != null) {
                    String why = how + " " + other.title() + way;
                    throw wrong(table, why, new IllegalArgumentException(why));
                }
            }
        }
    }
}
