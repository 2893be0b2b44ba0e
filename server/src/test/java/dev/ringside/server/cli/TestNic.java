package dev.ringside.server.cli;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetHeader;
import dev.ringside.frontend.NetIo;
import dev.ringside.frontend.NetOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A front-end and driver on a NIC that a process serves. */
final class TestNic implements AutoCloseable {
    private static final long MEMORY_BYTES = 8 << 20;
    private static final int HEADER_BYTES = 14;
    private static final short ETHERTYPE_EXPERIMENT = (short) 0x88b5;

    private final NetDriver driver;
    private final List<NetIo> pairs = new ArrayList<>();

    private TestNic(NetDriver driver) {
        this.driver = driver;
        for (int i = 0; i < driver.pairs(); i++) {
            pairs.add(new NetIo(driver, i, NetIo.Shape.defaults()));
        }
    }

    static TestNic connect(Path socket, NetOptions options) throws IOException {
        return start(FrontendConnection.connect(socket), options);
    }

    static TestNic start(FrontendConnection connection, NetOptions options) throws IOException {
        return new TestNic(
                NetDriver.start(connection, FrontendMemory.likePc(MEMORY_BYTES), options));
    }

    NetDriver driver() {
        return driver;
    }

    NetIo pair(int number) {
        return pairs.get(number);
    }

    void send(byte[] frame) throws IOException {
        pair(0).send(NetHeader.PLAIN, frame);
    }

    byte[] receive() throws IOException {
        return pair(0).receive().frame();
    }

    /** A frame of that length, filled with a number. */
    static byte[] frame(long destination, long source, int length, int number) {
        ByteBuffer frame = ByteBuffer.allocate(length);
        frame.putLong(0, destination << 16 | source >>> 32);
        frame.putInt(8, (int) source);
        frame.putShort(12, ETHERTYPE_EXPERIMENT);
        for (int i = HEADER_BYTES; i < length; i++) {
            frame.put(i, (byte) (number + i));
        }
        return frame.array();
    }

    @Override
    public void close() throws IOException {
        driver.close();
    }
}
