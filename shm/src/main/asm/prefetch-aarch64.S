// Code of dev.ringside.shm.Prefetch, AArch64. A test assembles this file and compares it with the
// bytes in PrefetchCode.java.
//
//   void to_read(const void *first, long bytes)
//   void to_write(void *first, long bytes)
//   void each_to_read(const void *const *firsts, long count, long bytes)
//   void each_to_write(void *const *firsts, long count, long bytes)
//
// Asks for the cache lines of a range, or of many of the same length, which touches nothing and
// cannot fault. At least one line of at least one range.

        .set    LINE, 64
        .set    TO_WRITE, 32            // from to_read to to_write
        .set    EACH_TO_READ, 64        // from to_read to each_to_read
        .set    EACH_TO_WRITE, 128      // from to_read to each_to_write

        .text
to_read:
        prfm    pldl1keep, [x0]
        add     x0, x0, LINE
        subs    x1, x1, LINE
        b.gt    to_read
        ret

        .org    TO_WRITE, 0
to_write:
        prfm    pstl1keep, [x0]
        add     x0, x0, LINE
        subs    x1, x1, LINE
        b.gt    to_write
        ret

        .org    EACH_TO_READ, 0
each_to_read:
        ldr     x3, [x0], 8
        add     x4, x3, x2              // behind the range
        and     x3, x3, -LINE
1:      prfm    pldl1keep, [x3]
        add     x3, x3, LINE
        cmp     x3, x4
        b.lo    1b
        subs    x1, x1, 1
        b.gt    each_to_read
        ret

        .org    EACH_TO_WRITE, 0
each_to_write:
        ldr     x3, [x0], 8
        add     x4, x3, x2              // behind the range
        and     x3, x3, -LINE
1:      prfm    pstl1keep, [x3]
        add     x3, x3, LINE
        cmp     x3, x4
        b.lo    1b
        subs    x1, x1, 1
        b.gt    each_to_write
        ret
