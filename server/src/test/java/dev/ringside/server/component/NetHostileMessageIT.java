package dev.ringside.server.component;

import dev.ringside.frontend.FrontendConnection;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.VirtioDriver;
import java.io.IOException;

/** Any messages to a NIC. */
class NetHostileMessageIT extends MessageAttacks {
    @Override
    FrontendConnection connect() throws IOException {
        return nic().connect();
    }

    @Override
    int queues() {
        return nic().device().queueCount();
    }

    @Override
    VirtioDriver probe() throws IOException {
        return NetDriver.probe(connect(), new FrontendMemory(), OFFLOADS);
    }
}
