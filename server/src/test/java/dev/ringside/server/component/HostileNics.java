package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetLoadResult;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.NetSpec;
import dev.ringside.server.component.TestServer.Nic;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;

/** Beside the two disks a NIC that is attacked and a healthy one, of which the same is asked. */
abstract class HostileNics extends Hostile {
    static final NetOptions OFFLOADS =
            NetOptions.defaults()
                    .features(NetOptions.PLAIN_FEATURES | NetOptions.OFFLOAD_FEATURES)
                    .without(NetSpec.F_MTU);

    private Nic nic;
    private NetNeighbour netNeighbour;

    @BeforeAll
    void startNics() throws Exception {
        netNeighbour = NetNeighbour.start(server());
        nic = extraNic("loopback");
        // What is opened when they first serve is there before descriptors are counted.
        assertNicServes();
    }

    @BeforeEach
    void beginNetPulse() {
        netNeighbour.pulse().begin();
    }

    @AfterEach
    void assertNicsUnharmed(final TestInfo test) throws Exception {
        netNeighbour.assertGoesOn();
        report(test, netNeighbour.pulse());
        assertNicServes();
    }

    void assertNicServes() throws Exception {
        try (NetDriver driver = nic.start(OFFLOADS)) {
            final NetLoadResult result =
                    new NetLoad(driver, NetLoadOptions.verified(100, 16).frames(500)).run();
            assertTrue(result.clean(), result.summary());
        }
        Await.until("the last session is over", () -> !nic.handle().connected());
    }

    @AfterAll
    void stopNics() throws IOException {
        netNeighbour.close();
    }

    NetNeighbour netNeighbour() {
        return netNeighbour;
    }

    Nic nic() {
        return nic;
    }
}
