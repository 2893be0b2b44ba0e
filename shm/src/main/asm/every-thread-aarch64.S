// Signal handler of dev.ringside.shm.EveryThread, aarch64. A test assembles this file and compares
// it with the bytes in EveryThreadCode.java. See every-thread-x86_64.S for what it does.
//
//   void handler(int signal, siginfo_t *info, void *context)

        .set    DATA, 65536             // from the first instruction to the data
        .set    COUNT, 0                // data: how many calls
        .set    DONE, 8                 // data: how often all calls were made
        .set    ERROR, 16               // data: the result of the last call that failed
        .set    LEFT, 24                // data: COUNT at that call, less those before it
        .set    CALLS, 64               // data: the first call: its number, five arguments
        .set    CALL_SIZE, 48

        .text
code:
        .set    data, code + DATA
        adr     x9, data
        ldr     x10, [x9, #COUNT]
        add     x11, x9, #CALLS
next:
        cbz     x10, done
        ldp     x8, x0, [x11]
        ldp     x1, x2, [x11, #16]
        ldp     x3, x4, [x11, #32]
        svc     #0
        tbz     x0, #63, passed
        str     x0, [x9, #ERROR]
        str     x10, [x9, #LEFT]
passed:
        add     x11, x11, #CALL_SIZE
        sub     x10, x10, #1
        b       next
done:
        add     x12, x9, #DONE
again:
        ldxr    x13, [x12]
        add     x13, x13, #1
        stlxr   w14, x13, [x12]
        cbnz    w14, again
        ret
