# Signal handler of dev.ringside.shm.EveryThread, x86-64. A test assembles this file and compares
# it with the bytes in EveryThreadCode.java.
#
#   void handler(int signal, siginfo_t *info, void *context)
#
# Makes the system calls that the data lists, on the thread that got the signal. Position
# independent: the data starts a fixed distance behind the code. No stack, no libc, no errno.
# Callee-saved registers may be overwritten: the kernel restores all of them.

        .set    DATA, 65536             # from the first instruction to the data
        .set    COUNT, 0                # data: how many calls
        .set    DONE, 8                 # data: how often all calls were made
        .set    ERROR, 16               # data: the result of the last call that failed
        .set    LEFT, 24                # data: COUNT at that call, less those before it
        .set    CALLS, 64               # data: the first call: its number, five arguments
        .set    CALL_SIZE, 48

        .text
code:
        .set    data, code + DATA
        endbr64
        lea     data(%rip), %r12
        mov     COUNT(%r12), %r13
        lea     CALLS(%r12), %rbx
next:
        test    %r13, %r13
        jz      done
        mov     0(%rbx), %rax
        mov     8(%rbx), %rdi
        mov     16(%rbx), %rsi
        mov     24(%rbx), %rdx
        mov     32(%rbx), %r10
        mov     40(%rbx), %r8
        syscall
        test    %rax, %rax
        jns     passed
        mov     %rax, ERROR(%r12)
        mov     %r13, LEFT(%r12)
passed:
        add     $CALL_SIZE, %rbx
        dec     %r13
        jmp     next
done:
        lock incq DONE(%r12)
        ret
