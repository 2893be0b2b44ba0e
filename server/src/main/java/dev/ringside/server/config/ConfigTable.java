package dev.ringside.server.config;

import dev.ringside.server.options.Given;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One table of a configuration.
 *
 * @param kind what it is about
 * @param name of the disk, NIC or uplink; empty for the process
 * @param line where it stands in its file, from 1; 0: it stands nowhere
 * @param values texts by the long names of options, as on a command line; a flag's is empty
 */
public record ConfigTable(ConfigKind kind, String name, int line, Map<String, String> values) {
    /** The command that a configuration is for. */
    public static final String COMMAND = "ringside serve";

    public ConfigTable {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /** How it is written: {@code [disk.root]}. */
    public String title() {
        return name.isEmpty() ? "[" + kind.word() + "]" : "[" + kind.word() + "." + name + "]";
    }

    /** The same as it was not read from the file. */
    public ConfigTable nowhere() {
        return new ConfigTable(kind, name, 0, values);
    }

    /** The same with other values. */
    public ConfigTable with(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(values);
        all.putAll(more);
        return new ConfigTable(kind, name, line, all);
    }

    /** The same options, as a parser of command lines sees them. */
    Given given(boolean takingOver) {
        return Given.of(COMMAND, values, takingOver);
    }
}
