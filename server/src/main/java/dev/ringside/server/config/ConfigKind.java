package dev.ringside.server.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The kinds of tables that a configuration has. */
public enum ConfigKind {
    /** What belongs to the process: {@code [server]}, at most one. */
    SERVER("server"),

    /** A disk: {@code [disk.NAME]}. */
    DISK("disk"),

    /** A NIC: {@code [nic.NAME]}. */
    NIC("nic"),

    /** A port of the host on a switch: {@code [uplink.NAME]}. */
    UPLINK("uplink"),

    /** Limits that disks share: {@code [limit-group.NAME]}. */
    LIMIT_GROUP("limit-group");

    private final String word;

    ConfigKind(String word) {
        this.word = word;
    }

    /** All tables that there may be, for people. */
    public static String tables() {
        List<String> titles = new ArrayList<>();
        for (ConfigKind kind : values()) {
            titles.add("[" + kind.word + (kind == SERVER ? "]" : ".NAME]"));
        }
        String last = titles.removeLast();
        return String.join(", ", titles) + " and " + last;
    }

    /** The kind that a table's first name says; null: there is none. */
    static @Nullable ConfigKind of(String word) {
        for (ConfigKind kind : values()) {
            if (kind.word.equals(word)) {
                return kind;
            }
        }
        return null;
    }

    /** How its tables begin. */
    public String word() {
        return word;
    }
}
