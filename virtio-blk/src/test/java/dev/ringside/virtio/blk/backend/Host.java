package dev.ringside.virtio.blk.backend;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What tests do to the host: mounts and loop devices. They need root, as the tests' user is in CI.
 */
public final class Host {
    private Host() {}

    /** Runs a command and answers its output. */
    public static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0) {
                throw new IOException(
                        List.of(command)
                                + " ended with "
                                + status
                                + " (this test needs root): "
                                + output);
            }
            return output.strip();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** A file of so many bytes, all holes. */
    public static Path sparseFile(Path directory, String name, long bytes) throws IOException {
        Path file = directory.resolve(name);
        try (var handle = new java.io.RandomAccessFile(file.toFile(), "rw")) {
            handle.setLength(bytes);
        }
        return file;
    }

    /** How many file descriptors this process has, without those that the JDK opens at will. */
    public static long openFiles() throws IOException {
        try (var entries = Files.list(Path.of("/proc/self/fd"))) {
            return entries.filter(Host::isOurs).count();
        }
    }

    private static boolean isOurs(Path descriptor) {
        try {
            String target = Files.readSymbolicLink(descriptor).toString();
            return !target.endsWith("random")
                    && !target.endsWith(".jar")
                    && !target.startsWith("pipe:"); // of commands that have ended
        } catch (IOException e) {
            return false; // the listing's own
        }
    }

    /** A loop device over a file. */
    public record Loop(Path device) implements AutoCloseable {
        /** Attached with a sector size in bytes. */
        public static Loop attach(Path file, int sectorBytes) throws IOException {
            return new Loop(
                    Path.of(
                            run(
                                    "losetup",
                                    "--find",
                                    "--show",
                                    "--sector-size",
                                    Integer.toString(sectorBytes),
                                    file.toString())));
        }

        @Override
        public void close() throws IOException {
            run("losetup", "--detach", device.toString());
        }
    }

    /** A mounted file system. */
    public record Mount(Path directory) implements AutoCloseable {
        /** A tmpfs of so many bytes, mounted below a directory. */
        public static Mount tmpfs(Path below, String size) throws IOException {
            Path directory = Files.createDirectory(below.resolve("tmpfs"));
            run("mount", "-t", "tmpfs", "-o", "size=" + size, "none", directory.toString());
            return new Mount(directory);
        }

        /** A new ext4 on a block device, mounted below a directory. */
        public static Mount ext4(Path device, Path below) throws IOException {
            Path directory = Files.createDirectory(below.resolve("ext4"));
            run("mkfs.ext4", "-q", "-F", device.toString());
            run("mount", device.toString(), directory.toString());
            return new Mount(directory);
        }

        @Override
        public void close() throws IOException {
            run("umount", directory.toString());
        }
    }
}
