package dev.ringside.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** An image that browsers can read, with its points where they belong. */
final class PlotTest {
    private static Document parse(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
    }

    private static double[][] points(Document svg, int line) {
        Element polyline = (Element) svg.getElementsByTagName("polyline").item(line);
        String[] pairs = polyline.getAttribute("points").split(" ", -1);
        double[][] points = new double[pairs.length][];
        for (int i = 0; i < pairs.length; i++) {
            String[] numbers = pairs[i].split(",", -1);
            points[i] =
                    new double[] {Double.parseDouble(numbers[0]), Double.parseDouble(numbers[1])};
        }
        return points;
    }

    @Test
    void shouldDrawEachLineByItsScale() throws Exception {
        Plot plot = new Plot("a < b & c", "rate", "time");
        plot.add("one", new double[] {0, 50, 100}, new double[] {1, 10, 100});
        plot.add("two", new double[] {100}, new double[] {2});

        Document svg = parse(plot.svg());

        double[][] one = points(svg, 0);
        assertEquals(3, one.length);
        assertEquals(one[1][0] - one[0][0], one[2][0] - one[1][0], 0.2, "linear across");
        assertEquals(one[0][1] - one[1][1], one[1][1] - one[2][1], 0.2, "logarithmic up");
        assertTrue(one[0][1] > one[2][1], "more is higher");
        assertEquals(1, points(svg, 1).length);
        assertTrue(plot.svg().contains("a &lt; b &amp; c"));
    }

    @Test
    void shouldDrawAxesWhenNobodyKeptUp() throws Exception {
        Plot plot = new Plot("nothing", "rate", "time");
        plot.add("none", new double[0], new double[0]);
        assertEquals(1, parse(plot.svg()).getElementsByTagName("polyline").getLength());
    }
}
