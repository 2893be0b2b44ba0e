package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.LoadResult;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The status page of a running process in a real browser. */
@Timeout(180)
final class StatusPageIT {
    private static final int MIB = 1 << 20;

    @TempDir private static Path profile = Path.of("/nonexistent");
    private static Browser browser;

    @TempDir private Path folder = Path.of("/nonexistent");

    @BeforeAll
    static void startBrowser() throws IOException {
        browser = Browser.start(profile);
    }

    @AfterAll
    static void endBrowser() {
        browser.close();
    }

    private static String page(String readyLine) {
        String metrics = readyLine.substring(readyLine.indexOf("http://")).split("[ ;]", 2)[0];
        return metrics.substring(0, metrics.length() - "metrics".length());
    }

    private BlkDriver connect(String socket) throws IOException {
        return BlkDriver.start(
                FrontendConnection.connect(folder.resolve(socket)),
                FrontendMemory.likePc(32 * MIB),
                BlkOptions.defaults().queues(2));
    }

    private static String body(String url) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
        return connection.getResponseCode()
                + " "
                + new String(
                        (connection.getResponseCode() < 400
                                        ? connection.getInputStream()
                                        : connection.getErrorStream())
                                .readAllBytes(),
                        UTF_8);
    }

    private Path twoDisksAndANic() throws IOException {
        return Files.writeString(
                folder.resolve("ringside.toml"),
                """
                [server]
                metrics-port = 0
                [disk.busy]
                socket-path = "%1$s/busy.sock"
                backend = "memory:size=64M"
                num-queues = 2
                [disk.sick]
                socket-path = "%1$s/sick.sock"
                backend = "memory:size=64M"
                num-queues = 2
                [nic.lan]
                socket-path = "%1$s/lan.sock"
                switch = "lan"
                """
                        .formatted(folder));
    }

    @Test
    void shouldShowDevicesAtWorkAndWhatIsStopped() throws Exception {
        try (RingsideChild child = RingsideChild.start("serve", twoDisksAndANic().toString());
                Trouble _ = new Trouble()) {
            String page = page(child.awaitReady());
            assertEquals("200 ok\n", body(page + "healthz"));
            assertEquals("200 ready\n", body(page + "readyz"));
            try (BlkDriver busy = connect("busy.sock");
                    BlkDriver sick = connect("sick.sock")) {
                BlkLoad.Running load = new BlkLoad(busy, LoadOptions.verified(8)).start();
                browser.open(page);
                browser.await("byId('state').textContent === 'serving'");
                assertEquals(3, browser.evaluate("byId('devices').rows.length").asInt());

                // Each second: requests, bytes, both quantiles; drawn as lines of several points.
                browser.await("byId('devices').rows[0].cells[4].textContent.endsWith(' k')");
                browser.await("byId('devices').rows[0].cells[7].textContent !== ''");
                browser.await(
                        "[...document.querySelectorAll('#charts polyline')].length >= 4"
                                + " && [...document.querySelectorAll('#charts polyline')]"
                                + ".every(l => l.getAttribute('points').split(' ').length >= 3)");
                assertTrue(browser.text("#operations").contains("read"));
                assertEquals(2, browser.evaluate("byId('queues').rows.length").asInt());
                assertTrue(browser.text("#shards").contains("works "), browser.text("#shards"));
                assertTrue(browser.evaluate("byId('problems').hidden").asBoolean());

                sick.queue(1).ring().availableIndex(0x8000);
                sick.queue(1).kick();
                browser.await("!byId('problems').hidden");
                String problem = browser.text("#problem-list");
                assertTrue(
                        problem.startsWith("sick, queue 1: broken: available_index since 2"),
                        problem);
                browser.click("#devices tr:nth-child(2) button");
                browser.await("byId('queues').rows[1].cells[1].textContent === 'broken'");
                assertTrue(browser.text("#detail-name").contains("disk sick on " + folder));

                browser.click("#pause");
                browser.await("paused && byId('pause').textContent === 'Go on'");
                browser.click("#pause");
                browser.await("!paused");
                String pictures = System.getProperty("ringside.pictures");
                if (pictures != null) {
                    browser.click("#devices tr:nth-child(1) button");
                    browser.await("past.get('busy').length > 40");
                    browser.picture(Path.of(pictures).resolve("status.png"));
                }
                LoadResult result = load.stopAndJoin();
                assertEquals(0, result.mismatches());
            }
        }
        browser.await("byId('offline').textContent.startsWith('no answer')");
    }

    @Test
    void shouldShowHostileNamesAsText() throws Exception {
        String name = "<img src=x onerror=\"document.title='owned'\">'\"</script>&amp;";
        try (RingsideChild child =
                        RingsideChild.start(
                                "blk",
                                "--name=" + name,
                                "--socket-path=" + folder.resolve("<b>d.sock"),
                                "--backend=null:size=1M",
                                "--metrics-port=0");
                Trouble _ = new Trouble()) {
            String page = page(child.awaitReady());

            browser.open(page);

            browser.await("byId('devices').rows.length === 1");
            assertEquals(name, browser.text("#devices button"));
            assertTrue(browser.text("#detail-name").contains("/<b>d.sock"));
            assertEquals(0, browser.evaluate("document.images.length").asInt());
            assertEquals(0, browser.evaluate("document.querySelectorAll('h2 b').length").asInt());
            assertEquals("Ringside", browser.evaluate("document.title").asText());
        }
    }

    @Test
    void shouldRunNothingThatThePageDidNotComeWith() throws Exception {
        try (RingsideChild child =
                RingsideChild.start(
                        "blk",
                        "--socket-path=" + folder.resolve("d.sock"),
                        "--backend=null:size=1M",
                        "--metrics-port=0")) {
            browser.open(page(child.awaitReady()));
            browser.evaluate(
                    "(() => { const s = document.createElement('script');"
                            + " s.textContent = 'document.title = \"owned\"';"
                            + " document.body.append(s);"
                            + " document.body.setAttribute('onclick', s.textContent); })()");
            browser.click("h1");

            assertEquals("Ringside", browser.evaluate("document.title").asText());
        }
    }

    /** Nothing that the browser complained of in between. */
    private static final class Trouble implements AutoCloseable {
        Trouble() throws IOException {
            // The page of a process that has ended goes on asking.
            browser.open("about:blank");
            browser.troubles().clear();
        }

        @Override
        public void close() {
            assertEquals(List.of(), browser.troubles());
        }
    }
}
