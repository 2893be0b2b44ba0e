package dev.ringside.metrics.prometheus;

import java.net.InetSocketAddress;
import java.util.function.Consumer;

/**
 * How HTTP is served.
 *
 * @param address where to listen; port 0: any free one
 * @param maxClients connected at a time; more are hung up on
 * @param news told, in a line for the log, what an operator should know; on any thread
 */
public record HttpSettings(InetSocketAddress address, int maxClients, Consumer<String> news) {
    public static final int DEFAULT_CLIENTS = 32;

    /** With room for the usual number of clients, and nobody who hears of it. */
    public static HttpSettings at(InetSocketAddress address) {
        return new HttpSettings(address, DEFAULT_CLIENTS, line -> {});
    }
}
