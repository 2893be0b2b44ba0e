package dev.ringside.virtio.blk.backend;

import java.nio.file.Path;

/**
 * How to open a file or block device as a disk.
 *
 * @param path the image
 * @param readOnly open it for reading only
 * @param direct whether to go around the page cache
 * @param blockSize logical block size to present, bytes; 0: what the medium has
 * @param physicalBlockSize physical block size to present, bytes; 0: what the medium has
 * @param discard pass discards on to the medium
 * @param lock lock the image against other processes
 */
public record FileOptions(
        Path path,
        boolean readOnly,
        Direct direct,
        int blockSize,
        int physicalBlockSize,
        boolean discard,
        boolean lock) {
    /** Whether a file is opened with O_DIRECT. */
    public enum Direct {
        /** O_DIRECT, or the file is refused. */
        ON,
        /** The page cache. */
        OFF,
        /** O_DIRECT where it works, else the page cache; the description says so. */
        AUTO
    }

    /** What a plain path means. */
    public static FileOptions of(Path path, boolean readOnly) {
        return new FileOptions(path, readOnly, Direct.AUTO, 0, 0, true, true);
    }

    /** The same with another way to the medium. */
    public FileOptions withDirect(Direct value) {
        return new FileOptions(path, readOnly, value, blockSize, physicalBlockSize, discard, lock);
    }

    /** The same with other block sizes, bytes; 0: what the medium has. */
    public FileOptions withBlockSizes(int logical, int physical) {
        return new FileOptions(path, readOnly, direct, logical, physical, discard, lock);
    }

    /** The same with or without discards. */
    public FileOptions withDiscard(boolean value) {
        return new FileOptions(path, readOnly, direct, blockSize, physicalBlockSize, value, lock);
    }

    /** The same with or without the lock. */
    public FileOptions withLock(boolean value) {
        return new FileOptions(
                path, readOnly, direct, blockSize, physicalBlockSize, discard, value);
    }
}
