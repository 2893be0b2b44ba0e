package dev.ringside.server.config;

import dev.ringside.server.engine.SocketSource;
import dev.ringside.server.options.BlkOptions;
import dev.ringside.server.options.BlkParser;
import dev.ringside.server.options.CommaList;
import dev.ringside.server.options.LimitGroupOptions;
import dev.ringside.server.options.NetSyntax;
import dev.ringside.server.options.NicOptions;
import dev.ringside.server.options.NicParser;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeOptions;
import dev.ringside.server.options.ServerOptions;
import dev.ringside.server.options.UplinkOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Gives the tables of a configuration their meaning and checks them against each other. */
public final class ServeParser {
    private final String source;
    private final List<ConfigTable> tables;
    private final boolean takingOver;
    private final Map<String, ConfigTable> names = new HashMap<>();
    private final Map<String, ConfigTable> sockets = new HashMap<>();
    private final Set<String> limitGroups = new HashSet<>();

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
    public static ServeOptions parse(
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
        List<LimitGroupOptions> groups = each(ConfigKind.LIMIT_GROUP, this::limitGroup);
        List<BlkOptions> disks = each(ConfigKind.DISK, t -> disk(t, server));
        List<NicOptions> nics = each(ConfigKind.NIC, this::nic);
        List<UplinkOptions> uplinks =
                each(ConfigKind.UPLINK, t -> UplinkOptions.parse(t.given(takingOver), nics));
        if (disks.isEmpty() && nics.isEmpty()) {
            throw new OperatorException(
                    source + ": there is nothing to serve: add a [disk.NAME] or a [nic.NAME]");
        }
        return new ServeOptions(disks, nics, uplinks, groups, server);
    }

    private LimitGroupOptions limitGroup(ConfigTable table) throws OperatorException {
        claimName(table);
        limitGroups.add(table.name());
        return LimitGroupOptions.parse(table.name(), table.given(takingOver));
    }

    private BlkOptions disk(ConfigTable table, ServerOptions server) throws OperatorException {
        BlkOptions disk = BlkParser.parse(named(table).given(takingOver), server);
        Path file = file(disk.backend());
        if (!takingOver && file != null && Files.notExists(file)) {
            throw new OperatorException(
                    file + " does not exist: make it first (truncate -s 10G " + file + ")");
        }
        String group = disk.limitGroup();
        if (group != null && !limitGroups.contains(group)) {
            throw new OperatorException(
                    "limit-group="
                            + group
                            + ": there is no [limit-group."
                            + group
                            + "]: add that table, or leave the key out");
        }
        claim(table, disk.source());
        return disk;
    }

    private NicOptions nic(ConfigTable table) throws OperatorException {
        NicOptions nic = NicParser.parse(named(table).given(takingOver));
        claim(table, nic.source());
        return nic;
    }

    private static @Nullable Path file(String backend) {
        return backend.startsWith(BlkParser.FILE_SCHEME)
                ? Path.of(
                        CommaList.split(backend.substring(BlkParser.FILE_SCHEME.length()))
                                .getFirst())
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

    /** Metrics and messages know a device by its name alone, front-ends by its socket. */
    private void claim(ConfigTable table, SocketSource socket) throws OperatorException {
        claimName(table);
        ConfigTable other = sockets.putIfAbsent(identity(socket), table);
        if (other != null) {
            throw new OperatorException(
                    "has the same socket as " + other.title() + ": give each a socket of its own");
        }
    }

    private void claimName(ConfigTable table) throws OperatorException {
        ConfigTable other = names.putIfAbsent(table.name(), table);
        if (other != null) {
            throw new OperatorException(
                    "is named like "
                            + other.title()
                            + ": give one of them another name, so that metrics tell them apart");
        }
    }

    private static String identity(SocketSource socket) {
        return switch (socket) {
            case SocketSource.Listen listen -> normal(listen.path());
            case SocketSource.Connect connect -> normal(connect.path());
            case SocketSource.Inherited inherited -> "fd " + inherited.fdNumber();
        };
    }

    private static String normal(Path path) {
        return path.toAbsolutePath().normalize().toString();
    }
}
