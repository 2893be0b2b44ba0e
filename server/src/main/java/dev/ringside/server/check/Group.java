package dev.ringside.server.check;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Collects the checks of one group, in the order in which they run. */
final class Group {
    private final String name;
    private final boolean hostile;
    private final List<Check> checks = new ArrayList<>();

    private Group(String name, boolean hostile) {
        this.name = name;
        this.hostile = hostile;
    }

    /** Of checks that a sound back-end survives and that leave its disks as they are. */
    static Group of(String name) {
        return new Group(name, false);
    }

    /** Of attacks: they run only when asked for. */
    static Group hostile(String name) {
        return new Group(name, true);
    }

    /** Adds a check that every back-end has to pass. */
    Group must(String word, String section, String statement, Probe probe) {
        return add(word, Level.MUST, section, statement, probe);
    }

    /** Adds a check that a good back-end passes. */
    Group should(String word, String section, String statement, Probe probe) {
        return add(word, Level.SHOULD, section, statement, probe);
    }

    private Group add(String word, Level level, String section, String statement, Probe probe) {
        checks.add(new Check(name, name + "." + word, level, section, statement, probe));
        return this;
    }

    /** The group's name, as {@code --only} takes it. */
    String name() {
        return name;
    }

    /** Whether it attacks. */
    boolean isHostile() {
        return hostile;
    }

    /** Its checks. */
    List<Check> checks() {
        return Collections.unmodifiableList(checks);
    }
}
