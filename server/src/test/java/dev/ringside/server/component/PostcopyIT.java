package dev.ringside.server.component;

import static dev.ringside.frontend.VhostUserSpec.bit;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendPostcopy;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.QueueLayout;
import dev.ringside.frontend.RawRing;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioSpec;
import dev.ringside.shm.EventFd;
import dev.ringside.shm.UserFaultFd;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The target of a postcopy migration with a real userfaultfd: the machine's memory is empty when
 * its ring is set up, with a request in it, and comes page by page. Ringside's own mapping of it is
 * watched, too: whoever touches a page there that has not come gets SIGBUS, which ends the session.
 */
@Timeout(120)
class PostcopyIT {
    private static final int SIZE = 16;
    private static final int MEMORY_BYTES = 4 << 20;
    private static final int PAGE_BYTES = 4096;
    private static final int DATA_BYTES = 4096;
    private static final long FEATURES =
            bit(VirtioSpec.F_VERSION_1) | bit(VhostUserSpec.F_PROTOCOL_FEATURES);

    /** What the machine is at the source: memory with one request, to read the disk's start. */
    private static final class Source implements AutoCloseable {
        final FrontendMemory memory = new FrontendMemory();
        final FrontendRegion region;
        final QueueLayout layout;
        final long data;
        final long status;

        Source() throws IOException {
            region = memory.add(FrontendRegion.create(0, MEMORY_BYTES));
            layout = QueueLayout.allocate(memory, 0, SIZE);
            final long header = memory.allocate(BlkSpec.HEADER_BYTES, PAGE_BYTES);
            data = memory.allocate(DATA_BYTES, PAGE_BYTES);
            status = memory.allocate(1, PAGE_BYTES);
            final RawRing ring = ring(memory, layout);
            ring.descriptor(0, header, BlkSpec.HEADER_BYTES, VirtioSpec.DESC_F_NEXT, 1);
            ring.descriptor(
                    1, data, DATA_BYTES, VirtioSpec.DESC_F_NEXT | VirtioSpec.DESC_F_WRITE, 2);
            ring.descriptor(2, status, 1, VirtioSpec.DESC_F_WRITE, 0);
            memory.slice(status, 1).set(ValueLayout.JAVA_BYTE, 0, (byte) 0x55);
            ring.available(0, 0);
            ring.availableIndex(1);
        }

        @Override
        public void close() {
            memory.close();
        }
    }

    private TestServer server;

    @BeforeEach
    void start() throws IOException {
        server = TestServer.start(1);
    }

    @AfterEach
    void stop() throws IOException {
        assertTrue(server.healthy());
        server.close();
    }

    private static RawRing ring(final FrontendMemory memory, final QueueLayout layout) {
        return new RawRing(
                SIZE,
                memory.slice(layout.descriptorGuestAddress(), RawRing.descriptorAreaBytes(SIZE)),
                memory.slice(layout.driverGuestAddress(), RawRing.driverAreaBytes(SIZE)),
                memory.slice(layout.deviceGuestAddress(), RawRing.deviceAreaBytes(SIZE)));
    }

    private static FrontendProtocol negotiate(final TestServer.Disk disk) throws IOException {
        final FrontendProtocol protocol = new FrontendProtocol(disk.connect());
        protocol.setProtocolFeatures(
                protocol.getProtocolFeatures()
                        & (bit(VhostUserSpec.PROTOCOL_F_PAGEFAULT)
                                | bit(VhostUserSpec.PROTOCOL_F_REPLY_ACK)
                                | bit(VhostUserSpec.PROTOCOL_F_CONFIGURE_MEM_SLOTS)));
        protocol.setFeatures(FEATURES);
        protocol.needReply(true);
        return protocol;
    }

    /** Where else in this process a region's file is mapped: by Ringside. */
    private static long otherMapping(final FrontendRegion region) throws IOException {
        final Object inode =
                Files.getAttribute(Path.of("/proc/self/fd/" + region.fd().number()), "unix:ino");
        final String mine = Long.toHexString(region.segment().address());
        final List<String> others =
                Files.readAllLines(Path.of("/proc/self/maps")).stream()
                        .filter(line -> line.contains("memfd:ringside-frontend"))
                        .filter(line -> line.contains(" " + inode + " "))
                        .map(line -> line.substring(0, line.indexOf('-')))
                        .filter(start -> Long.parseLong(start, 16) != Long.parseLong(mine, 16))
                        .toList();
        assertEquals(1, others.size(), "Ringside maps the region");
        return Long.parseLong(others.getFirst(), 16);
    }

