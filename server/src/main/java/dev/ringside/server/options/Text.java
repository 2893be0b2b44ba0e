package dev.ringside.server.options;

/** Texts for one line of a terminal. */
public final class Text {
    private Text() {}

    /** Control characters become spaces: a path can contain line ends and escape sequences. */
    public static String oneLine(String text) {
        var clean = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            clean.append(Character.isISOControl(c) ? ' ' : c);
        }
        return clean.toString();
    }

    /** A number with its noun: 1 shard, 2 shards. */
    public static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
