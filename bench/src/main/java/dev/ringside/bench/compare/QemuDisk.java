package dev.ringside.bench.compare;

import java.nio.file.Path;
import java.util.List;

/** QEMU's storage daemon with an iothread. */
record QemuDisk() implements DiskProgram {
    @Override
    public String title() {
        return "qemu-storage-daemon";
    }

    @Override
    public String column() {
        return "qemu";
    }

    @Override
    public boolean serves(final Storage storage) {
        return storage != Storage.MEMORY;
    }

    @Override
    public List<String> command(
            final Storage storage, final Path image, final Path socket, final int cpu) {
        return List.of(
                title(),
                "--object",
                "iothread,id=io0",
                "--blockdev",
                blockdev(storage, image),
                "--export",
                "type=vhost-user-blk,id=e,node-name=n,addr.type=unix,addr.path="
                        + socket
                        + ",writable=on,num-queues=1,iothread=io0");
    }

    private static String blockdev(final Storage storage, final Path image) {
        return switch (storage) {
            case NULL -> "driver=null-co,node-name=n,read-zeroes=off,size=" + storage.sizeBytes();
            case MEMORY -> throw new IllegalArgumentException("it has no disks in its memory");
            case TMPFS -> file(image) + ",cache.direct=off";
            case FILE -> file(image) + ",cache.direct=on";
        };
    }

    private static String file(final Path image) {
        return "driver=file,node-name=n,filename=" + image + ",discard=unmap,aio=io_uring";
    }
}
