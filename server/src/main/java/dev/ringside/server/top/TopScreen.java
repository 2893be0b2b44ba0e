package dev.ringside.server.top;

import dev.ringside.shm.Terminal;
import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where frames go: a terminal, whose other screen they fill one after the other, or a stream, that
 * gets all of them.
 */
final class TopScreen implements AutoCloseable {
    private static final String ESCAPE = "\u001b[";
    private static final String OTHER_SCREEN = ESCAPE + "?1049h" + ESCAPE + "?25l";
    private static final String FORMER_SCREEN = ESCAPE + "?25h" + ESCAPE + "?1049l";
    private static final String HOME = ESCAPE + "H";
    private static final String CLEAR_LINE = ESCAPE + "K";
    private static final String CLEAR_REST = ESCAPE + "J";
    private static final Terminal USUAL = new Terminal(24, 80);

    private final PrintStream out;
    private final boolean live;

    /**
     * Begins to show.
     *
     * @param live whether standard output is a terminal to fill again and again
     */
    TopScreen(PrintStream out, boolean live) {
        this.out = out;
        this.live = live;
        if (live) {
            out.print(OTHER_SCREEN);
            out.flush();
        }
    }

    /** Shows one frame in place of the last. */
    void show(List<String> lines) {
        if (live) {
            Terminal now = Terminal.ofOutput();
            out.print(fitted(lines, now == null ? USUAL : now));
        } else {
            lines.forEach(out::println);
        }
        out.flush();
    }

    /** What fits is shown; a line more would scroll, and a column more would wrap. */
    private static String fitted(List<String> lines, @Nullable Terminal terminal) {
        Terminal size = terminal == null || terminal.rows() == 0 ? USUAL : terminal;
        StringBuilder text = new StringBuilder(HOME);
        int shown = Math.min(lines.size(), size.rows());
        for (int i = 0; i < shown; i++) {
            String line = lines.get(i);
            text.append(line, 0, Math.min(line.length(), size.columns())).append(CLEAR_LINE);
            text.append(i + 1 < shown ? "\n" : "");
        }
        return text.append(CLEAR_REST).toString();
    }

    @Override
    public void close() {
        if (live) {
            out.print(FORMER_SCREEN);
            out.flush();
        }
    }
}
