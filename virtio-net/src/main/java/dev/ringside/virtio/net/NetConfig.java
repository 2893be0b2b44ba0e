package dev.ringside.virtio.net;

/**
 * What an operator chooses about a NIC's front, whatever its port is.
 *
 * @param name the operator's name for it: labels metrics
 * @param queuePairs how many receive and transmit queues each, 1 to 128
 * @param maxQueueSize largest Queue Size, a power of two from 2 to 32768
 * @param mac its address, the first byte in bits 47 to 40; 0: the driver chooses one
 * @param mtu largest IP packet, 68 to 65535; 0: the port's
 */
public record NetConfig(String name, int queuePairs, int maxQueueSize, long mac, int mtu) {
    /** Most queue pairs of a NIC. */
    public static final int MAX_QUEUE_PAIRS = 128;

    /** Largest Queue Size (virtio 1.3, section 2.7). */
    public static final int MAX_QUEUE_SIZE = 32768;

    private static final int DEFAULT_QUEUE_SIZE = 1024;
    private static final long MULTICAST = 1L << 40;

    /**
     * Checks every value.
     *
     * @throws IllegalArgumentException that names the option, the value and what is allowed
     */
    public NetConfig {
        if (name.isBlank()) {
            throw new IllegalArgumentException("the device's name is empty; give it one");
        }
        if (queuePairs < 1 || queuePairs > MAX_QUEUE_PAIRS) {
            throw new IllegalArgumentException(
                    "queue-pairs " + queuePairs + ": must be from 1 to " + MAX_QUEUE_PAIRS);
        }
        if (maxQueueSize < 2
                || maxQueueSize > MAX_QUEUE_SIZE
                || Integer.bitCount(maxQueueSize) != 1) {
            throw new IllegalArgumentException(
                    "queue-size "
                            + maxQueueSize
                            + ": must be a power of two from 2 to "
                            + MAX_QUEUE_SIZE);
        }
        if (mac >>> 48 != 0 || (mac & MULTICAST) != 0) {
            throw new IllegalArgumentException(
                    "mac 0x"
                            + Long.toHexString(mac)
                            + ": must be the address of one station: six bytes, the first even");
        }
        if (mtu != 0 && (mtu < NetSpec.MIN_MTU || mtu > NetSpec.MAX_MTU)) {
            throw new IllegalArgumentException(
                    "mtu "
                            + mtu
                            + ": must be from "
                            + NetSpec.MIN_MTU
                            + " to "
                            + NetSpec.MAX_MTU
                            + ", or 0 for the port's");
        }
    }

    /** One queue pair, no MAC address, the port's MTU. */
    public static NetConfig named(String name) {
        return new NetConfig(name, 1, DEFAULT_QUEUE_SIZE, 0, 0);
    }

    /** The same with so many queue pairs. */
    public NetConfig withQueuePairs(int value) {
        return new NetConfig(name, value, maxQueueSize, mac, mtu);
    }

    /** The same with another largest Queue Size. */
    public NetConfig withMaxQueueSize(int value) {
        return new NetConfig(name, queuePairs, value, mac, mtu);
    }

    /** The same with a MAC address; 0: none. */
    public NetConfig withMac(long value) {
        return new NetConfig(name, queuePairs, maxQueueSize, value, mtu);
    }

    /**
     * The same with a MAC address.
     *
     * @param value six bytes
     */
    public NetConfig withMac(byte[] value) {
        if (value.length != NetSpec.MAC_BYTES) {
            throw new IllegalArgumentException(
                    "a mac of " + value.length + " bytes: must be six bytes");
        }
        long address = 0;
        for (byte part : value) {
            address = address << Byte.SIZE | Byte.toUnsignedLong(part);
        }
        return withMac(address);
    }

    /** The same with another MTU; 0: the port's. */
    public NetConfig withMtu(int value) {
        return new NetConfig(name, queuePairs, maxQueueSize, mac, value);
    }
}
