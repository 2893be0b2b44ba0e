package dev.ringside.server.ctl;

import dev.ringside.server.control.RpcException;
import dev.ringside.server.options.OperatorException;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Something that {@code ringside ctl} does.
 *
 * @param name its word
 * @param words what must or may follow, as it is written in a synopsis: {@code NAME} or {@code
 *     [NAME]}
 * @param description sentences
 * @param options adds its own
 * @param action does it
 */
record Verb(
        String name,
        List<String> words,
        String description,
        Consumer<CommandSpec> options,
        Action action) {
    Verb {
        words = List.copyOf(words);
    }

    /** Carries a verb out. */
    @FunctionalInterface
    interface Action {
        /**
         * Asks the process and prints what it said.
         *
         * @return the exit status
         * @throws RpcException when the process refused
         * @throws IOException when it hung up, or does not answer
         * @throws OperatorException when what was given makes no sense
         */
        int run(Call call)
                throws RpcException, IOException, OperatorException, InterruptedException;
    }

    /** One without options. */
    static Verb of(String name, List<String> words, String description, Action action) {
        return new Verb(name, words, description, spec -> {}, action);
    }

    /** How few words must follow. */
    int least() {
        return (int) words.stream().filter(word -> !word.startsWith("[")).count();
    }

    /** How many words may follow; many when the last one ends in dots. */
    int most() {
        boolean many = !words.isEmpty() && words.getLast().endsWith("...]");
        return many ? Integer.MAX_VALUE : words.size();
    }
}
