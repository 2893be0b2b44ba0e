package dev.ringside.virtio.blk.backend;

/** A disk in memory. */
class MemoryBackendTest extends BlockBackendContract {
    @Override
    BlockBackend open() throws Exception {
        return BlockBackends.open("memory:size=8M", false);
    }
}
