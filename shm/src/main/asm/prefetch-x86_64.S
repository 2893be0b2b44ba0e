# Code of dev.ringside.shm.Prefetch, x86-64. A test assembles this file and compares it with the
# bytes in PrefetchCode.java.
#
#   void to_read(const void *first, long bytes)
#   void to_write(void *first, long bytes)
#
# Asks for the cache lines of a range, which touches nothing and cannot fault. At least one line.

        .set    LINE, 64
        .set    TO_WRITE, 32            # from to_read to to_write

        .text
to_read:
        prefetcht0 (%rdi)
        add     $LINE, %rdi
        sub     $LINE, %rsi
        jg      to_read
        ret

        .org    TO_WRITE, 0xcc
to_write:
        prefetchw (%rdi)
        add     $LINE, %rdi
        sub     $LINE, %rsi
        jg      to_write
        ret
