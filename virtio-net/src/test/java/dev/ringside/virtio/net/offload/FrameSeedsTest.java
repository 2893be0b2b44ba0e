package dev.ringside.virtio.net.offload;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import dev.ringside.virtio.net.frame.Frame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Replays inputs of the fuzz target: those it begins with, and what it has found. */
class FrameSeedsTest {
    /** Shortened to what matters. */
    private static final List<String> FOUND = List.of();

    static Stream<byte[]> seeds() {
        Random random = new Random(9);
        List<byte[]> seeds = new ArrayList<>();
        for (int type = 0; type < 5; type++) {
            for (int version : new int[] {4, 6}) {
                for (int protocol : new int[] {Packet.TCP, Packet.UDP}) {
                    Packet.Shape shape = Packet.Shape.random(random, version, protocol, 300);
                    seeds.add(seed(type, Packet.of(shape, random).withPseudoSum()));
                    shape = Packet.Shape.plain(version, protocol, 200);
                    seeds.add(seed(type, Packet.of(shape, random).withPseudoSum()));
                }
            }
        }
        FOUND.forEach(hex -> seeds.add(HexFormat.of().parseHex(hex)));
        return seeds.stream();
    }

    private static byte[] seed(int type, Packet packet) {
        byte[] prologue = new byte[FrameExerciser.PROLOGUE_BYTES];
        prologue[0] = (byte) type;
        Packet.put(prologue, 1, 64, 2);
        Packet.put(prologue, 3, packet.transport(), 2);
        Packet.put(prologue, 5, packet.checksumOffset(), 2);
        prologue[8] = 3;
        return Packet.join(List.of(prologue, packet.bytes()));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void shouldSurviveSeed(byte[] seed) {
        assertDoesNotThrow(() -> FrameExerciser.run(seed));
        for (int length = 0; length < seed.length; length += 3) {
            byte[] prefix = Arrays.copyOf(seed, length);
            assertDoesNotThrow(() -> FrameExerciser.run(prefix));
        }
    }

    @Test
    void shouldSurviveChangedSeeds() {
        Random random = new Random(10);
        List<byte[]> seeds = seeds().toList();
        for (int round = 0; round < 20_000; round++) {
            byte[] seed = seeds.get(random.nextInt(seeds.size())).clone();
            for (int i = random.nextInt(5); i >= 0; i--) {
                int most = Math.min(seed.length, random.nextBoolean() ? 10 : Frame.MAX_HEAD_BYTES);
                seed[random.nextInt(most)] = (byte) random.nextInt();
            }
            assertDoesNotThrow(
                    () -> FrameExerciser.run(seed), () -> HexFormat.of().formatHex(seed));
        }
    }
}
