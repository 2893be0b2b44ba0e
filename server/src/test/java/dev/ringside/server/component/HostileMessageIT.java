package dev.ringside.server.component;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.VirtioDriver;
import java.io.IOException;

/** Any messages to a disk. */
class HostileMessageIT extends MessageAttacks {
    @Override
    FrontendConnection connect() throws IOException {
        return victim().connect();
    }

    @Override
    int queues() {
        return victim().device().queueCount();
    }

    @Override
    VirtioDriver probe() throws IOException {
        return BlkDriver.probe(connect(), new FrontendMemory(), BlkOptions.defaults());
    }
}
