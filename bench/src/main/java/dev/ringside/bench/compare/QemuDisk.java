package dev.ringside.bench.compare;

import java.nio.file.Path;
import java.util.ArrayList;
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
        final List<String> command = begun();
        add(command, "", blockdev(storage, image), socket);
        return command;
    }

    @Override
    public List<String> many(final List<Path> sockets, final int cpu) {
        final List<String> command = begun();
        for (int i = 0; i < sockets.size(); i++) {
            final String blockdev = blockdev(Storage.NULL, Path.of(""));
            add(command, Integer.toString(i), blockdev, sockets.get(i));
        }
        return command;
    }

    // One iothread, as one shard of Ringside and one reactor of SPDK.
    private List<String> begun() {
        return new ArrayList<>(List.of(title(), "--object", "iothread,id=io0"));
    }

    private static void add(
            final List<String> command,
            final String suffix,
            final String blockdev,
            final Path socket) {
        command.addAll(
                List.of(
                        "--blockdev",
                        blockdev + ",node-name=n" + suffix,
                        "--export",
                        "type=vhost-user-blk,id=e%s,node-name=n%s".formatted(suffix, suffix)
                                + ",addr.type=unix,addr.path="
                                + socket
                                + ",writable=on,num-queues=1,iothread=io0"));
    }

    private static String blockdev(final Storage storage, final Path image) {
        return switch (storage) {
            case NULL -> "driver=null-co,read-zeroes=off,size=" + storage.sizeBytes();
            case MEMORY -> throw new IllegalArgumentException("it has no disks in its memory");
            case TMPFS -> file(image) + ",cache.direct=off";
            case FILE -> file(image) + ",cache.direct=on";
        };
    }

    private static String file(final Path image) {
        return "driver=file,filename=" + image + ",discard=unmap,aio=io_uring";
    }
}
