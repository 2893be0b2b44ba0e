package dev.ringside.virtio.blk.backend;

/** A file on a disk with sectors of 4096 bytes, to a driver that was told of 512. */
class FileOn4kTest extends FileBackendContract {
    @Override
    BlockBackend open() throws Exception {
        makeDirectory();
        Host.Loop loop =
                closing(Host.Loop.attach(Host.sparseFile(directory(), "disk", 64 << 20), 4096));
        Host.Mount mount = closing(Host.Mount.ext4(loop.device(), directory()));
        return BlockBackends.open(
                "file:"
                        + Host.sparseFile(mount.directory(), "disk", CAPACITY)
                        + ",direct=on,block-size=512",
                false);
    }
}
