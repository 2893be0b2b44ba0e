package dev.ringside.server.config;

import dev.ringside.server.options.OperatorException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;
import picocli.CommandLine.Model.OptionSpec;

/**
 * A configuration as text (TOML 1.0) and as tables. Every message says where: file, line, table and
 * key. Confined to one thread.
 */
public final class ConfigFile {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    private final String source;
    private final TomlParseResult root;
    private final List<ConfigTable> tables = new ArrayList<>();

    private ConfigFile(String source, TomlParseResult root) {
        this.source = source;
        this.root = root;
    }

    /** Reads a file. */
    public static List<ConfigTable> read(Path file) throws OperatorException {
        try {
            return parse(file.toString(), Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new OperatorException(
                    file + ": there is no such file: name an existing one, or write it first", e);
        } catch (CharacterCodingException e) {
            throw new OperatorException(file + " is not UTF-8: save it as that", e);
        } catch (IOException e) {
            throw new OperatorException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Reads a text.
     *
     * @param source how messages name it
     */
    public static List<ConfigTable> parse(String source, String text) throws OperatorException {
        TomlParseResult root = Toml.parse(text);
        if (root.hasErrors()) {
            TomlParseError first = root.errors().getFirst();
            throw new OperatorException(
                    at(source, first.position()) + first.getMessage() + " (TOML 1.0)", first);
        }
        ConfigFile file = new ConfigFile(source, root);
        file.readAll();
        return List.copyOf(file.tables);
    }

    private static String at(String source, @Nullable TomlPosition position) {
        return position == null ? source + ": " : source + ":" + position.line() + ": ";
    }

    private OperatorException wrong(List<String> path, String why) {
        return new OperatorException(at(source, root.inputPositionOf(path)) + why);
    }

    private void readAll() throws OperatorException {
        for (String word : root.keySet()) {
            ConfigKind kind = ConfigKind.of(word);
            if (kind == null || !(root.get(List.of(word)) instanceof TomlTable table)) {
                throw wrong(
                        List.of(word),
                        "'"
                                + word
                                + "' is no table of a configuration: the tables are "
                                + ConfigKind.tables());
            }
            if (kind == ConfigKind.SERVER) {
                read(kind, List.of(word), "", table);
            } else {
                readNamed(kind, word, table);
            }
        }
    }

    private void readNamed(ConfigKind kind, String word, TomlTable all) throws OperatorException {
        for (String name : all.keySet()) {
            List<String> path = List.of(word, name);
            if (!(all.get(List.of(name)) instanceof TomlTable table)) {
                throw wrong(
                        path,
                        "[%1$s] has no keys of its own: write [%1$s.NAME] before %2$s"
                                .formatted(word, name));
            }
            if (!NAME.matcher(name).matches()) {
                throw wrong(
                        path,
                        "'" + name + "' is not a name of 1 to 64 letters, digits, '.', '_' or '-'");
            }
            read(kind, path, name, table);
        }
    }

    private void read(ConfigKind kind, List<String> path, String name, TomlTable table)
            throws OperatorException {
        Map<String, String> values = new LinkedHashMap<>();
        for (String key : table.keySet()) {
            List<String> where = new ArrayList<>(path);
            where.add(key);
            OptionSpec option = ConfigKeys.option(kind, key);
            if (option == null) {
                throw wrong(
                        where,
                        "["
                                + String.join(".", path)
                                + "] has no key '"
                                + key
                                + "': its keys are "
                                + String.join(", ", ConfigKeys.of(kind)));
            }
            String value = text(where, option, Objects.requireNonNull(table.get(List.of(key))));
            if (value != null) {
                values.put(option.longestName(), value);
            }
        }
        TomlPosition position = root.inputPositionOf(path);
        int line = position == null ? 0 : position.line();
        tables.add(new ConfigTable(kind, name, line, values));
    }

    /** A value as it would be given on a command line; null: a flag that is not set. */
    private @Nullable String text(List<String> where, OptionSpec option, Object value)
            throws OperatorException {
        String key = where.getLast();
        boolean flag = option.typeInfo().isBoolean();
        if (flag && value instanceof Boolean set) {
            return set ? "" : null;
        }
        if (flag || !(value instanceof String || value instanceof Long)) {
            throw wrong(
                    where,
                    flag
                            ? key + " is not true or false"
                            : key + " is neither a \"text\" nor a number without a fraction");
        }
        String text = value.toString();
        if (text.isEmpty() || text.indexOf('\0') >= 0) {
            throw wrong(where, key + " is empty or has a zero byte: give it a value, or leave it");
        }
        return text;
    }

    /** The text of tables; reading it gives the same tables. */
    public static String write(List<ConfigTable> tables) {
        StringBuilder text = new StringBuilder();
        for (ConfigTable table : tables) {
            text.append(text.isEmpty() ? "" : "\n").append(header(table)).append('\n');
            table.values()
                    .forEach(
                            (option, value) ->
                                    text.append(option.substring(2))
                                            .append(" = ")
                                            .append(literal(table.kind(), option, value))
                                            .append('\n'));
        }
        return text.toString();
    }

    private static String header(ConfigTable table) {
        String word = table.kind().word();
        return table.name().isEmpty()
                ? "[" + word + "]"
                : "[" + Toml.joinKeyPath(List.of(word, table.name())) + "]";
    }

    private static String literal(ConfigKind kind, String option, String value) {
        OptionSpec spec = ConfigKeys.option(kind, option.substring(2));
        boolean flag = spec != null && spec.typeInfo().isBoolean();
        return flag ? "true" : "\"" + Toml.tomlEscape(value) + "\"";
    }
}
