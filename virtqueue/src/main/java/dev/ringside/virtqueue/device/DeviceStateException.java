package dev.ringside.virtqueue.device;

/** A saved state that a device cannot take over; the message says why, for an operator. */
public final class DeviceStateException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * A refusal.
     *
     * @param message what is wrong with it
     */
    public DeviceStateException(String message) {
        super(message);
    }
}
