package dev.ringside.virtio.blk.backend;

/** A block device through the page cache. */
class BlockDeviceBufferedTest extends FileBackendContract {
    @Override
    BlockBackend open() throws Exception {
        makeDirectory();
        Host.Loop loop =
                closing(Host.Loop.attach(Host.sparseFile(directory(), "disk", CAPACITY), 512));
        return BlockBackends.open("file:" + loop.device() + ",direct=off", false);
    }
}
