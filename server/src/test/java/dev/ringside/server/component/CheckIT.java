package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMessage;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.server.check.CheckCommand;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.OperatorException;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code ringside check} on our own devices, and on back-ends that do one thing wrongly. */
class CheckIT {
    @TempDir private Path folder;
    private TestServer server;

    @BeforeEach
    void start() throws Exception {
        server = TestServer.start(1);
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    private record Run(int status, String text) {}

    private static Run check(final Path socket, final String... options) throws OperatorException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        final List<String> arguments =
                Stream.concat(Stream.of("--socket-path=" + socket), Arrays.stream(options))
                        .toList();
        final int status = CheckCommand.run(arguments, out);
        return new Run(status, bytes.toString(StandardCharsets.UTF_8));
    }

    private String diskFile() throws IOException {
        final Path file = folder.resolve("disk.img");
        Files.write(file, new byte[8 << 20]);
        return "file:" + file;
    }

    @Test
    void shouldFindNothingWrongWithADisk() throws Exception {
        final Path socket = server.disk(diskFile(), 4).socket();
        final Run run = check(socket, "--strict", "--hostile", "--writes");
        assertEquals(ExitCode.OK, run.status(), run.text());
        assertTrue(run.text().contains("serves a disk"), run.text());
    }

    @Test
    void shouldFindNothingWrongWithANic() throws Exception {
        final Path socket = server.nic("null").socket();
        final Run run = check(socket, "--strict", "--hostile");
        assertEquals(ExitCode.OK, run.status(), run.text());
        assertTrue(run.text().contains("serves a NIC"), run.text());
    }

    @Test
    void shouldLeaveTheDiskAsItIs() throws Exception {
        final String disk = diskFile();
        final Path file = folder.resolve("disk.img");
        final byte[] before = new byte[8 << 20];
        Arrays.fill(before, (byte) 0x5a);
        Files.write(file, before);
        check(server.disk(disk, 1).socket(), "--hostile");
        assertTrue(Arrays.equals(before, Files.readAllBytes(file)));
    }