    private static void setUp(
            final FrontendProtocol protocol,
            final QueueLayout layout,
            final FrontendMemory memory,
            final EventFd kick)
            throws IOException {
        protocol.setVringNum(0, SIZE);
        protocol.setVringBase(0, 0);
        protocol.setVringAddr(layout, memory);
        protocol.setVringKick(0, kick);
        protocol.setVringEnable(0, true);
        kick.signal();
    }

    private static void place(
            final FrontendPostcopy postcopy,
            final Source source,
            final FrontendRegion region,
            final int first,
            final int end)
            throws IOException {
        for (int at = first; at < end; at += PAGE_BYTES) {
            postcopy.place(region, at, source.region.segment().asSlice(at, PAGE_BYTES));
        }
    }

    private void assertOthersGoOn(final Neighbour neighbour) throws Exception {
        neighbour.assertGoesOn();
        assertTrue(server.metricsPage().contains("ringside_blk_requests_total"));
        final ExecutionException e = assertThrows(ExecutionException.class, server::freeze);
        assertTrue(String.valueOf(e.getMessage()).contains("is being migrated"), e.getMessage());
        server.thaw();
        neighbour.assertGoesOn();
    }

    @Test
    void shouldTouchNoPageUntilAllHaveCome() throws Exception {
        final byte[] content = new byte[1 << 20];
        new Random(1).nextBytes(content);
        final Path image = server.newFile(content.length);
        Files.write(image, content);
        final TestServer.Disk disk = server.disk("file:" + image, 1);
        try (Neighbour neighbour = Neighbour.start(server);
                Source source = new Source();
                FrontendMemory arrived = new FrontendMemory();
                EventFd kick = EventFd.create();
                FrontendProtocol protocol = negotiate(disk);
                FrontendPostcopy postcopy = FrontendPostcopy.advise(protocol);
                UserFaultFd trap = UserFaultFd.create(UserFaultFd.FEATURE_SIGBUS)) {
            final FrontendRegion region = arrived.add(FrontendRegion.create(0, MEMORY_BYTES));
            postcopy.listen();
            postcopy.addMemory(region);
            trap.register(otherMapping(region), MEMORY_BYTES);
            setUp(protocol, source.layout, arrived, kick);

            assertOthersGoOn(neighbour);
            place(postcopy, source, region, 0, MEMORY_BYTES / 2);
            assertOthersGoOn(neighbour);
            place(postcopy, source, region, MEMORY_BYTES / 2, MEMORY_BYTES);
            assertOthersGoOn(neighbour);
            assertFalse(postcopy.backEndWaits());
            final RawRing ring = ring(arrived, source.layout);
            assertEquals(0, ring.usedIndex());
            postcopy.end();

            Await.until("the request is answered", () -> ring.usedIndex() == 1);
            assertEquals(
                    BlkSpec.S_OK, arrived.slice(source.status, 1).get(ValueLayout.JAVA_BYTE, 0));
            assertArrayEquals(
                    Arrays.copyOf(content, DATA_BYTES),
                    arrived.slice(source.data, DATA_BYTES).toArray(ValueLayout.JAVA_BYTE));
            neighbour.assertGoesOn();
            assertEquals(1, protocol.getVringBase(0));
        }
    }

    /** The front-end ends in the middle: the next one finds a disk that works. */
    @Test
    void shouldServeTheNextOneWhenPostcopyIsGivenUp() throws Exception {
        final TestServer.Disk disk = server.disk("memory:size=1M", 1);
        try (Neighbour neighbour = Neighbour.start(server);
                Source source = new Source()) {
            try (FrontendMemory arrived = new FrontendMemory();
                    EventFd kick = EventFd.create();
                    FrontendProtocol protocol = negotiate(disk);
                    FrontendPostcopy postcopy = FrontendPostcopy.advise(protocol)) {
                final FrontendRegion region = arrived.add(FrontendRegion.create(0, MEMORY_BYTES));
                postcopy.listen();
                postcopy.addMemory(region);
                setUp(protocol, source.layout, arrived, kick);
                place(postcopy, source, region, 0, MEMORY_BYTES / 2);
            }
            try (EventFd kick = EventFd.create();
                    FrontendProtocol protocol = negotiate(disk)) {
                protocol.addMemory(source.region);
                setUp(protocol, source.layout, source.memory, kick);
                final RawRing ring = ring(source.memory, source.layout);
                Await.until("the request is answered", () -> ring.usedIndex() == 1);
                neighbour.assertGoesOn();
            }
        }
    }
}
