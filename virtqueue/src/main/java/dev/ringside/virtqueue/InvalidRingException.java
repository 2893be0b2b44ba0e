package dev.ringside.virtqueue;

/** A ring cannot be used where and as the front-end described it. The message says what and why. */
public final class InvalidRingException extends Exception {
    private static final long serialVersionUID = 1L;

    InvalidRingException(String message) {
        super(message);
    }
}
