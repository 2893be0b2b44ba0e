package dev.ringside.vhostuser;

import static dev.ringside.vhostuser.TestFrontend.QUEUE_SIZE;
import static dev.ringside.vhostuser.TestFrontend.config;
import static dev.ringside.vhostuser.TestFrontend.inflight;
import static dev.ringside.vhostuser.TestFrontend.u64;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.virtqueue.InflightRegion;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the driver chose in the configuration space outlives the process that it told. */
class DriverChoicesTest {
    private static final int GET_CONFIG = 24;
    private static final int SET_CONFIG = 25;
    private static final int GET_INFLIGHT_FD = 31;
    private static final int SET_INFLIGHT_FD = 32;
    private static final int RESET_DEVICE = 34;
    private static final long REGION = 4160 + 64;

    private final Leaks before = Leaks.count();

    @AfterEach
    void nothingIsLeft() {
        before.assertNone();
    }

    private static byte[] choose(int choice) {
        return config(FakeDevice.WRITABLE_OFFSET, 1, 0, (byte) choice);
    }

    private static Fd makeRegion(TestFrontend f) throws Exception {
        f.ask(GET_INFLIGHT_FD, inflight(0, 0, 1, QUEUE_SIZE));
        Fd made = f.host.sentFds.getLast().duplicate();
        give(f, made);
        return made;
    }

    private static void give(TestFrontend f, Fd region) throws Exception {
        f.ok(SET_INFLIGHT_FD, inflight(REGION, 0, 1, QUEUE_SIZE), region.duplicate());
    }

    private static int noted(Fd region) throws LinuxException {
        try (InflightRegion view =
                InflightRegion.map(region.duplicate(), REGION, 0, 1, QUEUE_SIZE)) {
            return view.noted();
        }
    }

    @Test
    void shouldTellTheProcessAfterAKill() throws Exception {
        try (TestFrontend f = TestFrontend.negotiated(1);
                TestFrontend next = TestFrontend.negotiated(1)) {
            f.setMemory();
            try (Fd region = makeRegion(f)) {
                f.startRing(0);
                f.ok(SET_CONFIG, choose(7));
                give(next, region);
            }
            assertEquals(7, next.device.choices);
        }
    }

    @Test
    void shouldNoteWhatWasChosenBeforeThereWasARegion() throws Exception {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.ok(SET_CONFIG, choose(5));
            try (Fd region = makeRegion(f)) {
                assertEquals(5, noted(region));
            }
        }
    }

    @Test
    void shouldNoteWhatIsDecidedWhenARingStarts() throws Exception {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            try (Fd region = makeRegion(f)) {
                assertEquals(0, noted(region));
                f.device.choices = 3;
                f.startRing(0);
                assertEquals(3, noted(region));
            }
        }
    }

    @Test
    void shouldBelieveItselfMoreThanARegion() throws Exception {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.device.choices = 3;
            try (Fd region = makeRegion(f)) {
                f.device.choices = 4;
                give(f, region);
                assertEquals(4, noted(region));
                assertEquals(4, f.device.choices);
            }
        }
    }

    @Test
    void shouldBeUnknownUntilTheDriverIsTold() throws Exception {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.setMemory();
            f.device.choices = 3;
            try (Fd region = makeRegion(f)) {
                f.startRing(0);
                f.host.later = true;
                f.flags = TestFrontend.NEED_REPLY;
                f.request(SET_CONFIG, choose(4));
                assertEquals(0, noted(region));
                f.host.sent.clear();
                f.host.acknowledgeAll();
                assertArrayEquals(u64(0), f.reply(SET_CONFIG));
                assertEquals(4, noted(region));
            }
        }
    }

    @Test
    void shouldForgetWhatNobodyWasToldOfWhenTheConnectionEnds() throws Exception {
        TestFrontend f = TestFrontend.negotiated(1);
        f.setMemory();
        f.startRing(0);
        f.host.later = true;
        f.request(SET_CONFIG, choose(4));
        f.close();
        assertEquals(0, f.device.choices);
    }

    @Test
    void shouldGoOnAsBeforeWhenAWriteIsRefused() throws Exception {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.device.choices = 3;
            try (Fd region = makeRegion(f)) {
                f.refused(SET_CONFIG, config(0, 1, 0, (byte) 9));
                assertEquals(3, noted(region));
            }
        }
    }

    @Test
    void shouldNoteInTheNextRegionAfterAReset() throws Exception {
        try (TestFrontend f = TestFrontend.negotiated(1)) {
            f.device.choices = 3;
            try (Fd old = makeRegion(f)) {
                f.ok(RESET_DEVICE, new byte[0]);
                f.ok(2, u64(FakeDevice.VERSION_1 | TestFrontend.PROTOCOL_F));
                f.ok(SET_CONFIG, choose(4));
                assertEquals(3, noted(old), "nobody's any more");
                try (Fd next = makeRegion(f)) {
                    assertEquals(4, noted(next));
                }
            }
        }
    }

    @Test
    void shouldSayWhetherTheFrontEndHasReadTheConfiguration() throws Exception {
        try (TestFrontend goesOn = TestFrontend.negotiated(1);
                TestFrontend begins = TestFrontend.negotiated(1)) {
            goesOn.setMemory();
            goesOn.startRing(0);
            assertEquals(List.of(false), goesOn.device.decisions);

            begins.ask(GET_CONFIG, config(0, 57, 0, new byte[57]));
            begins.setMemory();
            begins.startRing(0);
            assertEquals(List.of(true), begins.device.decisions);
        }
    }
}
