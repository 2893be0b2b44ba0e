package dev.ringside.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A headless Chromium with one page, driven by the DevTools protocol over a pipe. */
final class Browser implements AutoCloseable {
    private static final List<String> TROUBLE =
            List.of("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled");

    private final ObjectMapper mapper = new ObjectMapper();
    private final Process process;
    private final OutputStream commands;
    private final InputStream answers;
    private final List<String> troubles = new ArrayList<>();
    private String session = "";
    private int lastId;

    private Browser(Process process) {
        this.process = process;
        commands = process.getOutputStream();
        answers = process.getInputStream();
    }

    /**
     * Starts one.
     *
     * @param profile an empty folder
     */
    static Browser start(Path profile) throws IOException {
        // Chromium hears commands on descriptor 3 and answers on 4.
        List<String> command =
                List.of(
                        "sh",
                        "-c",
                        "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1",
                        "chromium-headless-shell",
                        "--remote-debugging-pipe",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--no-proxy-server",
                        "--user-data-dir=" + profile,
                        "--window-size=1200,1000",
                        "about:blank");
        Browser browser = new Browser(new ProcessBuilder(command).start());
        JsonNode target =
                browser.call("Target.createTarget", Map.<String, Object>of("url", "about:blank"));
        browser.session =
                browser.call(
                                "Target.attachToTarget",
                                Map.<String, Object>of(
                                        "targetId",
                                        target.get("targetId").asText(),
                                        "flatten",
                                        true))
                        .get("sessionId")
                        .asText();
        for (String domain : List.of("Page", "Runtime", "Log")) {
            browser.call(domain + ".enable", Map.of());
        }
        return browser;
    }

    /** Goes to a page and waits until it is loaded. */
    void open(String url) throws IOException {
        call("Page.navigate", Map.of("url", url));
        await("document.readyState === 'complete' && location.href === '" + url + "'");
    }

    /** The value of an expression in the page. */
    JsonNode evaluate(String expression) throws IOException {
        JsonNode answer =
                call(
                        "Runtime.evaluate",
                        Map.of(
                                "expression",
                                expression,
                                "returnByValue",
                                true,
                                "awaitPromise",
                                true));
        if (answer.has("exceptionDetails")) {
            throw new IOException(expression + ": " + answer.get("exceptionDetails"));
        }
        return answer.get("result").path("value");
    }

    /** The text of the first element that a selector finds. */
    String text(String selector) throws IOException {
        return evaluate("document.querySelector(" + quoted(selector) + ").innerText").asText();
    }

    /** Waits until an expression is true; the test's time limit ends it. */
    void await(String condition) throws IOException {
        evaluate(
                "new Promise(done => { const look = () => (() => { try { return "
                        + condition
                        + "; } catch (e) { return false; } })()"
                        + " ? done(true) : setTimeout(look, 50); look(); })");
    }

    /** Presses the mouse where an element is. */
    void click(String selector) throws IOException {
        JsonNode at =
                evaluate(
                        "(() => { const e = document.querySelector("
                                + quoted(selector)
                                + "); e.scrollIntoView({ block: 'center' });"
                                + " const r = e.getBoundingClientRect();"
                                + " return { x: r.x + r.width / 2, y: r.y + r.height / 2 }; })()");
        for (String type : List.of("mousePressed", "mouseReleased")) {
            Map<String, Object> event = new LinkedHashMap<>();
            event.put("type", type);
            event.put("x", at.get("x").asDouble());
            event.put("y", at.get("y").asDouble());
            event.put("button", "left");
            event.put("clickCount", 1);
            call("Input.dispatchMouseEvent", event);
        }
    }

    /** What the page looks like, as PNG. */
    void picture(Path file) throws IOException {
        JsonNode answer =
                call(
                        "Page.captureScreenshot",
                        Map.of("format", "png", "captureBeyondViewport", true));
        Files.write(file, Base64.getDecoder().decode(answer.get("data").asText()));
    }

    /** Exceptions, what was refused by the page's policy, and whatever else it complained of. */
    List<String> troubles() {
        return troubles;
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }

    private JsonNode call(String method, Map<String, Object> parameters) throws IOException {
        int id = ++lastId;
        Map<String, Object> command = new LinkedHashMap<>();
        command.put("id", id);
        command.put("method", method);
        command.put("params", parameters);
        if (!session.isEmpty()) {
            command.put("sessionId", session);
        }
        commands.write(mapper.writeValueAsBytes(command));
        commands.write(0);
        commands.flush();
        while (true) {
            JsonNode message = mapper.readTree(next());
            if (TROUBLE.contains(message.path("method").asText())) {
                troubles.add(message.get("params").toString());
            }
            if (message.path("id").asInt() == id) {
                if (message.has("error")) {
                    throw new IOException(method + ": " + message.get("error"));
                }
                return message.get("result");
            }
        }
    }

    private String next() throws IOException {
        var bytes = new ByteArrayOutputStream();
        for (int one = answers.read(); one != 0; one = answers.read()) {
            if (one < 0) {
                throw new EOFException("chromium-headless-shell has ended");
            }
            bytes.write(one);
        }
        return bytes.toString(UTF_8);
    }

    /** Ends it; it writes to its profile until it has ended. */
    @Override
    public void close() {
        try {
            session = "";
            JsonNode unused = call("Browser.close", Map.of());
            process.waitFor();
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
