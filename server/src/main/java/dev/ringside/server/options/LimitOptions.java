package dev.ringside.server.options;

import dev.ringside.vhostuser.SessionLimits;

/** What one front-end may take of the process. */
final class LimitOptions {
    private static final int MAX_SLOTS = 509;
    private static final int MIN_RATE = 100;
    private static final int MAX_RATE = 1_000_000_000;
    private static final long LEAST_BYTES = 1 << 20;
    private static final int MAX_DESCRIPTORS = 1_000_000;

    private LimitOptions() {}

    /** Checks the options. */
    static SessionLimits parse(Given given) throws OperatorException {
        SessionLimits byDefault = SessionLimits.defaults();
        String size = given.text(ServeSyntax.MAPPED_MEMORY);
        long most = byDefault.maxMappedBytes();
        String name = given.name(ServeSyntax.MAPPED_MEMORY);
        return byDefault
                .withMemory(
                        given.integer(
                                ServeSyntax.MEMORY_SLOTS, byDefault.maxRegions(), 1, MAX_SLOTS),
                        size == null ? most : Values.size(name, size, LEAST_BYTES, most))
                .withReadsPerSecond(
                        given.integer(
                                ServeSyntax.MESSAGE_RATE,
                                byDefault.maxReadsPerSecond(),
                                MIN_RATE,
                                MAX_RATE))
                .withDescriptors(
                        given.integer(
                                ServeSyntax.DESCRIPTORS,
                                byDefault.maxDescriptors(),
                                SessionLimits.MIN_DESCRIPTORS,
                                MAX_DESCRIPTORS));
    }
}
