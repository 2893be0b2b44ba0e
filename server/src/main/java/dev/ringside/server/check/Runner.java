package dev.ringside.server.check;

import dev.ringside.server.check.Finding.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Runs checks against a back-end, and looks after each whether it is still there. */
final class Runner {
    private static final long NS_PER_MS = 1_000_000;

    private final CheckOptions options;
    private final Starter starter;
    private final Consumer<Finding> progress;

    /**
     * @param starter starts the back-end when it is gone
     * @param progress is told of each finding as soon as there is one
     */
    Runner(CheckOptions options, Starter starter, Consumer<Finding> progress) {
        this.options = options;
        this.starter = starter;
        this.progress = progress;
    }

    /**
     * Runs them all.
     *
     * @throws IOException when the back-end does not answer before the first check
     */
    CheckResult run(List<Check> checks) throws IOException {
        starter.ensure();
        Target target = Target.of(options);
        List<Finding> findings = new ArrayList<>();
        boolean there = true;
        for (Check check : checks) {
            Finding finding = notRun(check);
            if (there) {
                finding = run(check, target);
                there = target.answers();
                finding = there ? finding : gone(finding);
                there = there || (starter.ensure() && target.answers());
            }
            findings.add(finding);
            progress.accept(finding);
        }
        return new CheckResult(target, findings);
    }

    private static Finding run(Check check, Target target) {
        long start = System.nanoTime();
        Outcome outcome = check.level() == Level.MUST ? Outcome.FAILED : Outcome.WARNED;
        String seen = "";
        try {
            check.probe().run(target);
            outcome = Outcome.PASSED;
        } catch (InapplicableException e) {
            outcome = Outcome.SKIPPED;
            seen = String.valueOf(e.getMessage());
        } catch (UnmetException | IOException e) {
            seen = String.valueOf(e.getMessage());
        } catch (IllegalStateException | IllegalArgumentException e) {
            // The driver's own guards: the device did what no driver can go on from.
            seen = String.valueOf(e.getMessage());
        }
        return new Finding(check, outcome, seen, (System.nanoTime() - start) / NS_PER_MS);
    }

    /** Whatever the statement was about: this is what the check has shown. */
    private static Finding gone(Finding finding) {
        String seen = finding.seen().isEmpty() ? "" : finding.seen() + "; ";
        return new Finding(
                finding.check(),
                Outcome.FAILED,
                seen + "the back-end does not answer any more",
                finding.milliseconds());
    }

    private static Finding notRun(Check check) {
        return new Finding(check, Outcome.NOT_RUN, "the back-end is gone", 0);
    }
}
