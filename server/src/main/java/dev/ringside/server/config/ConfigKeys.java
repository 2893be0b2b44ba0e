package dev.ringside.server.config;

import dev.ringside.server.options.BlkSyntax;
import dev.ringside.server.options.Capabilities;
import dev.ringside.server.options.NetSyntax;
import dev.ringside.server.options.NicParser;
import dev.ringside.server.options.RateOptions;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.Syntax;
import dev.ringside.server.options.UplinkOptions;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The keys of a configuration's tables: the options of command lines without dashes. */
public final class ConfigKeys {
    private static final int DASHES = 2;
    private static final Map<ConfigKind, Map<String, OptionSpec>> KEYS = keys();

    private ConfigKeys() {}

    /** The option behind a key; null: there is no such key. */
    static @Nullable OptionSpec option(ConfigKind kind, String key) {
        return Objects.requireNonNull(KEYS.get(kind)).get(key);
    }

    /** What may stand in a kind's tables, in the order of the documents. */
    public static Set<String> of(ConfigKind kind) {
        return Objects.requireNonNull(KEYS.get(kind)).keySet();
    }

    private static Map<ConfigKind, Map<String, OptionSpec>> keys() {
        Map<ConfigKind, Map<String, OptionSpec>> keys = new EnumMap<>(ConfigKind.class);
        keys.put(ConfigKind.SERVER, byKey(serverOptions()));
        keys.put(ConfigKind.DISK, byKey(diskOptions()));
        keys.put(ConfigKind.NIC, byKey(nicOptions()));
        keys.put(ConfigKind.UPLINK, byKey(uplinkOptions()));
        keys.put(ConfigKind.LIMIT_GROUP, byKey(limitGroupOptions()));
        return keys;
    }

    private static Map<String, OptionSpec> byKey(List<OptionSpec> options) {
        Map<String, OptionSpec> keys = new LinkedHashMap<>();
        options.forEach(option -> keys.put(option.longestName().substring(DASHES), option));
        return keys;
    }

    private static List<OptionSpec> serverOptions() {
        CommandSpec spec = Syntax.spec();
        ServeSyntax.addThreads(spec);
        ServeSyntax.addRest(spec);
        return spec.options().stream()
                .filter(option -> !option.usageHelp())
                .filter(option -> !option.longestName().equals(Capabilities.OPTION))
                .toList();
    }

    /** What is said of one disk: neither of the process nor of help. */
    private static List<OptionSpec> diskOptions() {
        Set<String> server =
                Set.copyOf(serverOptions().stream().map(OptionSpec::longestName).toList());
        List<OptionSpec> rest = new ArrayList<>();
        for (OptionSpec option : BlkSyntax.commandLine().getCommandSpec().options()) {
            String own = option.longestName();
            boolean asks = option.usageHelp() || own.equals(Capabilities.OPTION);
            if (!server.contains(own) && !asks && !own.equals(BlkSyntax.NAME)) {
                rest.add(option);
            }
        }
        CommandSpec more = Syntax.spec();
        ServeSyntax.text(more, BlkSyntax.LIMIT_GROUP, "NAME", "");
        rest.addAll(more.options());
        return rest;
    }

    private static List<OptionSpec> limitGroupOptions() {
        CommandSpec spec = Syntax.spec();
        RateOptions.add(spec);
        return spec.options();
    }

    private static List<OptionSpec> nicOptions() {
        return NetSyntax.commandLine().getCommandSpec().options().stream()
                .filter(option -> NicParser.OPTIONS.contains(option.longestName()))
                .filter(option -> !option.longestName().equals(NetSyntax.NAME))
                .toList();
    }

    private static List<OptionSpec> uplinkOptions() {
        CommandSpec spec = Syntax.spec();
        ServeSyntax.text(spec, NetSyntax.PORT, "URI", "");
        for (String key : UplinkOptions.KEYS) {
            ServeSyntax.text(spec, "--" + key, "TEXT", "");
        }
        return spec.options();
    }
}
