package dev.ringside.server.engine;

/** An attached device. Any thread. */
public interface DeviceHandle {
    /** The device's name. */
    String name();

    /** How messages name its socket. */
    String socket();

    /** Whether a front-end is connected now. */
    boolean connected();

    /** Whether the operator has paused it. */
    boolean paused();
}
