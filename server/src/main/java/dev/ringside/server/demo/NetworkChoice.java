package dev.ringside.server.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What the demo's NIC shall be plugged into. */
enum NetworkChoice {
    /** The first of the others that works here. */
    AUTO,
    /** A TAP of the host: needs root. */
    TAP,
    /** passt: needs that program and a network of the host. */
    PASST,
    /** A switch with a second VM: needs nothing. */
    SWITCH;

    private static final List<NetworkChoice> BY_PREFERENCE = List.of(TAP, PASST, SWITCH);

    /** How it is written. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static List<String> words() {
        return Arrays.stream(values()).map(NetworkChoice::word).toList();
    }

    /**
     * Makes the network.
     *
     * @throws IOException when this machine or this user cannot have it
     */
    DemoNetwork open(final GuestImage guest, final Path work, final DemoReport report)
            throws IOException, InterruptedException {
        return switch (this) {
            case AUTO -> firstThatWorks(guest, work, report);
            case TAP -> TapNetwork.make(work);
            case PASST -> PasstNetwork.start(work);
            case SWITCH -> new SwitchNetwork(guest, work);
        };
    }

    private static DemoNetwork firstThatWorks(
            final GuestImage guest, final Path work, final DemoReport report)
            throws IOException, InterruptedException {
        IOException last = null;
        for (final NetworkChoice choice : BY_PREFERENCE) {
            try {
                return choice.open(guest, work, report);
            } catch (final IOException e) {
                report.host("NIC", "no " + choice.word() + ": " + firstLine(e));
                last = e;
            }
        }
        throw new IOException("no network works here", last);
    }

    private static String firstLine(final IOException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
