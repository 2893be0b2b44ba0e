package dev.ringside.server.options;

import dev.ringside.server.log.Log;
import dev.ringside.server.log.LogFormat;
import dev.ringside.server.log.LogLevel;

/**
 * What the log is to be like.
 *
 * @param format of lines
 * @param level the least that is written
 */
public record LogOptions(LogFormat format, LogLevel level) {
    /** Checks the options. */
    static LogOptions parse(Given given) throws OperatorException {
        LogOptions byDefault = defaults();
        String format = given.text(ServeSyntax.LOG_FORMAT);
        String level = given.text(ServeSyntax.LOG_LEVEL);
        return new LogOptions(
                format == null
                        ? byDefault.format
                        : LogFormat.of(
                                Values.word(
                                        given.name(ServeSyntax.LOG_FORMAT),
                                        format,
                                        LogFormat.texts())),
                level == null
                        ? byDefault.level
                        : LogLevel.of(
                                Values.word(
                                        given.name(ServeSyntax.LOG_LEVEL),
                                        level,
                                        LogLevel.texts())));
    }

    /** Text, without what is for debugging. */
    public static LogOptions defaults() {
        return new LogOptions(LogFormat.TEXT, LogLevel.INFO);
    }

    /** From now on the process's log is so. */
    public void apply() {
        Log.format(format);
        Log.level(level);
    }
}
