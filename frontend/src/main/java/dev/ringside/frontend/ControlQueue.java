package dev.ringside.frontend;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Commands over a virtio-net control queue (virtio 1.3 section 5.1.6.5), one at a time: class,
 * command and data for the device to read, one byte of acknowledgement for it to write. One thread.
 */
public final class ControlQueue {
    private static final int COMMAND_BYTES = 2;
    private static final int MAX_DATA_BYTES = 8192;
    private static final byte PENDING = (byte) 0xee;
    private static final long NS_PER_MS = 1_000_000;

    private final DriverQueue queue;
    private final long timeoutNs;
    private final long commandAddress;
    private final MemorySegment command;
    private final long ackAddress;
    private final MemorySegment ack;
    private final DriverChain chain = new DriverChain();
    private NetLayout layout = NetLayout.headerApart();

    /** On a driver's control queue; takes memory of the driver. */
    public ControlQueue(final NetDriver driver) {
        this.queue = driver.controlq();
        this.timeoutNs = driver.protocol().connection().timeoutMs() * NS_PER_MS;
        this.commandAddress = driver.memory().allocate(COMMAND_BYTES + MAX_DATA_BYTES, 64);
        this.command = driver.memory().slice(commandAddress, COMMAND_BYTES + MAX_DATA_BYTES);
        this.ackAddress = driver.memory().allocate(1, 64);
        this.ack = driver.memory().slice(ackAddress, 1);
    }

    /** Cuts what the device reads in another way; Linux has class and command apart. */
    public ControlQueue layout(final NetLayout value) {
        if (value.gapBytes() != 0) {
            throw new IllegalArgumentException("commands have no gaps");
        }
        layout = value;
        return this;
    }

    /**
     * Sends a command and waits for the device.
     *
     * @return the acknowledgement: {@link NetSpec#CTRL_OK}, {@link NetSpec#CTRL_ERR}, or 0xee when
     *     the device wrote none
     * @throws IOException when the device does not answer in time
     */
    public int command(final int commandClass, final int number, final byte... data)
            throws IOException {
        if (data.length > MAX_DATA_BYTES) {
            throw new IllegalArgumentException(data.length + " bytes are too many for a command");
        }
        command.set(JAVA_BYTE, 0, (byte) commandClass);
        command.set(JAVA_BYTE, 1, (byte) number);
        MemorySegment.copy(data, 0, command, JAVA_BYTE, COMMAND_BYTES, data.length);
        layout.cut(chain, commandAddress, COMMAND_BYTES + data.length, COMMAND_BYTES, false);
        chain.writable(ackAddress, 1);
        return exchange(chain);
    }

    /** Sends any chain as a command; returns what is in the acknowledgement's byte afterwards. */
    public int exchange(final DriverChain request) throws IOException {
        ack.set(JAVA_BYTE, 0, PENDING);
        if (layout.add(queue, request) < 0) {
            throw new IOException("the control queue has too few descriptors for the command");
        }
        queue.publishAndKick();
        if (!queue.awaitUsed(timeoutNs)) {
            throw new IOException("the device did not answer a command");
        }
        queue.pollUsed();
        return ack.get(JAVA_BYTE, 0) & 0xff;
    }

    /** Where the acknowledgement's byte is, for chains of the caller's own. */
    public long ackAddress() {
        return ackAddress;
    }

    /** How many bytes the device says it wrote for the last command. */
    public int usedLength() {
        return queue.usedLength();
    }

    /** One of the CTRL_RX switches. */
    public int rxMode(final int number, final boolean on) throws IOException {
        return command(NetSpec.CTRL_RX, number, (byte) (on ? 1 : 0));
    }

    /** The address for which the device receives. */
    public int setMac(final byte... mac) throws IOException {
        return command(NetSpec.CTRL_MAC, NetSpec.CTRL_MAC_ADDR_SET, mac);
    }

    /** The filter table: unicast, then multicast addresses. */
    public int macTable(final List<byte[]> unicast, final List<byte[]> multicast)
            throws IOException {
        final byte[] data = new byte[8 + NetSpec.MAC_BYTES * (unicast.size() + multicast.size())];
        final ByteBuffer table = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        table.putInt(unicast.size());
        unicast.forEach(table::put);
        table.putInt(multicast.size());
        multicast.forEach(table::put);
        return command(NetSpec.CTRL_MAC, NetSpec.CTRL_MAC_TABLE_SET, data);
    }

    /** Lets a VLAN through the filter, or no longer. */
    public int vlan(final boolean add, final int id) throws IOException {
        return command(
                NetSpec.CTRL_VLAN,
                add ? NetSpec.CTRL_VLAN_ADD : NetSpec.CTRL_VLAN_DEL,
                le(2).putShort((short) id).array());
    }

    /** The driver has announced itself. */
    public int announceAck() throws IOException {
        return command(NetSpec.CTRL_ANNOUNCE, NetSpec.CTRL_ANNOUNCE_ACK);
    }

    /** How many pairs the driver uses. */
    public int setPairs(final int pairs) throws IOException {
        return command(
                NetSpec.CTRL_MQ,
                NetSpec.CTRL_MQ_VQ_PAIRS_SET,
                le(2).putShort((short) pairs).array());
    }

    /** Which offloads the driver takes from now on, as feature bits. */
    public int guestOffloads(final long offloads) throws IOException {
        return command(
                NetSpec.CTRL_GUEST_OFFLOADS,
                NetSpec.CTRL_GUEST_OFFLOADS_SET,
                le(8).putLong(offloads).array());
    }

    private static ByteBuffer le(final int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
