package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.HostFile;
import dev.ringside.shm.LifeTime;
import dev.ringside.shm.LinuxException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * An open image with everything that was found out about it. Shared by all channels; any thread.
 * Made by {@link FileProbe}.
 */
final class FileMedium implements AutoCloseable {
    private final FileOptions options;
    private final HostFile file;
    private final FileProbe.Access access;
    private final BlockTraits traits;
    private final boolean canPunch;
    private final AtomicInteger flushError = new AtomicInteger();
    private final AtomicBoolean syncing = new AtomicBoolean();
    private volatile boolean canZeroRange;

    FileMedium(
            FileOptions options,
            HostFile file,
            FileProbe.Access access,
            BlockTraits traits,
            boolean canPunch,
            boolean canZeroRange) {
        this.options = options;
        this.file = file;
        this.access = access;
        this.traits = traits;
        this.canPunch = canPunch;
        this.canZeroRange = canZeroRange;
    }

    HostFile file() {
        return file;
    }

    BlockTraits traits() {
        return traits;
    }

    /** True when transfers go around the page cache. */
    boolean direct() {
        return access.direct();
    }

    /** What O_DIRECT wants the address of memory to be a multiple of; 1 when not direct. */
    int memoryAlign() {
        return access.memoryAlign();
    }

    /** What O_DIRECT wants offset and length to be a multiple of; 1 when not direct. */
    int offsetAlign() {
        return access.offsetAlign();
    }

    /** A descriptor of the same file that goes through the page cache, for unaligned ranges. */
    int sideFd() {
        HostFile side = access.side();
        return side == null ? file.fd() : side.fd();
    }

    /** True when reads are tried on the shard's thread first. */
    boolean inlineReads() {
        return access.inMemory() || access.noWaitReads();
    }

    /** True when writes and flushes are done on the shard's thread: the medium is memory. */
    boolean inlineWrites() {
        return access.inMemory();
    }

    /** Flags of inline reads. */
    int inlineFlags() {
        return access.inMemory() ? 0 : HostFile.RWF_NOWAIT;
    }

    /** True when ranges can be freed. */
    boolean canPunch() {
        return canPunch;
    }

    /** True when ranges can be zeroed without writing zeroes. */
    boolean canZeroRange() {
        return canZeroRange;
    }

    /** The file system or device turned out not to zero ranges. */
    void zeroRangeFailed() {
        canZeroRange = false;
    }

    /** The error of the first flush that failed, 0 when none did. It stays. */
    int flushError() {
        return flushError.get();
    }

    /** A flush failed with a (positive) error number: what was written before may be lost. */
    void flushFailed(int errno) {
        flushError.compareAndSet(0, errno);
    }

    /** Takes the right to sync a file description that several channels share; false: taken. */
    boolean tryBeginSync() {
        return syncing.compareAndSet(false, true);
    }

    /** Gives the right back, after what the sync said was noted. */
    void endSync() {
        syncing.set(false);
    }

    /** Another file description of the same file; null when there can be none. */
    @Nullable HostFile reopen() {
        return FileProbe.reopen(file, access.direct());
    }

    /** The wear of the medium now, null when it does not tell. */
    @Nullable LifeTime lifetime() {
        return file.lifeTime();
    }

    /**
     * The medium's size in bytes.
     *
     * @throws BackendException when it cannot be read, is 0, or is no multiple of the block size
     */
    long readCapacity() throws BackendException {
        long bytes;
        try {
            bytes = file.sizeBytes();
        } catch (LinuxException e) {
            throw new BackendException(
                    options.path() + ": its size cannot be read: " + e.getMessage(), e);
        }
        return checkCapacity(options, bytes, traits.logicalBlockSize());
    }

    /**
     * Sets the file's size; what is added is a hole.
     *
     * @throws BackendException when that cannot be: nothing changed then
     */
    void resize(long bytes) throws BackendException {
        if (options.readOnly() || file.isBlockDevice()) {
            throw new BackendException(
                    options.path()
                            + (options.readOnly()
                                    ? " is open for reading only"
                                    : " is a block device, which has its size from elsewhere")
                            + ": give it another size there, then resize without a size");
        }
        if (bytes < traits.logicalBlockSize() || bytes % traits.logicalBlockSize() != 0) {
            throw new BackendException(
                    options.path()
                            + ": a size of "
                            + bytes
                            + " bytes is not a multiple of the block size "
                            + traits.logicalBlockSize()
                            + ": give one that is");
        }
        try {
            file.truncate(bytes);
        } catch (LinuxException e) {
            throw new BackendException(
                    options.path() + " cannot get another size: " + e.getMessage(), e);
        }
    }

    static long checkCapacity(FileOptions options, long bytes, int blockSize)
            throws BackendException {
        if (bytes == 0) {
            throw new BackendException(
                    options.path()
                            + ": the file is empty; give it a size first, as in: truncate -s 10G "
                            + options.path());
        }
        if (bytes % blockSize != 0) {
            long rounded = bytes - bytes % blockSize + blockSize;
            throw new BackendException(
                    options.path()
                            + ": its size of "
                            + bytes
                            + " bytes is not a multiple of the block size "
                            + blockSize
                            + "; grow it with: truncate -s "
                            + rounded
                            + " "
                            + options.path()
                            + (blockSize > BlockTraits.SECTOR_BYTES && bytes % 512 == 0
                                    ? ", or use block-size=512"
                                    : ""));
        }
        return bytes;
    }

    /** One line for the operator. */
    String describe(long capacityBytes) {
        StringBuilder text = new StringBuilder();
        text.append(file.isBlockDevice() ? "block device " : "file ")
                .append(options.path())
                .append(", ")
                .append(Sizes.text(capacityBytes))
                .append(options.readOnly() ? ", read-only" : "")
                .append(", ")
                .append(traits.logicalBlockSize())
                .append("-byte blocks (")
                .append(traits.physicalBlockSize())
                .append(" physical), ")
                .append(access.note());
        return text.toString();
    }

    @Override
    public void close() {
        HostFile side = access.side();
        if (side != null) {
            side.close();
        }
        file.close();
    }
}
