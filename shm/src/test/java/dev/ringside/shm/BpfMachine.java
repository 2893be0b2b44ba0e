package dev.ringside.shm;

import java.util.List;

/** Runs a BPF program as linux/filter.h defines it, on a struct seccomp_data. */
final class BpfMachine {
    private BpfMachine() {}

    static int run(BpfProgram program, int arch, int number, long... arguments) {
        List<BpfProgram.Instruction> code = program.instructions();
        int accumulator = 0;
        int at = 0;
        while (true) {
            BpfProgram.Instruction now = code.get(at++);
            switch (now.code()) {
                case BpfProgram.LD_W_ABS ->
                        accumulator = word(now.value(), arch, number, arguments);
                case BpfProgram.ALU_AND_K -> accumulator &= now.value();
                case BpfProgram.JMP_JEQ_K ->
                        at += accumulator == now.value() ? now.jumpTrue() : now.jumpFalse();
                case BpfProgram.JMP_JGE_K ->
                        at +=
                                Integer.compareUnsigned(accumulator, now.value()) >= 0
                                        ? now.jumpTrue()
                                        : now.jumpFalse();
                case BpfProgram.RET_K -> {
                    return now.value();
                }
                default -> throw new AssertionError("instruction " + now);
            }
        }
    }

    private static int word(int offset, int arch, int number, long... arguments) {
        if (offset == SandboxSpec.DATA_NR) {
            return number;
        }
        if (offset == SandboxSpec.DATA_ARCH) {
            return arch;
        }
        int place = offset - SandboxSpec.DATA_ARGS;
        int argument = place / Long.BYTES;
        long value = argument < arguments.length ? arguments[argument] : 0;
        return (int) (place % Long.BYTES == 0 ? value : value >>> Integer.SIZE);
    }
}
