package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.Errno;
import dev.ringside.shm.Fd;
import dev.ringside.shm.HostFile;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.NativeBuffer;
import dev.ringside.virtio.blk.backend.FileOptions.Direct;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Opens an image and finds out what can be done with it, by asking and by trying. */
final class FileProbe {
    /** The smallest page of the page cache on any machine. */
    private static final int PAGE_BYTES = 4096;

    /** The largest alignment of O_DIRECT that is used. */
    private static final int MAX_ALIGN = BouncePool.BYTES;

    /**
     * How the file's bytes are reached.
     *
     * @param direct around the page cache
     * @param memoryAlign alignment of memory, bytes; 1: any
     * @param offsetAlign alignment of offset and length, bytes; 1: any
     * @param side a description through the page cache for what is not aligned, where needed
     * @param inMemory the file system is memory: nothing on it waits
     * @param noWaitReads reads from the page cache can be tried without waiting
     * @param note how, for the operator
     */
    record Access(
            boolean direct,
            int memoryAlign,
            int offsetAlign,
            @Nullable HostFile side,
            boolean inMemory,
            boolean noWaitReads,
            String note) {}

    private final FileOptions options;
    private final @Nullable Fd storage;

    private FileProbe(FileOptions options, @Nullable Fd storage) {
        this.options = options;
        this.storage = storage;
    }

    /**
     * Opens an image.
     *
     * @param storage the file that another process had open and locked; null: open the path
     * @throws BackendException as {@link FileBackend#open}
     */
    static FileMedium open(FileOptions options, @Nullable Fd storage) throws BackendException {
        return new FileProbe(options, storage).open();
    }

    private FileMedium open() throws BackendException {
        Path path = options.path();
        if (storage == null) {
            requireFile(path);
        }
        boolean inMemory = isInMemory(path);
        HostFile file = openFile(options.direct() != Direct.OFF && !inMemory);
        @Nullable HostFile side = null;
        try {
            ImageLock.take(file, options);
            Access access = access(file, inMemory);
            if (file.isDirect() && !access.direct()) {
                file.close();
                file = openFile(false);
                ImageLock.take(file, options);
            }
            side = access.side();
            return medium(file, access);
        } catch (BackendException | RuntimeException e) {
            if (side != null) {
                side.close();
            }
            file.close();
            throw e;
        }
    }

    private static void requireFile(Path path) throws BackendException {
        if (Files.isDirectory(path)) {
            throw new BackendException(
                    path + ": is a directory; name an image file or a block device");
        }
        if (!Files.exists(path)) {
            throw new BackendException(
                    path + ": there is no such file; make one with: truncate -s 10G " + path);
        }
    }

    private HostFile openFile(boolean direct) throws BackendException {
        try {
            if (storage != null) {
                return HostFile.adopt(options.path(), storage, options.readOnly());
            }
            return HostFile.open(options.path(), options.readOnly(), direct);
        } catch (LinuxException e) {
            throw new BackendException(e.getMessage() == null ? "open failed" : e.getMessage(), e);
        }
    }

    private static boolean isInMemory(Path path) {
        try {
            String type = Files.getFileStore(path).type();
            return Files.isRegularFile(path) && (type.equals("tmpfs") || type.equals("ramfs"));
        } catch (IOException e) {
            return false;
        }
    }

    private Access access(HostFile file, boolean inMemory) throws BackendException {
        if (inMemory) {
            return new Access(false, 1, 1, null, true, false, "held in memory by its file system");
        }
        if (options.direct() == Direct.OFF) {
            return buffered(file, "buffered by the page cache (direct=off)");
        }
        String refusal;
        if (!file.isDirect()) {
            refusal = "its file system refuses O_DIRECT";
        } else {
            int memory = Math.max(file.directMemoryAlignment(), 1);
            int offset = offsetAlign(file);
            if (offset == 0 || offset > MAX_ALIGN || memory > PAGE_BYTES) {
                refusal = "O_DIRECT does not work on it";
            } else if (offset <= BlockTraits.SECTOR_BYTES) {
                // Unknown alignment of memory: what every device takes.
                int align = file.directMemoryAlignment() == 0 ? offset : memory;
                return new Access(true, align, offset, null, false, false, "O_DIRECT");
            } else {
                HostFile side = offset % PAGE_BYTES == 0 ? reopen(file, false) : null;
                if (side != null) {
                    int align = file.directMemoryAlignment() == 0 ? offset : memory;
                    return new Access(true, align, offset, side, false, false, "O_DIRECT");
                }
                refusal = "O_DIRECT would need every request aligned to " + offset + " bytes";
            }
        }
        if (options.direct() == Direct.ON) {
            throw new BackendException(
                    options.path()
                            + ": direct=on, but "
                            + refusal
                            + "; use direct=auto or direct=off");
        }
        return buffered(file, "buffered by the page cache, because " + refusal);
    }

