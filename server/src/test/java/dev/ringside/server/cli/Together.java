package dev.ringside.server.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** Configurations of several devices. */
final class Together {
    private static final long ROOT_BYTES = 16 << 20;

    private Together() {}

    /**
     * Writes one, and what it needs: a disk {@code root} of a file, another one of memory, and NICs
     * {@code a} and {@code b} at one switch. Each has a socket {@code NAME.sock} in the folder.
     *
     * @param otherDisk its name
     */
    static Path disksAndNics(Path folder, String otherDisk) throws IOException {
        try (RandomAccessFile image =
                new RandomAccessFile(folder.resolve("root.img").toFile(), "rw")) {
            image.setLength(ROOT_BYTES);
        }
        return Files.writeString(
                folder.resolve("ringside.toml"),
                """
                [server]
                shards = 2
                metrics-port = 0
                control-socket = "@control"

                [disk.root]
                socket-path = "@root.sock"
                blk-file = "@root.img"

                [disk.OTHER]
                socket-path = "@OTHER.sock"
                backend = "memory:size=16M"

                [nic.a]
                socket-path = "@a.sock"
                switch = "lan"

                [nic.b]
                socket-path = "@b.sock"
                switch = "lan"
                """
                        .replace("OTHER", otherDisk)
                        .replace("@", folder + "/"));
    }
}
