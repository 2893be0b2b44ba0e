package dev.ringside.virtio.blk.backend;

/** A block device with sectors of 4096 bytes, to a driver that ignores that. */
class BlockDevice4kTest extends FileBackendContract {
    @Override
    BlockBackend open() throws Exception {
        makeDirectory();
        Host.Loop loop =
                closing(Host.Loop.attach(Host.sparseFile(directory(), "disk", CAPACITY), 4096));
        return BlockBackends.open("file:" + loop.device() + ",direct=on", false);
    }
}
