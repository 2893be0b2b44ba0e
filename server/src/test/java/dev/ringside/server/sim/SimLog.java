package dev.ringside.server.sim;

import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.FrontendRegion;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The dirty logs that a front-end gives while a machine migrates, and the truth they are held
 * against: which pages of the memory the device's steps really changed.
 */
final class SimLog implements AutoCloseable {
    private static final int PAGE = 4096;
    private static final int LOG_BYTES = 1 << 20;

    private final FrontendMemory memory;
    private final List<MemorySegment> before = new ArrayList<>();

    /** Pages, by guest address, that the device changed and the log need not show yet. */
    private final BitSet changed = new BitSet();

    private final BitSet collected = new BitSet();

    /** The one that is in use, and those before, which nobody may touch any more. */
    private final List<FrontendRegion> logs = new ArrayList<>();

    private boolean on;

    SimLog(final FrontendMemory memory) {
        this.memory = memory;
        for (final FrontendRegion region : memory.regions()) {
            before.add(MemorySegment.ofArray(new byte[(int) region.sizeBytes()]));
        }
    }

    /** A fresh log for the front-end to give. */
    FrontendRegion next() {
        try {
            logs.add(FrontendRegion.create(0, LOG_BYTES));
        } catch (final IOException e) {
            throw new SimFailure("no memory for a log", e);
        }
        return logs.getLast();
    }

    /** The device was told everything and has answered: from now on it logs. */
    void begin() {
        changed.clear();
        on = true;
    }

    /** The device is told to log no more: what it changes from now on may be missing. */
    void pause() {
        on = false;
    }

    /** Nothing is logged any more, or nobody cares. */
    void end() {
        on = false;
        logs.forEach(FrontendRegion::close);
        logs.clear();
    }

    /** The log in use has replaced the one before, whose marks are taken. */
    void replaced() {
        while (logs.size() > 1) {
            final FrontendRegion old = logs.removeFirst();
            collect(old);
            old.close();
        }
    }

    /** The device does something. */
    void watch(final Runnable step) {
        if (!on) {
            step.run();
            return;
        }
        for (int i = 0; i < before.size(); i++) {
            before.get(i).copyFrom(memory.regions().get(i).segment());
        }
        step.run();
        for (int i = 0; i < before.size(); i++) {
            compare(memory.regions().get(i), before.get(i));
        }
    }

    private void compare(final FrontendRegion region, final MemorySegment old) {
        final MemorySegment now = region.segment();
        long at = 0;
        while (at < old.byteSize()) {
            final long size = old.byteSize();
            final long difference = MemorySegment.mismatch(now, at, size, old, at, size);
            if (difference < 0) {
                return;
            }
            final long offset = (at + difference) / PAGE * PAGE;
            changed.set((int) ((region.guestAddress() + offset) / PAGE));
            at = offset + PAGE;
        }
    }

    /** Everything is answered and nothing is going on: every change must be in the log. */
    void check() {
        if (!on) {
            return;
        }
        collect(logs.getLast());
        changed.andNot(collected);
        if (!changed.isEmpty()) {
            throw new SimFailure("pages were changed and not logged: " + changed);
        }
        collected.clear();
    }

    private void collect(final FrontendRegion log) {
        final MemorySegment bits = log.segment();
        for (int i = 0; i < bits.byteSize(); i++) {
            final int marks = Byte.toUnsignedInt(bits.get(ValueLayout.JAVA_BYTE, i));
            for (int bit = 0; bit < Byte.SIZE && marks != 0; bit++) {
                if ((marks >>> bit & 1) != 0) {
                    collected.set(i * Byte.SIZE + bit);
                }
            }
        }
        bits.fill((byte) 0);
    }

    @Override
    public void close() {
        end();
    }
}
