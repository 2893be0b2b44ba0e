// SIGBUS handler of dev.ringside.shm.FaultGuard, aarch64. A test assembles this file and compares
// it with the bytes in FaultGuardCode.java. See fault-guard-x86_64.S for what it does.
//
//   void handler(int signal /* x0 */, siginfo_t *info /* x1 */, void *context /* x2 */)

        .set    DATA, 65536             // from the first instruction to the data
        .set    PREVIOUS, 0             // data: the handler that was there before
        .set    COUNT, 8                // data: slots that were ever used
        .set    FAULTS, 16              // data: regions poisoned so far
        .set    SLOTS, 64               // data: the first slot
        .set    START, 0                // slot: first address, 0 in an empty slot
        .set    END, 8                  // slot: address behind the last
        .set    SEQUENCE, 16            // slot: odd while the slot changes
        .set    POISONED, 24            // slot: 1 once a fault was met
        .set    SLOT_SIZE, 32

        .set    SI_CODE, 8
        .set    SI_ADDR, 16
        .set    BUS_ADRERR, 2           // BUS_ADRERR, BUS_OBJERR, BUS_MCEERR_AR, BUS_MCEERR_AO
        .set    SYS_MMAP, 222
        .set    PROT, 3                 // PROT_READ | PROT_WRITE
        .set    FLAGS, 0x4032           // MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE

        .text
code:
        .set    data, code + DATA
        ldr     w9, [x1, #SI_CODE]
        sub     w9, w9, #BUS_ADRERR
        cmp     w9, #3
        b.hi    chain                   // sent by kill(2), or an alignment fault
        ldr     x10, [x1, #SI_ADDR]
        adr     x11, data
        add     x12, x11, #COUNT
        ldar    x12, [x12]
        add     x13, x11, #SLOTS
scan:
        cbz     x12, chain
        add     x14, x13, #SEQUENCE
        ldar    x15, [x14]
        tbnz    x15, #0, next           // a region is complete before its first touch
        ldp     x16, x17, [x13]         // START, END
        dmb     ishld
        ldr     x14, [x14]
        cmp     x14, x15
        b.ne    next
        cmp     x10, x16
        b.lo    next
        cmp     x10, x17
        b.lo    hit
next:
        add     x13, x13, #SLOT_SIZE
        sub     x12, x12, #1
        b       scan
hit:
        mov     w9, #1
        str     w9, [x13, #POISONED]
        add     x14, x11, #FAULTS
again:
        ldxr    x15, [x14]
        add     x15, x15, #1
        stlxr   w9, x15, [x14]
        cbnz    w9, again
        mov     x19, x0
        mov     x20, x1
        mov     x21, x2
        mov     x0, x16
        sub     x1, x17, x16
        mov     x2, #PROT
        mov     x3, #FLAGS
        mov     x4, #-1
        mov     x5, #0
        mov     x8, #SYS_MMAP
        svc     #0
        cmn     x0, #4095
        b.hs    failed
        ret
failed:
        mov     x0, x19
        mov     x1, x20
        mov     x2, x21
chain:
        adr     x11, data
        ldr     x16, [x11, #PREVIOUS]
        br      x16
