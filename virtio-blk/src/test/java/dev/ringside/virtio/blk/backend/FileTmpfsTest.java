package dev.ringside.virtio.blk.backend;

/** A file on tmpfs. */
class FileTmpfsTest extends FileBackendContract {
    @Override
    BlockBackend open() throws Exception {
        makeDirectory();
        Host.Mount mount = closing(Host.Mount.tmpfs(directory(), "32M"));
        return BlockBackends.open(
                "file:" + Host.sparseFile(mount.directory(), "disk", CAPACITY), false);
    }
}
