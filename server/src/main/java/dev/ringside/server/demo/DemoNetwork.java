package dev.ringside.server.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What the demo's NIC is plugged into, and who is at the other end of the wire. One thread, except
 * {@link #close}.
 */
interface DemoNetwork extends AutoCloseable {
    /** The guest's address on the networks that the demo makes itself. */
    String GUEST_ADDRESS = "10.77.0.2/24";

    /** Who answers there. */
    String PEER_ADDRESS = "10.77.0.1";

    /** The NIC's MAC address. */
    String MAC = "52:54:00:77:00:02";

    /** For the report: what is used, and why it is that. */
    String describe();

    /** Where {@code ringside net} listens for the VM's NIC. */
    Path socket();

    /** The arguments of {@code ringside net}. */
    List<String> arguments();

    /**
     * The guest is ready, and so is {@code ringside net}: the other end comes up.
     *
     * @return what the guest is told: {@code static ADDRESS PEER UP-PORT DOWN-PORT}, or {@code dhcp
     *     - router UP-PORT DOWN-PORT}
     */
    String connect() throws IOException, InterruptedException;

    /** MD5 of what the other end received on the UP-PORT. */
    String receivedDigest() throws IOException, InterruptedException;

    /** MD5 of what the other end sent on the DOWN-PORT. */
    String sentDigest() throws IOException, InterruptedException;

    /** Takes away what was made. Any thread, more than once. */
    @Override
    void close();
}
