package dev.ringside.server.check;

import java.util.List;
import java.util.stream.Stream;

/** All checks there are, in the order in which they run: attacks last. */
final class Catalogue {
    private static final List<Group> GROUPS =
            List.of(
                    NegotiationChecks.group(),
                    MessageChecks.group(),
                    ConfigChecks.group(),
                    MemoryChecks.group(),
                    RingChecks.group(),
                    InflightChecks.group(),
                    BlkChecks.group(),
                    NetChecks.group(),
                    HostileChecks.group());

    private Catalogue() {}

    /** The groups. */
    static List<Group> groups() {
        return GROUPS;
    }

    /** Those that run with some options; attacks run when asked for, by name or all of them. */
    static List<Check> chosen(CheckOptions options) {
        return GROUPS.stream().flatMap(group -> chosen(group, options)).toList();
    }

    private static Stream<Check> chosen(Group group, CheckOptions options) {
        List<String> only = options.only();
        if (only.isEmpty()) {
            return group.isHostile() && !options.hostile()
                    ? Stream.empty()
                    : group.checks().stream();
        }
        return group.checks().stream()
                .filter(check -> only.contains(group.name()) || only.contains(check.name()));
    }

    /** Whether there is a group or a check of a name. */
    static boolean knows(String name) {
        return GROUPS.stream()
                .anyMatch(
                        group ->
                                group.name().equals(name)
                                        || group.checks().stream()
                                                .anyMatch(check -> check.name().equals(name)));
    }
}
