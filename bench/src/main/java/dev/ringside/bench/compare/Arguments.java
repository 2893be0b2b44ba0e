package dev.ringside.bench.compare;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** A command line of {@code --name} and {@code --name=value}. */
record Arguments(List<String> all) {
    /**
     * Rejects every other option.
     *
     * @throws IllegalArgumentException that says what is wrong
     */
    Arguments allow(final Set<String> names) {
        for (final String argument : all) {
            if (!names.contains(name(argument))) {
                throw new IllegalArgumentException("unknown option " + argument);
            }
        }
        return this;
    }

    private static String name(final String argument) {
        return argument.split("=", 2)[0];
    }

    /** One more. */
    Arguments with(final String argument) {
        return new Arguments(Stream.concat(all.stream(), Stream.of(argument)).toList());
    }

    /** All but one option. */
    Arguments without(final String name) {
        return new Arguments(all.stream().filter(each -> !name(each).equals(name)).toList());
    }

    boolean has(final String name) {
        return all.contains(name);
    }

    /** Every value of an option, in order. */
    List<String> values(final String name) {
        return all.stream()
                .filter(argument -> argument.startsWith(name + "="))
                .map(argument -> argument.substring(name.length() + 1))
                .toList();
    }

    /** Every value of an option that takes numbers, or those that hold when it is not there. */
    List<Integer> numbers(final String name, final Integer... otherwise) {
        final List<Integer> values = values(name).stream().map(Integer::valueOf).toList();
        return values.isEmpty() ? List.of(otherwise) : values;
    }

    /** The last value of an option, or one that holds when it is not there. */
    String last(final String name, final String otherwise) {
        final List<String> values = values(name);
        return values.isEmpty() ? otherwise : values.getLast();
    }
}
