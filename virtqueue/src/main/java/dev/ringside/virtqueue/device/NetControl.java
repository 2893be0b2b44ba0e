package dev.ringside.virtqueue.device;

/** What a front-end asks of a network device, and of no other, beside its queues. */
public interface NetControl {
    /**
     * The MTU that the driver was told, or will be.
     *
     * @return false when this device cannot work with it; then nothing changed
     */
    boolean setMtu(int mtu);

    /**
     * The virtual machine is in a new place: has the device tell the network where a MAC address
     * is, by a RARP request from it.
     *
     * @param mac its six bytes as one big-endian number
     * @return false when that is no address of a station
     */
    boolean announce(long mac);
}
