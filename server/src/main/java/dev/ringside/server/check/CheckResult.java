package dev.ringside.server.check;

import dev.ringside.server.check.Finding.Outcome;
import java.util.List;

/**
 * What came of all checks.
 *
 * @param target the back-end
 * @param findings one for each check, in their order
 */
record CheckResult(Target target, List<Finding> findings) {

    /** How many ended so. */
    long count(Outcome outcome) {
        return findings.stream().filter(finding -> finding.outcome() == outcome).count();
    }

    /** Whether the back-end conforms; {@code strict}: in what SHOULD be, too. */
    boolean conforms(boolean strict) {
        return count(Outcome.FAILED) == 0
                && count(Outcome.NOT_RUN) == 0
                && (!strict || count(Outcome.WARNED) == 0);
    }
}
