package dev.ringside.server.check;

/**
 * A statement about back-ends.
 *
 * @param group what it is about; also the first part of its name
 * @param name unique, {@code group.word}
 * @param level how much it weighs
 * @param section where the specifications say so
 * @param statement what holds for a back-end as it has to be
 * @param probe how to try it
 */
record Check(
        String group, String name, Level level, String section, String statement, Probe probe) {}
