package dev.ringside.virtio.blk.backend;

import dev.ringside.shm.IoUring;

/**
 * The ring operations of a file channel; each answers false when the submission queue is full. A
 * seam: tests put errors and short transfers between a channel and its ring.
 */
interface FileRing {
    boolean read(int fd, long address, int bytes, long offset, long userData);

    boolean write(int fd, long address, int bytes, long offset, long userData);

    boolean readv(int fd, long iovecs, int count, long offset, long userData);

    boolean writev(int fd, long iovecs, int count, long offset, int flags, long userData);

    boolean fdatasync(int fd, long userData);

    boolean fallocate(int fd, int mode, long offset, long bytes, long userData);

    /** The shard's ring. */
    record Uring(IoUring ring) implements FileRing {
        @Override
        public boolean read(int fd, long address, int bytes, long offset, long userData) {
            return ring.read(fd, address, bytes, offset, userData);
        }

        @Override
        public boolean write(int fd, long address, int bytes, long offset, long userData) {
            return ring.write(fd, address, bytes, offset, userData);
        }

        @Override
        public boolean readv(int fd, long iovecs, int count, long offset, long userData) {
            return ring.readv(fd, iovecs, count, offset, 0, userData);
        }

        @Override
        public boolean writev(
                int fd, long iovecs, int count, long offset, int flags, long userData) {
            return ring.writev(fd, iovecs, count, offset, flags, userData);
        }

        @Override
        public boolean fdatasync(int fd, long userData) {
            return ring.fsync(fd, true, userData);
        }

        @Override
        public boolean fallocate(int fd, int mode, long offset, long bytes, long userData) {
            return ring.fallocate(fd, mode, offset, bytes, userData);
        }
    }
}
