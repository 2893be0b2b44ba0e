package dev.ringside.server.component;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A FUSE file system of one empty file. After a turn whatever is asked of it is told on stdout and
 * not answered, until the next one.
 *
 * <p>Usage: StallingFiles MOUNTPOINT, a file.
 */
final class StallingFiles extends FuseFiles {
    private final List<Long> unanswered = new ArrayList<>();
    private boolean answering = true;

    private StallingFiles(final RandomAccessFile device) {
        super(device);
    }

    public static void main(final String[] arguments) throws Throwable {
        serve(Path.of(arguments[0]), StallingFiles::new);
    }

    @Override
    void answer(final int operation, final long unique, final ByteBuffer in) throws IOException {
        if (!answering) {
            unanswered.add(unique);
            System.out.println("operation " + operation);
        } else if (operation == GETATTR) {
            reply(unique, 0, attributes(0));
        } else {
            reply(unique, operation == FLUSH ? 0 : -EIO, new byte[0]);
        }
    }

    @Override
    String turn() throws IOException {
        answering = !answering;
        for (final long unique : unanswered) {
            reply(unique, -EIO, new byte[0]);
        }
        unanswered.clear();
        return answering ? "answers" : "stalls";
    }
}
