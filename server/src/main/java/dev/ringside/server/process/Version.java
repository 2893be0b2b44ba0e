package dev.ringside.server.process;

/** The version of this program: one place, the build, decides it. */
public final class Version {
    private Version() {}

    /** For example {@code 0.1.0}. */
    public static String text() {
        var descriptor = Version.class.getModule().getDescriptor();
        String version =
                descriptor == null
                        ? Version.class.getPackage().getImplementationVersion()
                        : descriptor.rawVersion().orElse(null);
        return version == null ? "unknown" : version;
    }
}
