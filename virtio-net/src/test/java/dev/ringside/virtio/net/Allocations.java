package dev.ringside.virtio.net;

import java.lang.reflect.Method;

/** What the calling thread allocates, as the virtual machine counts it. */
public final class Allocations {
    private Allocations() {}

    /**
     * Bytes allocated by the calling thread so far. By name: no module here may need the bean's.
     */
    public static long ofThisThread() throws ReflectiveOperationException {
        Object bean =
                Class.forName("java.lang.management.ManagementFactory")
                        .getMethod("getThreadMXBean")
                        .invoke(null);
        Method method =
                Class.forName("com.sun.management.ThreadMXBean")
                        .getMethod("getCurrentThreadAllocatedBytes");
        return (long) method.invoke(bean);
    }
}
