package dev.ringside.server.config;

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
