/** Every syscall, every restricted method, every mapping. */
module dev.ringside.shm {
    requires static transitive org.jspecify;

    exports dev.ringside.shm;
}
