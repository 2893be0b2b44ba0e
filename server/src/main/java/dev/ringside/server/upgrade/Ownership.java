package dev.ringside.server.upgrade;

import dev.ringside.shm.Fd;
import dev.ringside.shm.LinuxException;
import dev.ringside.shm.Memfd;
import dev.ringside.shm.MemoryRegion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * Who serves: one word in memory that both processes map, changed by compare-and-exchange. Whatever
 * either of them does, and whenever it dies, exactly one can have made each change: so the queues
 * never have two owners, and who finds the other one dead can tell whose they are.
 */
public final class Ownership implements AutoCloseable {
    /** Whose the queues are. */
    public enum Owner {
        /** The process that was there first. */
        OLD(0),
        /** Nobody runs them: the new process may take them, the old one may take them back. */
        OFFERED(1),
        /** The new process. */
        NEW(2);

        private final int value;

        Owner(int value) {
            this.value = value;
        }
    }

    private static final long BYTES = 4096;
    private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle();

    private final MemoryRegion region;
    private final MemorySegment word;

    private Ownership(Fd file) throws LinuxException {
        region = MemoryRegion.map(file, 0, 0, BYTES, 0);
        word = region.segment();
    }

    /** A new word: the old process serves. */
    static Ownership create() throws LinuxException {
        return new Ownership(Memfd.create("ringside-upgrade", BYTES));
    }

    /** The word that the other process has made; the descriptor is its own from now on. */
    static Ownership of(Fd file) throws LinuxException {
        return new Ownership(file);
    }

    /** The memory, still owned by this object. */
    public Fd file() {
        return region.fd();
    }

    /** Changes the owner; false: it is not the one it is to be changed from. */
    boolean change(Owner from, Owner to) {
        return WORD.compareAndSet(word, 0L, from.value, to.value);
    }

    @Override
    public void close() {
        region.close();
    }
}
