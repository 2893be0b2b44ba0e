package dev.ringside.virtio.blk.backend;

import dev.ringside.virtio.blk.backend.FileOptions.Direct;
import java.util.Random;

/** A file whose ring is full, interrupted or busy now and then, and moves less than asked. */
class FileTroubledTest extends FileBackendContract {
    @Override
    BlockBackend open() throws Exception {
        makeDirectory();
        Random random = TestSeed.random("FileTroubledTest ring");
        FileOptions options =
                FileOptions.of(Host.sparseFile(directory(), "disk", CAPACITY), false)
                        .withDirect(Direct.ON);
        return FileBackend.open(options, ring -> new ScriptedRing(ring, random));
    }
}