    private static Access buffered(HostFile file, String note) {
        try (NativeBuffer buffer = NativeBuffer.allocate(PAGE_BYTES, PAGE_BYTES)) {
            FileTask.writeIovec(
                    buffer.segment(), 0, buffer.address() + 512, BlockTraits.SECTOR_BYTES);
            int result = file.preadv2(buffer.address(), 1, 0, HostFile.RWF_NOWAIT);
            boolean noWait = result >= 0 || result == -Errno.EAGAIN;
            return new Access(false, 1, 1, null, false, noWait, note);
        }
    }

    /** What offset and length must be multiples of, found by reading when nobody tells; 0: none. */
    private static int offsetAlign(HostFile file) {
        int told = file.directOffsetAlignment();
        int size = told > 0 ? told : BlockTraits.SECTOR_BYTES;
        try (NativeBuffer buffer = NativeBuffer.allocate(MAX_ALIGN, MAX_ALIGN)) {
            for (; size <= MAX_ALIGN; size *= 2) {
                int result = file.pread(buffer.address(), size, 0);
                if (result >= 0) {
                    return size;
                }
                if (result != -Errno.EINVAL) {
                    return told; // a bad block, perhaps: not a matter of alignment
                }
            }
        }
        return 0;
    }

    private FileMedium medium(HostFile file, Access access) throws BackendException {
        int own =
                Math.max(
                        file.logicalBlockSize(),
                        Math.max(access.offsetAlign(), BlockTraits.SECTOR_BYTES));
        int logical = options.blockSize() == 0 ? own : options.blockSize();
        int physical =
                options.physicalBlockSize() == 0
                        ? Math.max(logical, file.physicalBlockSize())
                        : options.physicalBlockSize();
        if (physical < logical) {
            throw new BackendException(
                    options.path()
                            + ": physical-block-size="
                            + physical
                            + " is smaller than the block size "
                            + logical
                            + "; give block-size= as well, or a larger one");
        }
        long size;
        try {
            size = file.sizeBytes();
        } catch (LinuxException e) {
            throw new BackendException(
                    options.path() + ": its size cannot be read: " + e.getMessage(), e);
        }
        FileMedium.checkCapacity(options, size, logical);
        boolean writable = !options.readOnly();
        boolean canPunch = writable && canPunch(file, size);
        boolean canZeroRange = writable && !access.inMemory();
        BlockTraits traits =
                new BlockTraits(
                        logical,
                        physical,
                        options.readOnly(),
                        file.writeThrough(),
                        false,
                        canPunch && options.discard(),
                        granularity(file, logical),
                        writable,
                        canPunch && options.discard(),
                        false);
        return new FileMedium(
                options, file, access, traits, canPunch && options.discard(), canZeroRange);
    }

    private static int granularity(HostFile file, int logical) {
        long own = file.isBlockDevice() ? file.discardGranularity() : file.physicalBlockSize();
        boolean usable = own >= logical && own <= 1 << 20 && Long.bitCount(own) == 1;
        return usable ? (int) own : logical;
    }

    /** Tried on a file beyond its end, where it changes nothing; asked of a block device. */
    private static boolean canPunch(HostFile file, long size) {
        if (file.isBlockDevice()) {
            return file.writeZeroesMaxBytes() > 0 && file.discardMaxBytes() > 0;
        }
        int mode = HostFile.FALLOC_FL_PUNCH_HOLE | HostFile.FALLOC_FL_KEEP_SIZE;
        return file.fallocate(mode, size, BlockTraits.SECTOR_BYTES) == 0;
    }

    /** Another file description of an open file; null when it cannot be had. */
    static @Nullable HostFile reopen(HostFile file, boolean direct) {
        try {
            return file.reopen(direct);
        } catch (LinuxException e) {
            return null;
        }
    }
}
