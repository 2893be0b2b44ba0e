package dev.ringside.shm;

/**
 * The machine code of {@link EveryThread}'s signal handler and the layout of its data. Its source
 * is in src/main/asm; a test assembles that and compares.
 */
final class EveryThreadCode {
    /** From the first instruction to the data: on its own page whatever the page size is. */
    static final int DATA = 65536;

    // Data.
    static final int COUNT = 0;
    static final int DONE = 8;
    static final int ERROR = 16;
    static final int LEFT = 24;
    static final int CALLS = 64;

    // A call: its number and its arguments.
    static final int CALL_SIZE = 48;
    static final int ARGUMENTS = 5;

    /** From every-thread-x86_64.S. */
    static final String X86_64 =
            "f30f1efa4c8d25f5ff00004d8b2c24498d5c24404d85ed7431488b03488b7b08"
                    + "488b7310488b53184c8b53204c8b43280f054885c0790a49894424104d896c24"
                    + "184883c33049ffcdebcaf049ff442408c3";

    /** From every-thread-aarch64.S. */
    static final String AARCH64 =
            "090008102a0140f92b0101916a0100b4680140a9610941a9631142a9010000d4"
                    + "6000f8b6200900f92a0d00f96bc100914a0500d1f6ffff172c2100918d7d5fc8"
                    + "ad0500918dfd0ec8aeffff35c0035fd6";

    private EveryThreadCode() {}

    /** The handler's instructions for this machine. */
    static byte[] bytes() {
        return MachineCode.ofThisMachine(X86_64, AARCH64);
    }
}
