package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkLoad;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendProtocol;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.LoadOptions;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetLoad;
import dev.ringside.frontend.NetLoadOptions;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.VhostUserSpec;
import dev.ringside.frontend.VirtioDriver;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Front-ends that take memory, device or connection away while their rings are full of I/O. */
class UnmapUnderLoadIT extends HostileNics {
    private static final int ROUNDS = Integer.getInteger("ringside.unmaps", 10);
    private static final int REGION_BYTES = 2 << 20;
    private static final int LONGEST_WAIT_NS = 2_000_000;
    private static final int STARTED = 20;

    private final Random random = new Random(SEED);

    /** What is taken away, with no regard to what is in flight. */
    private enum Attack {
        HANG_UP,
        RESET,
        REMOVE_RINGS,
        REMOVE_DATA,
        EMPTY_TABLE;

        void against(final VirtioDriver driver) throws IOException {
            final FrontendProtocol protocol = driver.protocol();
            switch (this) {
                case HANG_UP -> protocol.close();
                case RESET -> protocol.resetDevice();
                case REMOVE_RINGS -> remove(driver, driver.memory().regions().getFirst());
                case REMOVE_DATA -> remove(driver, driver.memory().regions().getLast());
                case EMPTY_TABLE -> protocol.tell(VhostUserSpec.SET_MEM_TABLE, new byte[8]);
            }
            if (this != HANG_UP) {
                protocol.getFeatures();
            }
        }

        private static void remove(final VirtioDriver driver, final FrontendRegion region)
                throws IOException {
            driver.protocol()
                    .tell(VhostUserSpec.REM_MEM_REG, FrontendProtocol.memoryRegion(region));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "HANG_UP,false", "RESET,false", "REMOVE_RINGS,false", "REMOVE_DATA,false",
        "EMPTY_TABLE,false", "HANG_UP,true", "RESET,true", "REMOVE_RINGS,true",
        "REMOVE_DATA,true", "EMPTY_TABLE,true"
    })
    void shouldHarmNobodyElse(final Attack attack, final boolean packed) throws Exception {
        final BlkOptions disk = BlkOptions.defaults().memorySlots(attack != Attack.EMPTY_TABLE);
        final NetOptions net = OFFLOADS.memorySlots(attack != Attack.EMPTY_TABLE);
        for (int round = 0; round < ROUNDS; round++) {
            try (BlkDriver driver =
                    BlkDriver.start(
                            victim().connect(),
                            memory(),
                            packed ? disk.with(VirtioSpec.F_RING_PACKED) : disk)) {
                final BlkLoad load = new BlkLoad(driver, LoadOptions.verified(32));
                run(driver, attack, RunningLoad.of(load.start()));
            }
            try (NetDriver driver =
                    NetDriver.start(
                            nic().connect(),
                            memory(),
                            packed ? net.with(VirtioSpec.F_RING_PACKED) : net)) {
                final NetLoad load = new NetLoad(driver, NetLoadOptions.verified(500, 64));
                run(driver, attack, RunningLoad.of(load.start()));
            }
        }
    }

    private static FrontendMemory memory() throws IOException {
        return FrontendMemory.likePc(REGION_BYTES);
    }

    private void run(final VirtioDriver driver, final Attack attack, final RunningLoad load)
            throws Exception {
        Await.until("the load runs", () -> load.completed() > STARTED);
        LockSupport.parkNanos(random.nextInt(LONGEST_WAIT_NS));
        try {
            attack.against(driver);
        } catch (IOException e) {
            // Refused or hung up.
            assertTrue(server().healthy(), e.toString());
        }
        load.abandon();
    }
}
