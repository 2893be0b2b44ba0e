package dev.ringside.server.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which QEMU is installed: an option was renamed on the way.
 *
 * @param major first number
 * @param minor second number
 */
record QemuVersion(int major, int minor) {
    private static final Pattern VERSION = Pattern.compile("version (\\d+)\\.(\\d+)");
    private static final int RENAMED_MAJOR = 9;
    private static final int RENAMED_MINOR = 2;
    private static final int SOUND_VECTORS_MAJOR = 10;
    private static final int SOUND_TRANSLATION_MAJOR = 8;
    private static final int SOUND_TRANSLATION_MINOR = 1;

    /** Asks the program in PATH; throws when it is not there or says something else. */
    static QemuVersion installed() throws IOException {
        final Process process =
                new ProcessBuilder(QemuOptions.PROGRAM, "--version")
                        .redirectErrorStream(true)
                        .start();
        final String output =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        final Matcher matcher = VERSION.matcher(output);
        if (!matcher.find()) {
            throw new IOException(
                    QemuOptions.PROGRAM + " --version says no version: " + output.strip());
        }
        return new QemuVersion(
                Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    /** The socket option that makes QEMU connect again one second after a loss. */
    String reconnectOption() {
        return isAtLeast(RENAMED_MAJOR, RENAMED_MINOR) ? "reconnect-ms=1000" : "reconnect=1";
    }

    /**
     * Whether an emulated VM (TCG) may have MSI-X on a NIC whose back-end is a vhost-user one:
     * older versions ask KVM for the interrupt's route although there is none, and die. Seen with
     * 7.2, not with 10.
     */
    boolean emulatesVectorsOfNics() {
        return major >= SOUND_VECTORS_MAJOR;
    }

    /**
     * Whether an emulated VM (TCG) may run its CPUs in threads of their own. Older versions can
     * translate code that another CPU is patching, and keep what was never meant to stay: a Linux
     * guest that boots with two CPUs now and then dies of a breakpoint that its kernel had already
     * taken out ("Oops: int3"). Seen with 7.2; mended in 8.1.
     */
    boolean emulatesCpusInParallel() {
        return isAtLeast(SOUND_TRANSLATION_MAJOR, SOUND_TRANSLATION_MINOR);
    }

    private boolean isAtLeast(final int wantedMajor, final int wantedMinor) {
        return major > wantedMajor || (major == wantedMajor && minor >= wantedMinor);
    }
}
