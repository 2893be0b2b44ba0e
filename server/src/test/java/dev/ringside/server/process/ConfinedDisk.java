package dev.ringside.server.process;

import dev.ringside.metrics.MetricsRegistry;
import dev.ringside.server.options.BlkParser;
import dev.ringside.server.options.BlkSyntax;
import dev.ringside.server.options.Syntax;
import dev.ringside.server.upgrade.Inheritance;
import dev.ringside.shm.Sandbox;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Opens a disk, enters the sandbox that the disk asks for in a JVM of its own, and prints how a
 * file may be opened then: {@code read}, {@code write}, or neither.
 */
final class ConfinedDisk {
    private ConfinedDisk() {}

    /** The file that is tried, then what {@code ringside blk} is given. */
    public static void main(String[] arguments) throws Exception {
        Path file = Path.of(arguments[0]);
        List<String> options = List.of(arguments).subList(1, arguments.length);
        BlkServer disk =
                new BlkServer(
                        BlkParser.parse(
                                Syntax.parse(BlkSyntax.commandLine(), "ringside blk", options),
                                new int[] {0}));
        disk.open(new MetricsRegistry(), Inheritance.none());
        Sandbox sandbox = new Sandbox().read(Path.of(System.getProperty("java.home")));
        for (String classes : System.getProperty("java.class.path").split(":", -1)) {
            sandbox.read(Path.of(classes).toAbsolutePath());
        }
        sandbox.read(Path.of("/proc/self"));
        disk.confine(sandbox);
        String unused = sandbox.enter();

        List<String> allowed = new ArrayList<>();
        for (StandardOpenOption way : List.of(StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            try {
                FileChannel.open(file, way).close();
                allowed.add(way.name());
            } catch (IOException e) {
                // The sandbox says no; that it is there at all shows the other file.
            }
        }
        System.out.println(allowed);
    }
}
