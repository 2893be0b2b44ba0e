package dev.ringside.server.process;

import dev.ringside.server.options.CaptureOptions;
import dev.ringside.server.options.OperatorException;
import dev.ringside.virtio.net.filter.Capture;
import dev.ringside.virtio.net.filter.CapturePort;
import dev.ringside.virtio.net.frame.Frame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A NIC whose traffic can be captured. Guarded by its {@link Captures}. */
final class CaptureSource {
    /** What another process is told of a capture to where the options say. */
    private static final String AS_ASKED = "on";

    final String nic;
    private final CapturePort port;
    private final @Nullable CaptureOptions asked;

    /** Where the capture goes, or the last one went; null: nowhere yet. */
    private @Nullable CaptureOptions present;

    /** Captures to where it goes now. */
    private int begun;

    /** Switched off for a while only. */
    boolean frozen;

    @Nullable Capture running;

    /**
     * @param asked what the NIC's options say; null: nothing
     */
    CaptureSource(String nic, CapturePort port, @Nullable CaptureOptions asked) {
        this.nic = nic;
        this.port = port;
        this.asked = asked;
        present = asked;
    }

    /** Whether it is to be captured from the start. */
    boolean fromTheStart() {
        return asked != null && asked.on();
    }

    /** Whether it is known where a capture would go. */
    boolean hasTarget() {
        return present != null;
    }

    /**
     * Says where the next capture goes.
     *
     * @param file null: where the options say
     * @param snaplen null: likewise, or whole frames
     */
    void aim(@Nullable String file, @Nullable Integer snaplen) throws OperatorException {
        CaptureOptions options = asked;
        if (file == null && options == null) {
            throw new OperatorException(
                    "NIC " + nic + " has no capture option: say which file (--file=FILE)");
        }
        int snapBytes =
                snaplen != null
                        ? snaplen
                        : options == null ? CapturePort.WHOLE_FRAMES : options.snapBytes();
        if (snapBytes < Frame.MIN_BYTES || snapBytes > CapturePort.WHOLE_FRAMES) {
            throw new OperatorException(
                    "snaplen "
                            + snapBytes
                            + " is not from "
                            + Frame.MIN_BYTES
                            + " to "
                            + CapturePort.WHOLE_FRAMES);
        }
        Path target = file != null ? Path.of(file) : Objects.requireNonNull(options).target();
        if (file != null && Files.isRegularFile(target)) {
            throw new OperatorException(
                    target + " exists, and is not overwritten: name a new file, or a named pipe");
        }
        if (present == null || !target.equals(present.target())) {
            begun = 0;
        }
        present = new CaptureOptions(target, snapBytes, true);
    }

    /**
     * Begins a capture.
     *
     * @param keepOthers whether a file that is there is left alone
     * @return where it goes
     */
    Path begin(boolean keepOthers) throws IOException {
        CaptureOptions options = present;
        if (options == null) {
            throw new IOException("nobody has said which file");
        }
        Path target = nextTarget(options.target(), keepOthers);
        Capture capture = port.start(target, options.snapBytes());
        IOException failure = capture.failure();
        if (failure != null) {
            throw failure;
        }
        running = capture;
        return target;
    }

    /** A file is never overwritten by the next capture: that one has a number behind. */
    private Path nextTarget(Path first, boolean keepOthers) {
        boolean pipe = Files.exists(first) && !Files.isRegularFile(first);
        if (pipe) {
            return first;
        }
        Path next = numbered(first);
        while (keepOthers && Files.exists(next)) {
            next = numbered(first);
        }
        return next;
    }

    private Path numbered(Path first) {
        begun++;
        return begun == 1 ? first : first.resolveSibling(first.getFileName() + "." + begun);
    }

    /** Ends the capture if there is one; it is over when it is written. */
    void stop() {
        if (running != null) {
            running.stop();
        }
    }

    /** Where it goes, for another process. */
    String saved() {
        CaptureOptions options = present;
        return options == null || options.target().equals(asked == null ? null : asked.target())
                ? AS_ASKED
                : options.snapBytes() + " " + options.target();
    }

    /** It goes on in this process. */
    void restore(String saved) {
        frozen = true;
        int blank = saved.indexOf(' ');
        if (blank > 0) {
            present =
                    new CaptureOptions(
                            Path.of(saved.substring(blank + 1)),
                            Integer.parseInt(saved.substring(0, blank)),
                            true);
        }
    }
}
