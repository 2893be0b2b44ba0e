package dev.ringside.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/**
 * What all bindings share: the linker, the processor architecture, and how errno is caught.
 *
 * <p>A handle that captures errno takes a capture segment as its first argument. {@link #state()}
 * gives the calling thread's own one, so that no call allocates and no two threads share one. A
 * failed call is told as the negative error number.
 */
final class Native {
    /** The processor architectures whose layouts and code this module knows. */
    enum Arch {
        X86_64,
        AARCH64
    }

    static final Arch ARCH = arch();

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET = CAPTURE.byteOffset(PathElement.groupElement("errno"));
    private static final Linker.Option CAPTURE_ERRNO = Linker.Option.captureCallState("errno");

    // An automatic arena: acquiring it around a call costs nothing, and it goes with its thread.
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE));

    private Native() {}

    /** A handle for a function of the C library; errno is captured. */
    static MethodHandle function(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor, CAPTURE_ERRNO);
    }

    /**
     * A handle for a function of the C library that is short, never waits and sets no errno: called
     * without leaving Java, so that no safepoint comes before it returns. No capture segment.
     */
    static MethodHandle leaf(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbol(name), descriptor, Linker.Option.critical(false));
    }

    /** Like {@link #leaf} for code of ours at an address, which may be given Java arrays, too. */
    static MethodHandle code(long address, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(
                MemorySegment.ofAddress(address), descriptor, Linker.Option.critical(true));
    }

    static MemorySegment symbol(String name) {
        return LINKER.defaultLookup()
                .find(name)
                .orElseThrow(
                        () ->
                                new UnsupportedOperationException(
                                        "the C library has no function "
                                                + name
                                                + ": glibc 2.28 or newer is needed"));
    }

    /** The calling thread's capture segment. No allocation after a thread's first call. */
    static MemorySegment state() {
        return STATE.get();
    }

    /** The negative error number that the last failed call left in a capture segment. */
    static int error(MemorySegment state) {
        return -state.get(java.lang.foreign.ValueLayout.JAVA_INT, ERRNO_OFFSET);
    }

    /** What to throw when a method handle threw: a downcall itself throws nothing checked. */
    static RuntimeException unexpected(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        if (thrown instanceof RuntimeException exception) {
            return exception;
        }
        return new IllegalStateException("a downcall threw", thrown);
    }

    private static Arch arch() {
        String name = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        String os = System.getProperty("os.name", "");
        if (os.equals("Linux") && name.equals("amd64")) {
            return Arch.X86_64;
        }
        if (os.equals("Linux") && name.equals("aarch64")) {
            return Arch.AARCH64;
        }
        throw new UnsupportedOperationException(
                "os.name=" + os + " os.arch=" + name + ": only Linux on amd64 or aarch64 works");
    }
}
