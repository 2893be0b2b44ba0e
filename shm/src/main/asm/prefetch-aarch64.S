// Code of dev.ringside.shm.Prefetch, AArch64. A test assembles this file and compares it with the
// bytes in PrefetchCode.java.
//
//   void to_read(const void *first, long bytes)
//   void to_write(void *first, long bytes)
//
// Asks for the cache lines of a range, which touches nothing and cannot fault. At least one line.

        .set    LINE, 64
        .set    TO_WRITE, 32            // from to_read to to_write

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
