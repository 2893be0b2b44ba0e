# Code of dev.ringside.shm.Prefetch, x86-64. A test assembles this file and compares it with the
# bytes in PrefetchCode.java.
#
#   void to_read(const void *first, long bytes)
#   void to_write(void *first, long bytes)
#   void each_to_read(const void *const *firsts, long count, long bytes)
#   void each_to_write(void *const *firsts, long count, long bytes)
#
# Asks for the cache lines of a range, or of many of the same length, which touches nothing and
# cannot fault. At least one line of at least one range.

        .set    LINE, 64
        .set    TO_WRITE, 32            # from to_read to to_write
        .set    EACH_TO_READ, 64        # from to_read to each_to_read
        .set    EACH_TO_WRITE, 128      # from to_read to each_to_write

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

        .org    EACH_TO_READ, 0xcc
each_to_read:
        mov     (%rdi), %rax
        lea     (%rax,%rdx), %rcx       # behind the range
        and     $-LINE, %rax
1:      prefetcht0 (%rax)
        add     $LINE, %rax
        cmp     %rcx, %rax
        jb      1b
        add     $8, %rdi
        dec     %rsi
        jg      each_to_read
        ret

        .org    EACH_TO_WRITE, 0xcc
each_to_write:
        mov     (%rdi), %rax
        lea     (%rax,%rdx), %rcx       # behind the range
        and     $-LINE, %rax
1:      prefetchw (%rax)
        add     $LINE, %rax
        cmp     %rcx, %rax
        jb      1b
        add     $8, %rdi
        dec     %rsi
        jg      each_to_write
        ret
