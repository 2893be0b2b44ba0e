package dev.ringside.virtio.blk.backend;

/** A file, through the page cache. */
class FileBufferedTest extends FileBackendContract {
    @Override
    BlockBackend open() throws Exception {
        makeDirectory();
        return BlockBackends.open(
                "file:" + Host.sparseFile(directory(), "disk", CAPACITY) + ",direct=off", false);
    }
}
