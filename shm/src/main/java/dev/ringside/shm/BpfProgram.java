package dev.ringside.shm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Puts a classic BPF program together (linux/filter.h): as much of it as filters need. */
final class BpfProgram {
    // Instruction codes.
    static final int LD_W_ABS = 0x20;
    static final int ALU_AND_K = 0x54;
    static final int JMP_JEQ_K = 0x15;
    static final int JMP_JGE_K = 0x35;
    static final int RET_K = 0x06;

    /** The kernel's limit (BPF_MAXINSNS). */
    static final int MAX_INSTRUCTIONS = 4096;

    /** Jumps go forward by at most so many instructions. */
    static final int MAX_JUMP = 255;

    // struct sock_filter
    static final int INSTRUCTION_SIZE = 8;

    /** One instruction; the jumps say how many of the next ones are left out. */
    record Instruction(int code, int jumpTrue, int jumpFalse, int value) {
        Instruction {
            if (jumpTrue < 0 || jumpTrue > MAX_JUMP || jumpFalse < 0 || jumpFalse > MAX_JUMP) {
                throw new IllegalArgumentException(
                        "a jump of " + jumpTrue + " or " + jumpFalse + " instructions");
            }
        }
    }

    private final List<Instruction> instructions = new ArrayList<>();

    /** Loads 32 bits of the input. */
    BpfProgram load(int offset) {
        return add(new Instruction(LD_W_ABS, 0, 0, offset));
    }

    /** Keeps only these bits of what was loaded. */
    BpfProgram and(int bits) {
        return add(new Instruction(ALU_AND_K, 0, 0, bits));
    }

    /** Goes on with the program given when what was loaded is the value, else behind it. */
    BpfProgram ifEqual(int value, BpfProgram then) {
        add(new Instruction(JMP_JEQ_K, 0, then.size(), value));
        return append(then);
    }

    /** Goes on with the program given when what was loaded is something else, else behind it. */
    BpfProgram unlessEqual(int value, BpfProgram then) {
        add(new Instruction(JMP_JEQ_K, then.size(), 0, value));
        return append(then);
    }

    /** Goes on with the program given when what was loaded is not less (unsigned), else behind. */
    BpfProgram ifAtLeast(int value, BpfProgram then) {
        add(new Instruction(JMP_JGE_K, 0, then.size(), value));
        return append(then);
    }

    /** Ends with this result. */
    BpfProgram result(int value) {
        return add(new Instruction(RET_K, 0, 0, value));
    }

    /** A program that only ends with a result. */
    static BpfProgram just(int result) {
        return new BpfProgram().result(result);
    }

    private BpfProgram append(BpfProgram more) {
        more.instructions.forEach(this::add);
        return this;
    }

    private BpfProgram add(Instruction instruction) {
        if (instructions.size() >= MAX_INSTRUCTIONS) {
            throw new IllegalStateException("more than " + MAX_INSTRUCTIONS + " instructions");
        }
        instructions.add(instruction);
        return this;
    }

    int size() {
        return instructions.size();
    }

    List<Instruction> instructions() {
        return List.copyOf(instructions);
    }

    /** The program as an array of struct sock_filter. */
    MemorySegment encode(Arena arena) {
        MemorySegment code = arena.allocate((long) size() * INSTRUCTION_SIZE, Integer.BYTES);
        long at = 0;
        for (Instruction instruction : instructions) {
            code.set(JAVA_SHORT, at, (short) instruction.code());
            code.set(JAVA_BYTE, at + 2, (byte) instruction.jumpTrue());
            code.set(JAVA_BYTE, at + 3, (byte) instruction.jumpFalse());
            code.set(JAVA_INT, at + 4, instruction.value());
            at += INSTRUCTION_SIZE;
        }
        return code;
    }
}
