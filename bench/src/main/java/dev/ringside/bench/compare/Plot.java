package dev.ringside.bench.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Lines over a linear axis and under a logarithmic one, as an SVG image. One thread. */
final class Plot {
    private static final int WIDTH = 720;
    private static final int HEIGHT = 420;
    private static final int LEFT = 70;
    private static final int RIGHT = 20;
    private static final int TOP = 40;
    private static final int BOTTOM = 60;
    private static final int TICKS = 5;
    private static final int LEGEND_STEP = 18;

    // Those that the colour-blind can tell apart; p50 and p99 of a back-end are alike.
    private static final String[] COLOURS = {"#0072b2", "#0072b2", "#d55e00", "#d55e00"};

    private final String title;
    private final String across;
    private final String up;
    private final List<Line> lines = new ArrayList<>();

    @SuppressWarnings("ArrayRecordComponent") // drawn, never compared
    private record Line(String name, double[] x, double[] y) {}

    /**
     * @param across what the horizontal axis is
     * @param up what the vertical one is; only what is above 0 can be drawn
     */
    Plot(final String title, final String across, final String up) {
        this.title = title;
        this.across = across;
        this.up = up;
    }

    /** Adds a line of as many points as both have. */
    void add(final String name, final double[] x, final double[] y) {
        lines.add(new Line(name, x, y));
    }

    /** All of it. */
    String svg() {
        final StringBuilder svg = new StringBuilder();
        append(
                svg,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
                        + " font-family=\"sans-serif\" font-size=\"12\">",
                WIDTH,
                HEIGHT);
        append(svg, "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>", WIDTH, HEIGHT);
        append(svg, "<text x=\"%d\" y=\"24\" font-size=\"15\">%s</text>", LEFT, escape(title));
        final double right = Math.max(most(lines.stream().map(Line::x).toList()), 1e-9);
        final double top = Math.ceil(Math.log10(most(lines.stream().map(Line::y).toList())));
        final double bottom = Math.floor(Math.log10(least(lines.stream().map(Line::y).toList())));
        final Scale scale = new Scale(right, bottom, Math.max(top, bottom + 1));
        axes(svg, scale);
        for (int i = 0; i < lines.size(); i++) {
            line(svg, i, scale);
        }
        return svg.append("</svg>\n").toString();
    }

    private record Scale(double right, double bottom, double top) {
        double x(final double value) {
            return LEFT + value / right * (WIDTH - LEFT - RIGHT);
        }

        double y(final double value) {
            final double share = (Math.log10(value) - bottom) / (top - bottom);
            return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
        }
    }

    private void axes(final StringBuilder svg, final Scale scale) {
        for (double power = scale.bottom; power <= scale.top; power++) {
            final double value = Math.pow(10, power);
            final double y = scale.y(value);
            append(
                    svg,
                    "<path d=\"M%d %.1fH%d\" stroke=\"#ccc\"/>"
                            + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
                    LEFT,
                    y,
                    WIDTH - RIGHT,
                    LEFT - 6,
                    y + 4,
                    power < 0 ? Double.toString(value) : Long.toString((long) value));
        }
        for (int i = 0; i <= TICKS; i++) {
            final double value = scale.right * i / TICKS;
            append(
                    svg,
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>",
                    scale.x(value),
                    HEIGHT - BOTTOM + 18,
                    value);
        }
        append(
                svg,
                "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                (LEFT + WIDTH - RIGHT) / 2,
                HEIGHT - BOTTOM + 42,
                escape(across));
        append(
                svg,
                "<text transform=\"translate(16 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>",
                HEIGHT / 2,
                escape(up));
    }

    private void line(final StringBuilder svg, final int i, final Scale scale) {
        final Line line = lines.get(i);
        final String stroke =
                "stroke=\"%s\" stroke-width=\"2\"%s"
                        .formatted(
                                COLOURS[i % COLOURS.length],
                                i % 2 == 1 ? " stroke-dasharray=\"6 4\"" : "");
        final StringBuilder points = new StringBuilder();
        for (int p = 0; p < line.x.length; p++) {
            points.append(
                    String.format(
                            Locale.ROOT, "%.1f,%.1f ", scale.x(line.x[p]), scale.y(line.y[p])));
        }
        append(svg, "<polyline fill=\"none\" %s points=\"%s\"/>", stroke, points.toString().trim());
        final int y = TOP + 8 + i * LEGEND_STEP;
        append(
                svg,
                "<path d=\"M%d %dh30\" %s/><text x=\"%d\" y=\"%d\">%s</text>",
                LEFT + 12,
                y,
                stroke,
                LEFT + 50,
                y + 4,
                escape(line.name));
    }

    private static double most(final List<double[]> values) {
        return values.stream().flatMapToDouble(Arrays::stream).max().orElse(1);
    }

    private static double least(final List<double[]> values) {
        return values.stream().flatMapToDouble(Arrays::stream).min().orElse(1);
    }

    private static String escape(final String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;");
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
    private static void append(
            final StringBuilder svg, final String format, final Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
