package dev.ringside.shm;

/**
 * The machine code of {@link HeadedCopies}. Its source is in src/main/asm; a test assembles that
 * and compares.
 */
final class HeadedCopiesCode {
    /** From headed-copies-x86_64.S. */
    static final String X86_64 =
            "488b074c8b4f084c8b57104889108948084883c00c4981fa0001000077474983"
                    + "ea10722a430f100c114901c2410f10010f11004983c1104883c0104c39d072ec"
                    + "410f110a4883c71848ffce7fb3c34983c21074f0478a5c11ff46885c10ff49ff"
                    + "ca75f1ebdf5756525141504889c74c89ce4c89d241ffd04158595a5e5febc5";

    /** From headed-copies-aarch64.S. */
    static final String AARCH64 =
            "051840a9070840f9a20000f9a30800b9a5300091ff0004f1a8020054e74000f1"
                    + "83010054c168e73ca700078bc004c13ca004813cbf0007eba3ffff54e100803d"
                    + "00600091210400f1ccfdff54c0035fd6e74000b160ffff54e70400d1c8686738"
                    + "a8682738a7ffffb5f6ffff17fd7bbca9fd030091e00701a9e20f02a9e41b00f9"
                    + "e00305aae10306aae20307aa80003fd6e41b40f9e20f42a9e00741a9fd7bc4a8"
                    + "e8ffff17";

    private HeadedCopiesCode() {}

    /** The instructions for this machine. */
    static byte[] bytes() {
        return MachineCode.ofThisMachine(X86_64, AARCH64);
    }
}
