package dev.ringside.server.guest;

import dev.ringside.server.demo.RingsideProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code ringside blk}. */
record RingsideDisk(RingsideProcess process, Path socket) implements DiskServer {
    static RingsideDisk start(final DiskSpec spec, final Path socket)
            throws IOException, InterruptedException {
        final List<String> arguments = new ArrayList<>();
        arguments.add("blk");
        arguments.add("--socket-path=" + socket);
        arguments.add("--blk-file=" + spec.image());
        arguments.add("--num-queues=" + spec.queues());
        if (spec.readOnly()) {
            arguments.add("--read-only");
        }
        arguments.addAll(spec.options());
        return new RingsideDisk(RingsideProcess.start(arguments, line -> {}), socket);
    }

    @Override
    public int terminate() throws IOException, InterruptedException {
        return process.terminate();
    }

    @Override
    public String messages() {
        return process.messages();
    }

    @Override
    public void close() {
        process.close();
    }
}
