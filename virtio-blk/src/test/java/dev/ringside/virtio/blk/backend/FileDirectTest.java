package dev.ringside.virtio.blk.backend;

/** A file, around the page cache. */
class FileDirectTest extends FileBackendContract {
    @Override
    BlockBackend open() throws Exception {
        makeDirectory();
        return BlockBackends.open(
                "file:" + Host.sparseFile(directory(), "disk", CAPACITY) + ",direct=on", false);
    }
}
