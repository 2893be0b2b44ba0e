package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.server.demo.QemuOptions;
import dev.ringside.server.demo.RingsideProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code ringside net}. */
record RingsideNics(RingsideProcess process, NetSpec spec, Namespace host, Path directory)
        implements NicServer {
    private static final Pattern METRICS = Pattern.compile("metrics (http://\\S+)");

    static RingsideNics start(final NetSpec spec, final Namespace host, final Path directory)
            throws IOException, InterruptedException {
        final List<String> arguments = new ArrayList<>();
        arguments.add("net");
        for (int i = 0; i < spec.nics().size(); i++) {
            arguments.add("--nic=" + nic(socket(directory, i), i, spec.nics().get(i)));
        }
        for (final NetSpec.Uplink uplink : spec.uplinks()) {
            arguments.add(
                    "--uplink=tap:"
                            + uplink.tap()
                            + ",switch="
                            + uplink.switchName()
                            + appended(uplink.options()));
        }
        arguments.addAll(spec.options());
        return new RingsideNics(
                RingsideProcess.start(host.launcher(), arguments, line -> {}),
                spec,
                host,
                directory);
    }

    private static String nic(final Path socket, final int number, final NetSpec.Nic nic) {
        final StringBuilder text = new StringBuilder(socket.toString());
        text.append(nic.tap().isEmpty() ? ",switch=" + nic.switchName() : ",tap=" + nic.tap());
        text.append(appended(nic.options()));
        text.append(",mac=").append(NetSpec.mac(number));
        text.append(",queue-pairs=").append(nic.queuePairs());
        if (nic.mtu() != 0) {
            text.append(",mtu=").append(nic.mtu());
        }
        return text.toString();
    }

    private static String appended(final String options) {
        return options.isEmpty() ? "" : "," + options;
    }

    private static Path socket(final Path directory, final int number) {
        return directory.resolve("nic" + number + ".sock");
    }

    @Override
    public QemuOptions attach(final QemuOptions options, final int nic, final String properties) {
        final NetSpec.Nic served = spec.nics().get(nic);
        final String mtu = served.mtu() == 0 ? "" : "host_mtu=" + served.mtu();
        return options.nic(
                new QemuOptions.Nic(
                        socket(directory, nic),
                        served.queuePairs(),
                        NetSpec.mac(nic),
                        mtu + (mtu.isEmpty() || properties.isEmpty() ? "" : ",") + properties,
                        true));
    }

    @Override
    public long metric(final String name, final String labels)
            throws IOException, InterruptedException {
        final Matcher url = METRICS.matcher(process.readyLine());
        assertTrue(url.find(), process::readyLine);
        // The namespace has a loopback interface of its own: only from there is it reached.
        final String page = host.run("busybox wget -q -O - " + url.group(1));
        return page.lines()
                .filter(line -> line.startsWith(name + "{") && line.contains(labels))
                .mapToLong(
                        line ->
                                Math.round(
                                        Double.parseDouble(
                                                line.substring(line.lastIndexOf(' ') + 1))))
                .sum();
    }

    @Override
    public List<String> launcher() {
        return List.of();
    }

    @Override
    public int terminate() throws IOException, InterruptedException {
        return process.terminate();
    }

    @Override
    public String messages() {
        return process.messages();
    }

    @Override
    public void close() {
        process.close();
    }
}
