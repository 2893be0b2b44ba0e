package dev.ringside.virtio.blk.backend;

/** A block device with sectors of 512 bytes. */
class BlockDeviceTest extends FileBackendContract {
    @Override
    BlockBackend open() throws Exception {
        makeDirectory();
        Host.Loop loop =
                closing(Host.Loop.attach(Host.sparseFile(directory(), "disk", CAPACITY), 512));
        return BlockBackends.open("file:" + loop.device() + "", false);
    }
}
