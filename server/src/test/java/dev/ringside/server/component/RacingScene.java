package dev.ringside.server.component;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import dev.ringside.frontend.QueueLayout;
import dev.ringside.frontend.RawRing;
import dev.ringside.frontend.VirtioSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.function.ToLongFunction;

/**
 * The memory of a racing driver: rings at the bottom of two regions, and in the middle of each, at
 * the same place, buffers and tables of descriptors. A third region is one that nothing ever names.
 */
final class RacingScene {
    private static final int REGION_BYTES = 4 << 20;
    private static final long MIDDLE = 2 << 20;
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int TABLE_BYTES = 4096;
    private static final int UNNAMED_BYTES = 64 << 10;
    private static final byte UNNAMED = 0x5a;
    private static final int MOST = 8192;
    private static final int[] LENGTHS = {
        0, 1, 10, 12, 15, 16, 17, 48, 511, 512, 513, 1514, 4096, MOST, -1, Integer.MIN_VALUE
    };
    private static final int DESCRIPTOR = VirtioSpec.DESCRIPTOR_BYTES;

    private final FrontendMemory memory = new FrontendMemory();
    private final FrontendRegion unnamed;

    RacingScene() throws IOException {
        memory.add(FrontendRegion.create(0, REGION_BYTES));
        memory.add(FrontendRegion.create(1L << 32, REGION_BYTES));
        unnamed = memory.add(FrontendRegion.create(1L << 40, UNNAMED_BYTES));
        memory.allocateIn(unnamed, UNNAMED_BYTES, 1);
        unnamed.segment().fill(UNNAMED);
    }

    FrontendMemory memory() {
        return memory;
    }

    private MemorySegment middle(final int region, final long offset, final long bytes) {
        return memory.regions().get(region).segment().asSlice(MIDDLE + offset, bytes);
    }

    /** The device wrote nowhere but where a descriptor could have told it to. */
    void assertUnnamedUntouched(final long seed) {
        for (final byte b : unnamed.segment().toArray(ValueLayout.JAVA_BYTE)) {
            assertEquals(UNNAMED, b, "a page that no descriptor named, seed " + seed);
        }
    }

    private static long address(final Random random) {
        final long buffer =
                (random.nextBoolean() ? 1L << 32 : 0)
                        + MIDDLE
                        + random.nextInt(BUFFER_BYTES / 512) * 512L;
        return switch (random.nextInt(16)) {
            // Neither half of it is a half of what is mapped.
            case 0 -> random.nextLong() | 1L << 63 | 1L << 31;
            case 1 -> -random.nextInt(64);
            case 2 -> REGION_BYTES - random.nextInt(MOST);
            default -> buffer;
        };
    }

    private static long table(final Random random) {
        return (random.nextBoolean() ? 1L << 32 : 0) + MIDDLE + BUFFER_BYTES + MOST;
    }

    private static long length(final Random random) {
        return LENGTHS[random.nextInt(LENGTHS.length)];
    }

    /** Everything a driver writes into this queue, and everything that only the device should. */
    void scribbleOver(final Scribbler scribbler, final DriverQueue queue, final boolean packed) {
        final QueueLayout ring = queue.layout();
        final int size = ring.size();
        final MemorySegment descriptors =
                memory.slice(ring.descriptorGuestAddress(), RawRing.descriptorAreaBytes(size));
        for (int i = 0; i < size; i++) {
            descriptor(scribbler, descriptors, i, size, packed);
        }
        final MemorySegment driver =
                memory.slice(ring.driverGuestAddress(), RawRing.driverAreaBytes(size));
        final MemorySegment device =
                memory.slice(ring.deviceGuestAddress(), RawRing.deviceAreaBytes(size));
        if (packed) {
            for (int i = 0; i < size; i++) {
                scribbler.field(
                        driver, 0, 4, random -> random.nextInt(size) | random.nextInt() << 15);
                scribbler.field(device, 0, 4, Random::nextInt);
            }
            return;
        }
        for (int i = 0; i < size; i++) {
            // The indices as often as all descriptors: they are what the device waits for.
            scribbler.field(driver, 0, 2, random -> random.nextInt(2));
            scribbler.field(driver, 2, 2, random -> ahead(random, device, size));
            scribbler.field(driver, 4 + 2L * i, 2, random -> head(random, size));
            scribbler.field(driver, 4 + 2L * size, 2, Random::nextInt);
        }
        scribbler.field(device, 0, 2, Random::nextInt);
        scribbler.field(device, 4 + 8L * size, 2, Random::nextInt);
    }

    private static void descriptor(
            final Scribbler scribbler,
            final MemorySegment descriptors,
            final int i,
            final int size,
            final boolean packed) {
        final long at = (long) i * DESCRIPTOR;
        scribbler.field(descriptors, at, 8, random -> pointed(random));
        scribbler.field(descriptors, at + 8, 4, RacingScene::length);
        if (packed) {
            scribbler.field(descriptors, at + 12, 2, random -> head(random, size));
            // Available in this round and used in the other, or the other way round, mostly.
            scribbler.field(
                    descriptors,
                    at + 14,
                    2,
                    random -> random.nextInt(8) | (random.nextInt(9) == 0 ? 0x8080 : 0x80));
            scribbler.field(descriptors, at + 14, 2, random -> random.nextInt(8) | 0x8000);
        } else {
            scribbler.field(descriptors, at + 12, 2, RacingScene::flags);
            scribbler.field(descriptors, at + 14, 2, random -> next(random, i, size));
        }
    }

    private static long pointed(final Random random) {
        return random.nextInt(4) == 0 ? table(random) : address(random);
    }

    private static long flags(final Random random) {
        return random.nextInt(32) == 0 ? random.nextInt() : random.nextInt(8);
    }

    private static long next(final Random random, final int i, final int size) {
        return random.nextInt(32) == 0 ? random.nextInt() : (i + 1 + random.nextInt(3)) % size;
    }

    private static long head(final Random random, final int size) {
        return random.nextInt(256) == 0 ? random.nextInt() : random.nextInt(size);
    }

    private static long ahead(final Random random, final MemorySegment device, final int size) {
        final int used = device.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2);
        return random.nextInt(1024) == 0 ? random.nextInt() : used + random.nextInt(size);
    }

    /** The tables of descriptors, whose entries are of the kind that split rings have. */
    void scribbleOverTables(final Scribbler scribbler) {
        final int entries = TABLE_BYTES / DESCRIPTOR;
        for (int region = 0; region < 2; region++) {
            final MemorySegment tables = middle(region, BUFFER_BYTES + MOST, TABLE_BYTES);
            for (int i = 0; i < entries; i++) {
                descriptor(scribbler, tables, i, entries, false);
            }
        }
    }

    /** Some fields at the beginning of every buffer. */
    void scribbleOverBuffers(
            final Scribbler scribbler,
            final int offset,
            final int bytes,
            final ToLongFunction<Random> values) {
        for (int region = 0; region < 2; region++) {
            final MemorySegment buffers = middle(region, 0, BUFFER_BYTES);
            for (int at = 0; at < BUFFER_BYTES; at += 512) {
                scribbler.field(buffers, at + offset, bytes, values);
            }
        }
    }
}
