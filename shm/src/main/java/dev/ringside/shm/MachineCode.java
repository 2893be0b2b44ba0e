package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;

/** Makes memory of instructions, for the little that Java cannot say. */
final class MachineCode {
    private MachineCode() {}

    /** Those for this machine, given as hexadecimal digits. */
    static byte[] ofThisMachine(String x86, String aarch64) {
        return HexFormat.of().parseHex(Native.ARCH == Native.Arch.X86_64 ? x86 : aarch64);
    }

    /**
     * Maps code that a class needs to be of any use.
     *
     * @param what it is for, for messages
     * @return its address
     * @throws ExceptionInInitializerError when the kernel forbids memory with code
     */
    static long mapForClass(byte[] code, String what) {
        try {
            return map(code, code.length, code.length, what).address();
        } catch (LinuxException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /**
     * Maps code, and data behind it. Never unmapped: who runs it may be anywhere.
     *
     * @param codeBytes where the data begins, a multiple of every page size; or the code's length
     * @param mappingBytes of both
     * @param what it is for, for messages
     * @return both; the code cannot be written any more
     * @throws LinuxException when the kernel forbids memory with code
     */
    static MemorySegment map(byte[] code, long codeBytes, long mappingBytes, String what)
            throws LinuxException {
        long address =
                LinuxException.check(
                        Libc.mmap(
                                0,
                                mappingBytes,
                                Libc.PROT_READ | Libc.PROT_WRITE,
                                Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE,
                                -1,
                                0),
                        what + ": mmap");
        MemorySegment memory =
                MemorySegment.ofAddress(address).reinterpret(mappingBytes, Arena.global(), null);
        MemorySegment.copy(code, 0, memory, JAVA_BYTE, 0, code.length);
        LinuxException.check(
                Libc.mprotect(address, codeBytes, Libc.PROT_READ | Libc.PROT_EXEC),
                what + ": mprotect");
        return memory;
    }
}
