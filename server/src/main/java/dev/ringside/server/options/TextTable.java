package dev.ringside.server.options;

import java.util.ArrayList;
import java.util.List;

/** Lines of columns for a terminal, each column as wide as its widest text. */
public final class TextTable {
    private static final String GAP = "  ";

    private final List<String[]> rows = new ArrayList<>();

    /** With the heads of its columns. */
    public TextTable(String... heads) {
        rows.add(heads);
    }

    /** Adds a row of as many texts as there are heads. */
    public void add(String... texts) {
        rows.add(texts);
    }

    /** All of it, one row a line. */
    public String text() {
        StringBuilder text = new StringBuilder();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                line.append(row[i]).append(" ".repeat(width(i) - row[i].length())).append(GAP);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    private int width(int column) {
        return rows.stream().mapToInt(row -> row[column].length()).max().orElse(0);
    }
}
