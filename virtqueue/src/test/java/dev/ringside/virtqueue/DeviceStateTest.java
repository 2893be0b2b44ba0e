package dev.ringside.virtqueue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ringside.virtqueue.device.DeviceState;
import dev.ringside.virtqueue.device.DeviceStateException;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceStateTest {
    private static final long OFFERED = 0xff;

    private static byte[] saved() {
        return new DeviceState(2, 0x11)
                .put(1, new byte[] {7})
                .put(9, new byte[0])
                .put(DeviceState.IGNORABLE | 3, new byte[] {1, 2, 3})
                .encode();
    }

    @Test
    void shouldGiveBackWhatWasSaved() throws Exception {
        DeviceState state = DeviceState.decode(saved(), 2, OFFERED);

        assertEquals(0x11, state.features());
        assertEquals(7, state.get(1, 1).get());
        assertEquals(0, state.get(9).remaining());
        assertFalse(state.has(2));
        state.checkFields(1, 9);
        assertArrayEquals(saved(), state.encode());
    }

    @Test
    void shouldRefuseFieldThatMattersAndIsNotKnown() throws Exception {
        DeviceState state = DeviceState.decode(saved(), 2, OFFERED);

        assertThrows(DeviceStateException.class, () -> state.checkFields(1));
        assertThrows(DeviceStateException.class, () -> state.get(2));
        assertThrows(DeviceStateException.class, () -> state.get(1, 2));
    }

    @Test
    void shouldRefuseEveryPartOfIt() {
        byte[] whole = saved();
        int taken = 0;
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            try {
                DeviceState.decode(part, 2, OFFERED);
                taken++;
            } catch (DeviceStateException e) {
                assertTrue(String.valueOf(e.getMessage()).length() > 10);
            }
        }
        // Between two fields nobody can tell: devices ask for the fields that they need.
        assertEquals(3, taken);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, no state of a Ringside device",
        "4, 2, version 2",
        "6, 1, of a device with ID 1",
        "9, 1, features 0x100",
    })
    void shouldSayWhatIsWrong(int at, int value, String reason) {
        byte[] bytes = saved();
        bytes[at] = (byte) value;

        DeviceStateException e =
                assertThrows(
                        DeviceStateException.class, () -> DeviceState.decode(bytes, 2, OFFERED));

        assertTrue(String.valueOf(e.getMessage()).contains(reason), e.getMessage());
    }

    @Test
    void shouldThrowNothingElseWhateverTheBytes() {
        RandomGenerator random = TestSeed.generator("DeviceStateTest");
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = saved();
            for (int flips = random.nextInt(4); flips >= 0; flips--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                DeviceState.decode(bytes, 2, OFFERED);
            } catch (DeviceStateException e) {
                refused++;
            }
        }
        assertTrue(refused > 1000);
    }
}
