package dev.ringside.server.demo;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Set;

/**
 * The guest's kernel and initramfs, made by {@code guest/prepare} of this checkout. Immutable, any
 * thread.
 *
 * @param directory where the files are
 */
public record GuestImage(Path directory) {
    private static final String SCRIPT = "guest/prepare";

    /** What a guest may have beyond busybox, the kernel's modules and the file system's tools. */
    public enum Part {
        /** fio: 80 MiB to load and unpack. */
        FIO("fio.cpio"),
        /** ethtool, iperf3, ip, ping and socat: 15 MiB. */
        NET("net.cpio");

        private final String file;

        Part(final String file) {
            this.file = file;
        }
    }

    /**
     * Makes the guest if it is not there yet: some seconds the first time, milliseconds later. What
     * the script says goes to this process's standard error.
     *
     * @throws PrerequisiteException when a program, a package or the right to install it is missing
     */
    public static GuestImage prepare() throws IOException, InterruptedException {
        final Path script = checkout().resolve(SCRIPT);
        final Process process =
                new ProcessBuilder(script.toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        process.getOutputStream().close();
        final String output =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        final int status = process.waitFor();
        if (status == PrerequisiteException.EXIT_STATUS) {
            throw new PrerequisiteException(
                    "the guest cannot be made; see the line of guest/prepare above");
        }
        if (status != 0) {
            throw new IOException(script + " ended with status " + status + "; see its messages");
        }
        return new GuestImage(Path.of(output));
    }

    /** The kernel as QEMU boots it directly. */
    public Path kernel() {
        return directory.resolve("kernel");
    }

    /** The kernel as its distribution has it, for boot loaders. */
    public Path vmlinuz() {
        return directory.resolve("vmlinuz");
    }

    /**
     * Writes an initramfs whose {@code /init} runs {@code script} with {@code sh -eu}.
     *
     * @param into the file to write
     * @param script the guest's test script
     * @param parts what else is put in
     */
    public Path writeInitramfs(final Path into, final String script, final Set<Part> parts)
            throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(into))) {
            Files.copy(directory.resolve("base.cpio"), out);
            for (final Part part : parts) {
                Files.copy(directory.resolve(part.file), out);
            }
            final CpioArchive archive = new CpioArchive(out);
            archive.addFile("test", 0755, script.getBytes(StandardCharsets.UTF_8));
            archive.finish();
        }
        return into;
    }

    /** The checkout that this code was built in: the nearest folder above it with the script. */
    private static Path checkout() throws PrerequisiteException {
        final Path code = codeLocation();
        for (Path at = code; at != null; at = at.getParent()) {
            if (Files.isExecutable(at.resolve(SCRIPT))) {
                return at;
            }
        }
        throw new PrerequisiteException(
                "no folder above " + code + " holds " + SCRIPT + "; run from a clone of Ringside");
    }

    private static Path codeLocation() {
        final CodeSource source = GuestImage.class.getProtectionDomain().getCodeSource();
        try {
            return source == null
                    ? Path.of("").toAbsolutePath()
                    : Path.of(source.getLocation().toURI());
        } catch (final URISyntaxException e) {
            throw new IllegalStateException("a JAR is at " + source.getLocation(), e);
        }
    }
}