    @Test
    void shouldSayThatADiskLosesWhatIsWritten() throws Exception {
        final Path socket = server.disk("null:size=64M", 1).socket();
        final Run run = check(socket, "--only=blk", "--writes");
        assertEquals(ExitCode.FAILED, run.status(), run.text());
        assertTrue(run.text().contains("failed   blk.writes"), run.text());
        assertTrue(run.text().contains("are not what was written"), run.text());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrong")
    void shouldFindWhatIsWrong(final String check, final AlteringProxy.Alteration how)
            throws Exception {
        final Path disk = server.disk("null:size=64M", 1).socket();
        final Path socket = folder.resolve("altered");
        assertEquals(ExitCode.OK, check(disk, "--strict", "--only=" + check).status());
        try (var _ = AlteringProxy.start(socket, disk, how)) {
            final Run run = check(socket, "--strict", "--timeout=1", "--only=" + check);
            assertEquals(ExitCode.FAILED, run.status(), run.text());
            assertFalse(run.text().contains("passed"), run.text());
        }
    }

    static Stream<Arguments> wrong() {
        final int ack = VhostUserSpec.NEED_REPLY;
        return Stream.of(
                wrong(
                        "negotiation.reply-flags",
                        answer(VhostUserSpec.GET_FEATURES, m -> flags(m, m.flags() | ack))),
                wrong(
                        "negotiation.version-1",
                        answer(VhostUserSpec.GET_FEATURES, m -> number(m, m.u64() & 0xffff_ffffL))),
                wrong(
                        "negotiation.known-bits",
                        answer(
                                VhostUserSpec.GET_PROTOCOL_FEATURES,
                                m -> number(m, m.u64() | 1L << 40))),
                wrong(
                        "negotiation.queue-num",
                        answer(VhostUserSpec.GET_QUEUE_NUM, m -> number(m, 0))),
                wrong(
                        "negotiation.memory-slots",
                        answer(VhostUserSpec.GET_MAX_MEM_SLOTS, m -> number(m, 0))),
                wrong(
                        "negotiation.acknowledges",
                        answer(VhostUserSpec.SET_VRING_NUM, m -> number(m, 1))),
                wrong(
                        "negotiation.unoffered",
                        answer(VhostUserSpec.SET_FEATURES, m -> number(m, 0))),
                wrong("negotiation.owner-twice", asked(VhostUserSpec.RESET_OWNER, CheckIT::hangUp)),
                wrong("negotiation.status", answer(VhostUserSpec.GET_STATUS, m -> number(m, 0))),
                wrong("messages.unknown", answer(200, m -> number(m, 0))),
                wrong(
                        "messages.ring-index",
                        answer(VhostUserSpec.SET_VRING_NUM, m -> number(m, 0))),
                wrong(
                        "messages.kick-without-fd",
                        answer(VhostUserSpec.SET_VRING_KICK, m -> number(m, 0))),
                wrong("config.sizes", answer(VhostUserSpec.GET_CONFIG, m -> cut(m, 20))),
                wrong("config.parts", answer(VhostUserSpec.GET_CONFIG, CheckIT::wrongParts)),
                wrong("config.write-cache", asked(VhostUserSpec.SET_CONFIG, CheckIT::empty)),
                wrong("config.blk-limits", answer(VhostUserSpec.GET_CONFIG, CheckIT::zeroes)),
                wrong("memory.unknown-slot", answer(VhostUserSpec.REM_MEM_REG, m -> number(m, 0))),
                wrong("memory.slots-grow", answer(VhostUserSpec.ADD_MEM_REG, m -> number(m, 1))),
                wrong("memory.overlapping", answer(VhostUserSpec.SET_MEM_TABLE, m -> number(m, 0))),
                wrong("rings.base", answer(VhostUserSpec.GET_VRING_BASE, CheckIT::oneMore)),
                wrong("rings.goes-on", asked(VhostUserSpec.SET_VRING_BASE, CheckIT::oneMore)),
                wrong("rings.index-wraps", asked(VhostUserSpec.SET_VRING_BASE, CheckIT::oneMore)),
                wrong(
                        "rings.stops",
                        (isAnswer, m) ->
                                m.request() == VhostUserSpec.GET_VRING_BASE && !isAnswer
                                        ? as(m, VhostUserSpec.GET_QUEUE_NUM)
                                        : m),
                wrong("rings.starts-as-qemu", asked(VhostUserSpec.SET_VRING_ENABLE, m -> null)),
                wrong("rings.full", asked(VhostUserSpec.SET_VRING_ADDR, CheckIT::elsewhere)),
                wrong("inflight.region", answer(VhostUserSpec.GET_INFLIGHT_FD, CheckIT::zeroes)),
                wrong("inflight.cleared", asked(VhostUserSpec.SET_INFLIGHT_FD, m -> null)),
                wrong("inflight.resubmits", asked(VhostUserSpec.SET_INFLIGHT_FD, m -> null)));
    }

    private static Arguments wrong(final String check, final AlteringProxy.Alteration how) {
        return Arguments.of(check, how);
    }

    private interface Change {
        @Nullable FrontendMessage apply(FrontendMessage message) throws IOException;
    }

    private static AlteringProxy.Alteration answer(final int request, final Change change) {
        return (answer, m) -> answer && m.request() == request ? change.apply(m) : m;
    }

    private static AlteringProxy.Alteration asked(final int request, final Change change) {
        return (answer, m) -> !answer && m.request() == request ? change.apply(m) : m;
    }

    private static FrontendMessage with(final FrontendMessage m, final byte[] payload) {
        return new FrontendMessage(m.request(), m.flags(), payload, m.fds());
    }

    private static FrontendMessage flags(final FrontendMessage m, final int flags) {
        return new FrontendMessage(m.request(), flags, m.payload(), m.fds());
    }

    private static FrontendMessage as(final FrontendMessage m, final int request) {
        return new FrontendMessage(request, m.flags(), m.payload(), m.fds());
    }

    private static FrontendMessage number(final FrontendMessage m, final long value) {
        final byte[] payload = new byte[Long.BYTES];
        ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
        return with(m, payload);
    }

    private static FrontendMessage cut(final FrontendMessage m, final int bytes) {
        return with(m, Arrays.copyOf(m.payload(), bytes));
    }

    private static FrontendMessage empty(final FrontendMessage m) {
        return cut(m, 12);
    }

    private static FrontendMessage zeroes(final FrontendMessage m) {
        return with(m, new byte[m.payload().length]);
    }

    private static FrontendMessage wrongParts(final FrontendMessage m) {
        final byte[] payload = m.payload().clone();
        if (payload[0] != 0) {
            payload[12]++;
        }
        return with(m, payload);
    }

    private static FrontendMessage oneMore(final FrontendMessage m) {
        final byte[] payload = m.payload().clone();
        payload[4]++;
        return with(m, payload);
    }

    private static FrontendMessage elsewhere(final FrontendMessage m) {
        final byte[] payload = m.payload().clone();
        payload[9] = (byte) (payload[9] ^ 16);
        return with(m, payload);
    }

    private static FrontendMessage hangUp(final FrontendMessage m) throws IOException {
        throw new EOFException("as was to be tried");
    }

    @Test
    void shouldSayThatTheBackEndIsGone() throws Exception {
        final Path disk = server.disk("null:size=64M", 1).socket();
        final Path socket = folder.resolve("altered");
        final AlteringProxy[] proxy = new AlteringProxy[1];
        final AlteringProxy.Alteration vanishes =
                (answer, m) -> {
                    if (m.request() == VhostUserSpec.RESET_OWNER) {
                        proxy[0].vanish();
                        throw new EOFException("as was to be tried");
                    }
                    return m;
                };
        try (AlteringProxy started = AlteringProxy.start(socket, disk, vanishes)) {
            proxy[0] = started;
            final Run run = check(socket, "--only=negotiation");
            assertEquals(ExitCode.FAILED, run.status());
            assertTrue(run.text().contains("failed   negotiation.owner-twice"), run.text());
            assertTrue(run.text().contains("the back-end does not answer any more"), run.text());
            assertTrue(run.text().contains("not run  negotiation.status"), run.text());
        }
    }

    @Test
    void shouldStartTheBackEndAndEndIt() throws Exception {
        final Path socket = folder.resolve("started");
        final String command =
                "qemu-storage-daemon --blockdev driver=null-co,node-name=n,size=1048576"
                        + " --export type=vhost-user-blk,id=e,node-name=n,addr.type=unix,addr.path="
                        + socket;
        final Run run = check(socket, "--only=negotiation.version-1", "--start=" + command);
        assertEquals(ExitCode.OK, run.status(), run.text());
        Await.until(
                "it is ended",
                () -> {
                    try (FrontendConnection connection = FrontendConnection.connect(socket)) {
                        return connection.timeoutMs() < 0;
                    } catch (IOException e) {
                        return true;
                    }
                });
    }

    @Test
    void shouldSayThatTheBackEndCannotBeStarted() {
        final Path socket = folder.resolve("never");
        final OperatorException e =
                assertThrows(OperatorException.class, () -> check(socket, "--start=exit 3"));
        assertTrue(
                String.valueOf(e.getMessage()).contains("'exit 3' ended with status 3"),
                e.getMessage());
    }

    @Test
    void shouldPrintJson() throws Exception {
        final Path socket = server.disk("null:size=64M", 1).socket();
        final Run run = check(socket, "--json", "--only=negotiation.version-1,blk.read-only");
        final JsonNode root = new ObjectMapper().readTree(run.text());
        assertEquals("blk", root.get("device").asText());
        assertEquals(1, root.get("counts").get("passed").asInt());
        assertEquals("skipped", root.get("checks").get(1).get("outcome").asText());
        assertEquals("RO is not offered", root.get("checks").get(1).get("seen").asText());
    }
}
