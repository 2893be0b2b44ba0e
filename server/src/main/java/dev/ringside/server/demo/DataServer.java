package dev.ringside.server.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Takes what a guest sends over TCP on one port and answers with its MD5, and sends it random data
 * on another. Each once, on a thread of its own. Any thread.
 */
final class DataServer implements AutoCloseable {
    /** What goes each way. */
    static final int MIB = 64;

    private static final int CHUNK_BYTES = 1 << 20;
    private static final int LIMIT_S = 120;

    private final ServerSocket up;
    private final ServerSocket down;
    private final CompletableFuture<String> received = new CompletableFuture<>();
    private final CompletableFuture<String> sent = new CompletableFuture<>();

    private DataServer(final ServerSocket up, final ServerSocket down) {
        this.up = up;
        this.down = down;
    }

    /** Listens at an address of the calling thread's network namespace, on any free ports. */
    static DataServer listen(final String address) throws IOException {
        final ServerSocket up = bind(address);
        try {
            final DataServer server = new DataServer(up, bind(address));
            Thread.ofPlatform().daemon().name("demo-up").start(server::serveUp);
            Thread.ofPlatform().daemon().name("demo-down").start(server::serveDown);
            return server;
        } catch (final IOException e) {
            up.close();
            throw e;
        }
    }

    private static ServerSocket bind(final String address) throws IOException {
        final ServerSocket socket = new ServerSocket();
        try {
            socket.bind(new InetSocketAddress(address, 0), 1);
            return socket;
        } catch (final IOException e) {
            socket.close();
            throw e;
        }
    }

    /** The ports as the guest is told them: UP-PORT, a space, DOWN-PORT. */
    String ports() {
        return up.getLocalPort() + " " + down.getLocalPort();
    }

    private void serveUp() {
        try (Socket socket = up.accept();
                InputStream in = socket.getInputStream();
                OutputStream out = socket.getOutputStream()) {
            final MessageDigest digest = md5();
            final byte[] chunk = new byte[CHUNK_BYTES];
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                digest.update(chunk, 0, n);
            }
            final String text = HexFormat.of().formatHex(digest.digest());
            out.write((text + "\n").getBytes(StandardCharsets.US_ASCII));
            received.complete(text);
        } catch (final IOException e) {
            received.completeExceptionally(e);
        }
    }

    private void serveDown() {
        try (Socket socket = down.accept();
                OutputStream out = socket.getOutputStream()) {
            final MessageDigest digest = md5();
            final Random random = new Random();
            final byte[] chunk = new byte[CHUNK_BYTES];
            random.nextBytes(chunk);
            for (int i = 0; i < MIB; i++) {
                // No two chunks are the same: one in the wrong place shows.
                chunk[0] = (byte) i;
                digest.update(chunk);
                out.write(chunk);
            }
            sent.complete(HexFormat.of().formatHex(digest.digest()));
        } catch (final IOException e) {
            sent.completeExceptionally(e);
        }
    }

    private static MessageDigest md5() throws IOException {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (final NoSuchAlgorithmException e) {
            throw new IOException("this JDK has no MD5: " + e.getMessage(), e);
        }
    }

    /** MD5 of what came. */
    String received() throws IOException, InterruptedException {
        return await(received, "received from");
    }

    /** MD5 of what was sent. */
    String sent() throws IOException, InterruptedException {
        return await(sent, "sent to");
    }

    private static String await(final CompletableFuture<String> digest, final String what)
            throws IOException, InterruptedException {
        try {
            return digest.get(LIMIT_S, TimeUnit.SECONDS);
        } catch (final ExecutionException e) {
            throw new IOException(
                    "the data could not be " + what + " the guest: " + e.getCause(), e);
        } catch (final TimeoutException e) {
            throw new IOException("not all data was " + what + " the guest", e);
        }
    }

    @Override
    public void close() {
        closed(up);
        closed(down);
    }

    private static void closed(final ServerSocket socket) {
        try {
            socket.close();
        } catch (final IOException e) {
            // It only listened: nothing is lost.
            return;
        }
    }
}
