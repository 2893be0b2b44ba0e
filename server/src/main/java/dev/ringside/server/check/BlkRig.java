package dev.ringside.server.check;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ringside.frontend.BlkDriver;
import dev.ringside.frontend.BlkIo;
import dev.ringside.frontend.BlkOptions;
import dev.ringside.frontend.BlkSpec;
import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.FrontendMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** A disk; its harmless request reads the first sector. */
final class BlkRig extends Rig {
    private static final ValueLayout.OfLong LE64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int STATUS = 16;
    private static final int DATA = 512;
    private static final int IO_BYTES = 1 << 16;

    private final BlkDriver disk;
    private final DriverChain chain = new DriverChain();

    private BlkRig(BlkDriver disk, Setup setup, long timeoutMs) {
        super(disk, setup, timeoutMs);
        this.disk = disk;
    }

    static BlkRig start(Target target, Setup setup) throws IOException, InapplicableException {
        FrontendMemory memory = memory(setup);
        BlkDriver disk = BlkDriver.start(target.connect().connection(), memory, options(setup));
        return new BlkRig(disk, setup, target.timeoutMs());
    }

    private static BlkOptions options(Setup setup) {
        BlkOptions options = BlkOptions.defaults();
        return options.order(setup.order())
                .queueSize(setup.queueSize())
                .features(setup.features(options.features()))
                .inflight(setup.inflight())
                .indirectEntries(setup.indirectEntries());
    }

    /** The disk, for requests of other kinds. */
    BlkDriver disk() {
        return disk;
    }

    /** One request after the other, with buffers of their own. */
    BlkIo io() {
        return new BlkIo(disk, queueIndex(), IO_BYTES);
    }

    @Override
    int descriptorsEach() {
        return 3;
    }

    @Override
    int queueIndex() {
        return 0;
    }

    @Override
    DriverChain request(long address) {
        MemorySegment bytes = disk.memory().slice(address, SLOT_BYTES);
        bytes.set(LE64, 0, BlkSpec.T_IN);
        bytes.set(LE64, Long.BYTES, 0);
        bytes.set(JAVA_BYTE, STATUS, (byte) BlkIo.UNTOUCHED);
        return chain.clear()
                .readable(address, BlkSpec.HEADER_BYTES)
                .writable(address + DATA, BlkSpec.SECTOR_BYTES)
                .writable(address + STATUS, 1);
    }

    @Override
    void answered(long address, int usedLength) throws UnmetException {
        int status = disk.memory().slice(address + STATUS, 1).get(JAVA_BYTE, 0) & 0xff;
        UnmetException.unless(
                status == BlkSpec.S_OK, "reading sector 0 ended with status %d", status);
    }
}
