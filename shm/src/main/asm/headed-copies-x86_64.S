# Code of dev.ringside.shm.HeadedCopies, x86-64. A test assembles this file and compares it with the
# bytes in HeadedCopiesCode.java.
#
#   struct copy { void *to; const void *from; long bytes; };
#   void headed_copies(const struct copy *list, long count, long head, int head_end,
#                      void *(*memcpy)(void *, const void *, size_t))
#
# For each of at least one copy: writes the head's 12 bytes to its place, and the copy behind them.
# Much is left to memcpy; for little its call would cost more than the copy.

        .set    HEAD, 12
        .set    COPY, 24                # size of struct copy
        .set    STEP, 16
        .set    LITTLE, 256

        .text
headed_copies:
        mov     (%rdi), %rax            # to
        mov     8(%rdi), %r9            # from
        mov     16(%rdi), %r10          # bytes
        mov     %rdx, (%rax)
        mov     %ecx, 8(%rax)
        add     $HEAD, %rax
        cmp     $LITTLE, %r10
        ja      much
        sub     $STEP, %r10
        jb      few
        movups  (%r9,%r10), %xmm1       # the last step, which may overlap the one before
        add     %rax, %r10
1:      movups  (%r9), %xmm0
        movups  %xmm0, (%rax)
        add     $STEP, %r9
        add     $STEP, %rax
        cmp     %r10, %rax
        jb      1b
        movups  %xmm1, (%r10)
next:
        add     $COPY, %rdi
        dec     %rsi
        jg      headed_copies
        ret

few:
        add     $STEP, %r10
        jz      next
2:      movb    -1(%r9,%r10), %r11b
        movb    %r11b, -1(%rax,%r10)
        dec     %r10
        jnz     2b
        jmp     next

much:
        push    %rdi
        push    %rsi
        push    %rdx
        push    %rcx
        push    %r8                     # five: the stack is aligned for the call
        mov     %rax, %rdi
        mov     %r9, %rsi
        mov     %r10, %rdx
        call    *%r8
        pop     %r8
        pop     %rcx
        pop     %rdx
        pop     %rsi
        pop     %rdi
        jmp     next
