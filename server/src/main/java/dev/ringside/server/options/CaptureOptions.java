package dev.ringside.server.options;

import dev.ringside.virtio.net.filter.CapturePort;
import dev.ringside.virtio.net.frame.Frame;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/**
 * Where a NIC's traffic is written.
 *
 * @param target a file, or a named pipe that is there
 * @param snapBytes most bytes of each frame
 * @param on whether it is switched on from the start
 */
public record CaptureOptions(Path target, int snapBytes, boolean on) {
    private static final String SNAPLEN = "snaplen=";
    private static final String START = "start=";

    /**
     * Reads {@code FILE[,snaplen=BYTES][,start=on|off]}, where a comma in FILE is doubled.
     *
     * @param option how the operator wrote the option's name
     */
    static CaptureOptions parse(String option, String text) throws OperatorException {
        List<String> parts = CommaList.split(text);
        Values.notEmpty(option + ", whose file comes first,", parts.getFirst());
        Path target;
        try {
            target = Path.of(parts.getFirst());
        } catch (InvalidPathException e) {
            throw new OperatorException(
                    Values.given(option, text) + " is not a path: " + e.getReason(), e);
        }
        int snapBytes = CapturePort.WHOLE_FRAMES;
        boolean on = true;
        for (String part : parts.subList(1, parts.size())) {
            if (part.startsWith(SNAPLEN)) {
                snapBytes =
                        Values.integer(
                                option + ": snaplen",
                                part.substring(SNAPLEN.length()),
                                Frame.MIN_BYTES,
                                CapturePort.WHOLE_FRAMES);
            } else if (part.startsWith(START)) {
                on =
                        Values.word(
                                        option + ": start",
                                        part.substring(START.length()),
                                        List.of("on", "off"))
                                .equals("on");
            } else {
                throw new OperatorException(
                        Values.given(option, text)
                                + ": '"
                                + part
                                + "' is neither snaplen=BYTES nor start=off (a comma in the file's"
                                + " name is doubled)");
            }
        }
        return new CaptureOptions(target, snapBytes, on);
    }
}
