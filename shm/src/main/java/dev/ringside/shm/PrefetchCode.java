package dev.ringside.shm;

/**
 * The machine code of {@link Prefetch}: Java has no instruction for it. Its source is in
 * src/main/asm; a test assembles that and compares.
 */
final class PrefetchCode {
    /** From the code that asks for lines to read to that which asks for lines to write. */
    static final int TO_WRITE = 32;

    /** From there to that which asks for lines of many ranges to read. */
    static final int EACH_TO_READ = 64;

    /** From there to that which asks for lines of many ranges to write. */
    static final int EACH_TO_WRITE = 128;

    /** From prefetch-x86_64.S. */
    static final String X86_64 =
            "0f180f4883c7404883ee407ff3c3cccccccccccccccccccccccccccccccccccc"
                    + "0f0d0f4883c7404883ee407ff3c3cccccccccccccccccccccccccccccccccccc"
                    + "488b07488d0c104883e0c00f18084883c0404839c872f44883c70848ffce7fe0"
                    + "c3cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
                    + "488b07488d0c104883e0c00f0d084883c0404839c872f44883c70848ffce7fe0"
                    + "c3";

    /** From prefetch-aarch64.S. */
    static final String AARCH64 =
            "000080f900000191210001f1acffff54c0035fd6000000000000000000000000"
                    + "100080f900000191210001f1acffff54c0035fd6000000000000000000000000"
                    + "038440f86400028b63e47a92600080f9630001917f0004eba3ffff54210400f1"
                    + "0cffff54c0035fd6000000000000000000000000000000000000000000000000"
                    + "038440f86400028b63e47a92700080f9630001917f0004eba3ffff54210400f1"
                    + "0cffff54c0035fd6";

    private PrefetchCode() {}

    /** The instructions for this machine. */
    static byte[] bytes() {
        return MachineCode.ofThisMachine(X86_64, AARCH64);
    }
}
