package dev.ringside.server.cli;

/** The version of this program, from its module: one place, the build, decides it. */
final class Version {
    private Version() {}

    /** For example {@code 0.1.0}. */
    static String text() {
        var descriptor = Version.class.getModule().getDescriptor();
        return descriptor == null ? "unknown" : descriptor.rawVersion().orElse("unknown");
    }
}
