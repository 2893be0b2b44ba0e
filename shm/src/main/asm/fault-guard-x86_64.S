# SIGBUS handler of dev.ringside.shm.FaultGuard, x86-64. A test assembles this file and compares it
# with the bytes in FaultGuardCode.java.
#
#   void handler(int signal /* rdi */, siginfo_t *info /* rsi */, void *context /* rdx */)
#
# When the fault lies in a registered region, zero pages take the region's place, its flag is set
# and the faulting instruction runs again. Else the handler that was there before gets the signal.
# Position independent: the data starts a fixed distance behind the code. No stack, no libc, no
# errno. Callee-saved registers may be overwritten: the kernel restores all of them.

        .set    DATA, 65536             # from the first instruction to the data
        .set    PREVIOUS, 0             # data: the handler that was there before
        .set    COUNT, 8                # data: slots that were ever used
        .set    FAULTS, 16              # data: regions poisoned so far
        .set    SLOTS, 64               # data: the first slot
        .set    START, 0                # slot: first address, 0 in an empty slot
        .set    END, 8                  # slot: address behind the last
        .set    SEQUENCE, 16            # slot: odd while the slot changes
        .set    POISONED, 24            # slot: 1 once a fault was met
        .set    SLOT_SIZE, 32

        .set    SI_CODE, 8
        .set    SI_ADDR, 16
        .set    BUS_ADRERR, 2           # BUS_ADRERR, BUS_OBJERR, BUS_MCEERR_AR, BUS_MCEERR_AO
        .set    SYS_MMAP, 9
        .set    PROT, 3                 # PROT_READ | PROT_WRITE
        .set    FLAGS, 0x4032           # MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE

        .text
code:
        .set    data, code + DATA
        endbr64
        mov     SI_CODE(%rsi), %eax
        sub     $BUS_ADRERR, %eax
        cmp     $3, %eax
        ja      chain                   # sent by kill(2), or an alignment fault
        mov     SI_ADDR(%rsi), %r8
        lea     data(%rip), %r9
        mov     COUNT(%r9), %rcx
        lea     SLOTS(%r9), %r10
scan:
        test    %rcx, %rcx
        jz      chain
        mov     SEQUENCE(%r10), %r11
        test    $1, %r11b
        jnz     next                    # a region is complete before its first touch
        mov     START(%r10), %rbx
        mov     END(%r10), %rax
        cmp     SEQUENCE(%r10), %r11
        jne     next
        cmp     %rbx, %r8
        jb      next
        cmp     %rax, %r8
        jb      hit
next:
        add     $SLOT_SIZE, %r10
        dec     %rcx
        jmp     scan
hit:
        movl    $1, POISONED(%r10)
        lock incq FAULTS(%r9)
        mov     %rdi, %r12
        mov     %rsi, %r13
        mov     %rdx, %r14
        mov     %rbx, %rdi
        mov     %rax, %rsi
        sub     %rbx, %rsi
        mov     $PROT, %edx
        mov     $FLAGS, %r10d
        mov     $-1, %r8
        xor     %r9d, %r9d
        mov     $SYS_MMAP, %eax
        syscall
        cmp     $-4095, %rax
        jae     failed
        ret
failed:
        mov     %r12, %rdi
        mov     %r13, %rsi
        mov     %r14, %rdx
chain:
        lea     data(%rip), %r9
        jmp     *PREVIOUS(%r9)
