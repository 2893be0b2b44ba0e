package dev.ringside.virtio.blk.backend;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Finds out who holds a lock on a file. An open file description lock has no process for the kernel
 * to name, but every description lists its locks in {@code /proc/PID/fdinfo} (proc(5)).
 */
final class LockHolders {
    private static final Path PROC = Path.of("/proc");
    private static final String EXCLUSIVE = "WRITE";
    private static final String ANY = "";

    private LockHolders() {}

    /**
     * {@code "process 123 (qemu-system-x86), process 124 (...)"}; empty when nobody can be seen.
     */
    static String describe(Path file) {
        Set<String> holders = new LinkedHashSet<>();
        try {
            String inode = ":" + Files.getAttribute(file, "unix:ino") + " ";
            try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
                for (Path process : processes) {
                    if (holds(process, file, inode, ANY)) {
                        holders.add(
                                "process " + process.getFileName() + " (" + name(process) + ")");
                    }
                }
            }
        } catch (IOException e) {
            return ""; // a message without a name is still a message
        }
        return String.join(", ", holders);
    }

    /** Whether another process than this one has an exclusive lock on the file. */
    static boolean includeAnotherWriter(Path file) {
        String self = Long.toString(ProcessHandle.current().pid());
        try {
            String inode = ":" + Files.getAttribute(file, "unix:ino") + " ";
            try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
                for (Path process : processes) {
                    if (!process.getFileName().toString().equals(self)
                            && holds(process, file, inode, EXCLUSIVE)) {
                        return true;
                    }
                }
            }
        } catch (IOException e) {
            return false; // not to be seen: then it is waited for
        }
        return false;
    }

    private static boolean holds(Path process, Path file, String inode, String kind) {
        try (DirectoryStream<Path> descriptors =
                Files.newDirectoryStream(process.resolve("fdinfo"))) {
            for (Path descriptor : descriptors) {
                if (locks(descriptor, inode, kind)
                        && Files.isSameFile(
                                process.resolve("fd").resolve(descriptor.getFileName()), file)) {
                    return true;
                }
            }
        } catch (IOException e) {
            return false; // it ended meanwhile, or is none of our business
        }
        return false;
    }

    private static boolean locks(Path descriptor, String inode, String kind) {
        try {
            return Files.readAllLines(descriptor).stream()
                    .anyMatch(
                            line ->
                                    line.startsWith("lock:")
                                            && line.contains(inode)
                                            && line.contains(kind));
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }

    private static String name(Path process) {
        try {
            return Files.readString(process.resolve("comm")).strip();
        } catch (IOException e) {
            return "unknown";
        }
    }
}
