// Code of dev.ringside.shm.HeadedCopies, AArch64. A test assembles this file and compares it with
// the bytes in HeadedCopiesCode.java.
//
//   struct copy { void *to; const void *from; long bytes; };
//   void headed_copies(const struct copy *list, long count, long head, int head_end,
//                      void *(*memcpy)(void *, const void *, size_t))
//
// For each of at least one copy: writes the head's 12 bytes to its place, and the copy behind them.
// Much is left to memcpy; for little its call would cost more than the copy.

        .set    HEAD, 12
        .set    COPY, 24                // size of struct copy
        .set    STEP, 16
        .set    LITTLE, 256

        .text
headed_copies:
        ldp     x5, x6, [x0]            // to, from
        ldr     x7, [x0, 16]            // bytes
        str     x2, [x5]
        str     w3, [x5, 8]
        add     x5, x5, HEAD
        cmp     x7, LITTLE
        b.hi    much
        subs    x7, x7, STEP
        b.lo    few
        ldr     q1, [x6, x7]            // the last step, which may overlap the one before
        add     x7, x5, x7
1:      ldr     q0, [x6], STEP
        str     q0, [x5], STEP
        cmp     x5, x7
        b.lo    1b
        str     q1, [x7]
next:
        add     x0, x0, COPY
        subs    x1, x1, 1
        b.gt    headed_copies
        ret

few:
        adds    x7, x7, STEP
        b.eq    next
2:      sub     x7, x7, 1
        ldrb    w8, [x6, x7]
        strb    w8, [x5, x7]
        cbnz    x7, 2b
        b       next

much:
        stp     x29, x30, [sp, -64]!
        mov     x29, sp
        stp     x0, x1, [sp, 16]
        stp     x2, x3, [sp, 32]
        str     x4, [sp, 48]
        mov     x0, x5
        mov     x1, x6
        mov     x2, x7
        blr     x4
        ldr     x4, [sp, 48]
        ldp     x2, x3, [sp, 32]
        ldp     x0, x1, [sp, 16]
        ldp     x29, x30, [sp], 64
        b       next
