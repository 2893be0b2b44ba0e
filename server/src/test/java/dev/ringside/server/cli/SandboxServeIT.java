package dev.ringside.server.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.NetOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ringside serve} with {@code sandbox = true}: disks, NICs of a switch and of a TAP. */
@Timeout(180)
final class SandboxServeIT {
    private static final long FIRST = 0x525400000001L;
    private static final long SECOND = 0x525400000002L;
    private static final String HOST = "10.77.0.1";
    private static final int GUEST_IP = 0x0a4d0002;
    private static final int HOST_IP = 0x0a4d0001;
    private static final int ARP = 0x0806;
    private static final int ARP_BYTES = 42;
    private static final int REQUEST = 1;
    private static final int REPLY = 2;
    private static final String NET_ADMIN_ONLY = "0000000000001000";

    @TempDir private Path folder = Path.of("/nonexistent");

    /** In a network of its own, whose other end is the kernel. */
    private RingsideChild serve() throws IOException {
        Path config = folder.resolve("ringside.toml");
        Files.writeString(
                config,
                """
                [server]
                shards = 2
                sandbox = true
                control-socket = "@control"

                [disk.d]
                socket-path = "@d.sock"
                backend = "memory:size=16M"

                [nic.tapped]
                socket-path = "@tapped.sock"
                tap = "boxed0"

                [nic.a]
                socket-path = "@a.sock"
                switch = "lan"

                [nic.b]
                socket-path = "@b.sock"
                switch = "lan"
                """
                        .replace("@", folder + "/"));
        return RingsideChild.start(
                List.of("unshare", "--net"), Map.of(), "serve", config.toString());
    }

    private TestNic nic(String name) throws IOException {
        return TestNic.connect(folder.resolve(name + ".sock"), NetOptions.defaults());
    }

    @Test
    void shouldServeEverythingInsideAndRefuseToReload() throws Exception {
        try (RingsideChild child = serve()) {
            String ready = child.awaitReady();
            assertTrue(ready.contains("; sandbox: Landlock "), ready);
            assertConfined(child.pid());
            try (BusyDisk busy = BusyDisk.start(folder.resolve("d.sock"))) {
                assertTrafficPasses(child);

                child.signal("HUP");

                String told = child.await("ringside: warning: not reloaded: ");
                assertTrue(told.contains("in the sandbox") && told.contains("restart it"), told);
                busy.assertGoesOn();
                // And for those who come after: queues are attached to the TAP anew.
                assertTrafficPasses(child);
                assertConfined(child.pid());
            }
            child.signal("TERM");
            assertEquals(0, child.awaitExit(), child.lines().toString());
        }
    }

    private void assertTrafficPasses(RingsideChild child) throws Exception {
        try (TestNic a = nic("a");
                TestNic b = nic("b");
                TestNic tapped = nic("tapped")) {
            byte[] frame = TestNic.frame(SECOND, FIRST, 100, 7);
            a.send(frame);
            assertArrayEquals(frame, b.receive());

            inside(child, "ip addr replace " + HOST + "/24 dev boxed0");
            inside(child, "ip link set boxed0 up");
            tapped.send(arp(REQUEST));
            ByteBuffer answer = ByteBuffer.wrap(tapped.receive());
            while (answer.getShort(12) != ARP || answer.getShort(20) != REPLY) {
                answer = ByteBuffer.wrap(tapped.receive());
            }
            assertEquals(HOST_IP, answer.getInt(28));
        }
    }

    private static byte[] arp(int operation) {
        ByteBuffer frame = ByteBuffer.allocate(ARP_BYTES);
        frame.putShort((short) -1).putInt(-1);
        frame.putShort((short) (FIRST >>> 32)).putInt((int) FIRST).putShort((short) ARP);
        frame.putShort((short) 1).putShort((short) 0x0800).put((byte) 6).put((byte) 4);
        frame.putShort((short) operation);
        frame.putShort((short) (FIRST >>> 32)).putInt((int) FIRST).putInt(GUEST_IP);
        frame.putShort((short) 0).putInt(0).putInt(HOST_IP);
        return frame.array();
    }

    private static void inside(RingsideChild child, String line) throws Exception {
        List<String> enter = List.of("nsenter", "--net=/proc/" + child.pid() + "/ns/net");
        List<String> command = new ArrayList<>(enter);
        command.addAll(List.of(line.split(" ")));
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertEquals(0, process.waitFor(), line);
    }

    /** What a TAP needs is what is left, of every thread. */
    private static void assertConfined(long pid) throws IOException {
        try (var threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            int count = 0;
            for (Path thread : threads) {
                Path file = thread.resolve("status");
                String status = Files.exists(file) ? Files.readString(file) : "";
                if (!status.isEmpty() && !status.contains("iou-wrk-")) {
                    count++;
                    assertTrue(status.contains("Seccomp:\t2\n"), status);
                    assertTrue(status.contains("NoNewPrivs:\t1\n"), status);
                    assertTrue(status.contains("CapEff:\t" + NET_ADMIN_ONLY + "\n"), status);
                }
            }
            assertTrue(count > 10, "threads: " + count);
        }
    }
}
