package dev.ringside.shm;

/**
 * The machine code of the fault guard's signal handler and the layout of its data. Its source is in
 * src/main/asm; a test assembles that and compares.
 */
final class FaultGuardCode {
    /** From the first instruction to the data: on its own page whatever the page size is. */
    static final int DATA = 65536;

    // Data.
    static final int PREVIOUS = 0;
    static final int COUNT = 8;
    static final int FAULTS = 16;
    static final int SLOTS = 64;

    // A slot.
    static final int START = 0;
    static final int END = 8;
    static final int SEQUENCE = 16;
    static final int POISONED = 24;
    static final int SLOT_SIZE = 32;

    /** From fault-guard-x86_64.S. */
    static final String X86_64 =
            "f30f1efa8b460883e80283f8030f878f0000004c8b46104c8d0de2ff0000498b"
                    + "49084d8d51404885c974774d8b5a1041f6c3017517498b1a498b42084d3b5a10"
                    + "750a4939d872054939c072094983c22048ffc9ebd141c7421801000000f049ff"
                    + "41104989fc4989f54989d64889df4889c64829deba0300000041ba3240000049"
                    + "c7c0ffffffff4531c9b8090000000f05483d01f0ffff7301c34c89e74c89ee4c"
                    + "89f24c8d0d57ff000041ff21";

    /** From fault-guard-aarch64.S. */
    static final String AARCH64 =
            "290840b9290900513f0d0071c80500542a0840f96bff07106c2100918cfddfc8"
                    + "6d0101910c0500b4ae410091cffddfc84f010037b04540a9bf3903d5ce0140f9"
                    + "df010feba10000545f0110eb630000545f0111eb83000054ad8100918c0500d1"
                    + "f1ffff1729008052a91900b96e410091cf7d5fc8ef050091cffd09c8a9ffff35"
                    + "f30300aaf40301aaf50302aae00310aa210210cb620080d2430688d204008092"
                    + "050080d2c81b80d2010000d41ffc3fb142000054c0035fd6e00313aae10314aa"
                    + "e20315aaebf90710700140f900021fd6";

    private FaultGuardCode() {}

    /** The handler's instructions for this machine. */
    static byte[] bytes() {
        return MachineCode.ofThisMachine(X86_64, AARCH64);
    }
}
