package dev.ringside.server.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A client of QEMU's machine protocol (docs/interop/qmp-spec.rst): one command at a time, events
 * skipped. Confined to one thread.
 */
final class Qmp implements AutoCloseable {
    private final SocketChannel channel;
    private final BufferedReader reader;

    private Qmp(final SocketChannel channel) {
        this.channel = channel;
        this.reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
    }

    /** Connects to the socket that QEMU listens on and leaves the capabilities negotiation mode. */
    static Qmp connect(final Path socket) throws IOException {
        final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        final Qmp qmp = new Qmp(channel);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
            qmp.execute("qmp_capabilities", "{}");
            return qmp;
        } catch (final IOException e) {
            qmp.close();
            throw e;
        }
    }

    /**
     * Runs a command and waits for its return.
     *
     * @param arguments a JSON object
     * @return QEMU's answer, a JSON object with the member {@code return}
     * @throws IOException when QEMU refuses the command or hangs up
     */
    String execute(final String command, final String arguments) throws IOException {
        final String request =
                "{\"execute\":\"" + command + "\",\"arguments\":" + arguments + "}\n";
        final ByteBuffer bytes = ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (line.startsWith("{\"return\"")) {
                return line;
            }
            if (line.startsWith("{\"error\"")) {
                throw new IOException("QEMU refused " + request.strip() + ": " + line);
            }
        }
        throw new IOException("QEMU hung up during " + request.strip());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
