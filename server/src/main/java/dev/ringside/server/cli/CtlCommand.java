package dev.ringside.server.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringside.server.control.ControlClient;
import dev.ringside.server.control.RpcException;
import dev.ringside.server.engine.DeviceStatus;
import dev.ringside.server.options.ExitCode;
import dev.ringside.server.options.Given;
import dev.ringside.server.options.OperatorException;
import dev.ringside.server.options.ServeSyntax;
import dev.ringside.server.options.Syntax;
import dev.ringside.server.options.Text;
import dev.ringside.server.options.Values;
import dev.ringside.server.process.DeviceMethods;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code ringside ctl}: asks a running process how its devices are. */
final class CtlCommand {
    static final String COMMAND = "ringside ctl";

    private static final String OUTPUT = "--output";
    private static final long TIMEOUT_MS = 5_000;

    private CtlCommand() {}

    static CommandLine commandLine() {
        CommandSpec spec = CommandSpec.create().name(COMMAND);
        spec.usageMessage()
                .width(Syntax.WIDTH)
                .sortOptions(false)
                .sortSynopsis(false)
                .customSynopsis(
                        "ringside ctl --control-socket=PATH list [--output=table|json]",
                        "ringside ctl --control-socket=PATH show NAME [--output=table|json]")
                .description(
                        "%nAsks a running process: 'list' has a line for each device, 'show' one"
                                + " device with a line for each queue that is of use: its state,"
                                + " and why and since when it is broken.%n");
        ServeSyntax.text(
                spec, ServeSyntax.CONTROL_SOCKET, "PATH", "The running process's control socket.");
        ServeSyntax.text(spec, OUTPUT, "FORMAT", "table or json. Default: table.");
        Syntax.addHelp(spec);
        return Syntax.configure(new CommandLine(spec)).setUnmatchedArgumentsAllowed(true);
    }

    static int run(List<String> arguments, PrintStream out) throws OperatorException {
        CommandLine commandLine = commandLine();
        ParseResult result = Syntax.parse(commandLine, COMMAND, arguments);
        if (Syntax.printedHelp(commandLine, result, out)) {
            return ExitCode.OK;
        }
        Given given = Given.of(COMMAND, result);
        List<String> words = result.unmatched();
        boolean show = words.size() == 2 && words.getFirst().equals("show");
        if (!show && !words.equals(List.of("list"))) {
            throw new OperatorException(
                    "'"
                            + String.join(" ", words)
                            + "' is nothing that can be asked: write list, or show NAME (see "
                            + COMMAND
                            + " --help)");
        }
        String format = given.text(OUTPUT);
        boolean json =
                format != null
                        && Values.word(OUTPUT, format, List.of("table", "json")).equals("json");
        List<DeviceStatus> devices = ask(given);
        if (show) {
            devices = List.of(named(words.getLast(), devices));
        }
        out.print(json ? json(devices) : show ? device(devices.getFirst()) : list(devices));
        out.flush();
        return ExitCode.OK;
    }

    private static List<DeviceStatus> ask(Given given) throws OperatorException {
        Path socket = given.path(ServeSyntax.CONTROL_SOCKET);
        if (socket == null) {
            throw new OperatorException(
                    "there is no process to ask: give --control-socket=PATH, as it was given to"
                            + " that one");
        }
        try (ControlClient client = ControlClient.connect(socket)) {
            return Arrays.asList(
                    client.call(DeviceMethods.LIST, Map.of(), DeviceStatus[].class, TIMEOUT_MS));
        } catch (IOException | RpcException e) {
            throw new OperatorException(
                    given.shown(ServeSyntax.CONTROL_SOCKET) + ": " + e.getMessage(), e);
        }
    }

    private static DeviceStatus named(String name, List<DeviceStatus> devices)
            throws OperatorException {
        for (DeviceStatus device : devices) {
            if (device.device().equals(name)) {
                return device;
            }
        }
        throw new OperatorException(
                "there is no device "
                        + name
                        + ": there are "
                        + devices.stream()
                                .map(DeviceStatus::device)
                                .collect(Collectors.joining(", ")));
    }

    private static String json(List<DeviceStatus> devices) {
        try {
            ObjectMapper mapper = new ObjectMapper();
            return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(devices) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String list(List<DeviceStatus> devices) {
        TextTable table =
                new TextTable("DEVICE", "KIND", "FRONT-END", "QUEUES", "MEMORY", "SOCKET");
        for (DeviceStatus device : devices) {
            table.add(
                    device.device(),
                    device.kind(),
                    device.connected() ? "connected" : "none",
                    queues(device),
                    memory(device),
                    device.socket());
        }
        return table.text();
    }

    /** How many queues are in which state; those that nobody uses only when there are no others. */
    private static String queues(DeviceStatus device) {
        List<String> parts = new ArrayList<>();
        for (String state : List.of("running", "disabled", "waiting", "broken")) {
            long count = device.queues().stream().filter(q -> q.state().equals(state)).count();
            if (count > 0) {
                parts.add(count + " " + state);
            }
        }
        return parts.isEmpty() ? device.queues().size() + " stopped" : String.join(", ", parts);
    }

    private static String memory(DeviceStatus device) {
        return (device.memoryBytes() >> 20) + " MiB";
    }

    private static String device(DeviceStatus device) {
        TextTable table =
                new TextTable(
                        "QUEUE",
                        "STATE",
                        "SIZE",
                        "FORMAT",
                        "SHARD",
                        "IN-FLIGHT",
                        "CHAINS",
                        "KICKS",
                        "CALLS",
                        "WHY");
        device.queues().stream()
                .filter(queue -> queue.size() > 0 || !queue.state().equals("stopped"))
                .forEach(
                        queue ->
                                table.add(
                                        Integer.toString(queue.queue()),
                                        queue.state(),
                                        Integer.toString(queue.size()),
                                        queue.format(),
                                        Integer.toString(queue.shard()),
                                        Long.toString(queue.inFlight()),
                                        Long.toString(queue.chains()),
                                        Long.toString(queue.kicks()),
                                        Long.toString(queue.calls()),
                                        queue.fault() == null
                                                ? ""
                                                : queue.fault() + " since " + queue.since()));
        return "%s %s: %s on %s, features 0x%s, %s in %s; %s%n%s"
                .formatted(
                        device.kind(),
                        device.device(),
                        device.connected() ? "front-end connected" : "no front-end",
                        device.socket(),
                        device.features(),
                        memory(device),
                        Text.count(device.memoryRegions(), "region"),
                        Text.count(device.queues().size(), "queue"),
                        table.text());
    }
}
