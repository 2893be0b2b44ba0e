package dev.ringside.virtio.net.port.stream;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The other end of a stream, written anew: never blocks. */
final class TestPeer implements AutoCloseable {
    private final SocketChannel channel;
    private final ByteArrayOutputStream outgoing = new ByteArrayOutputStream();
    private final ByteBuffer incoming = ByteBuffer.allocate(1 << 20);
    private final List<byte[]> frames = new ArrayList<>();
    private int sent;

    private TestPeer(SocketChannel channel) throws IOException {
        this.channel = channel;
        channel.configureBlocking(false);
    }

    static ServerSocketChannel listen(Path path) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(path));
        return listener;
    }

    static TestPeer accept(ServerSocketChannel listener) throws IOException {
        return new TestPeer(listener.accept());
    }

    static TestPeer connect(Path path) throws IOException {
        return new TestPeer(SocketChannel.open(UnixDomainSocketAddress.of(path)));
    }

    /** Adds a frame to what is to be sent. */
    void queue(byte[] frame) {
        queueRaw(ByteBuffer.allocate(4).putInt(frame.length).array());
        queueRaw(frame);
    }

    /** Adds bytes to what is to be sent. */
    void queueRaw(byte[] bytes) {
        outgoing.writeBytes(bytes);
    }

    /** Sends at most so many of the bytes that were queued. */
    void send(int most) throws IOException {
        byte[] all = outgoing.toByteArray();
        int count = Math.min(most, all.length - sent);
        sent += channel.write(ByteBuffer.wrap(all, sent, count));
        if (sent == all.length) {
            outgoing.reset();
            sent = 0;
        }
    }

    /** Whether all that was queued was sent. */
    boolean allSent() {
        return outgoing.size() == sent;
    }

    /**
     * Receives at most so many bytes.
     *
     * @return false at the end of the stream
     */
    boolean receive(int most) throws IOException {
        incoming.limit(Math.min(incoming.capacity(), incoming.position() + most));
        int count = channel.read(incoming);
        incoming.flip();
        while (incoming.remaining() >= 4
                && incoming.remaining() - 4 >= incoming.getInt(incoming.position())) {
            byte[] frame = new byte[incoming.getInt()];
            incoming.get(frame);
            frames.add(frame);
        }
        incoming.compact();
        return count >= 0;
    }

    /** Whole frames that were received. */
    List<byte[]> frames() {
        return frames;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
