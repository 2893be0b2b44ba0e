package dev.ringside.server.check;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ringside.server.check.Finding.Outcome;
import dev.ringside.server.options.TextTable;
import java.util.List;
import java.util.Locale;

/** Says what came of checks: lines for people, JSON for programs. */
final class CheckReport {
    private CheckReport() {}

    /** One line while the checks run. */
    static String line(Finding finding) {
        String head = "%-8s %s".formatted(word(finding.outcome()), finding.check().name());
        return switch (finding.outcome()) {
            case PASSED -> head + "\n";
            case SKIPPED, NOT_RUN -> head + ": " + finding.seen() + "\n";
            case FAILED, WARNED -> head + explained(finding);
        };
    }

    private static String explained(Finding finding) {
        Check check = finding.check();
        return "\n         wanted: %s (%s, %s)\n         seen:   %s\n"
                .formatted(check.statement(), check.level(), check.section(), finding.seen());
    }

    private static String word(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** The last lines: what the back-end is, and how many checks ended how. */
    static String summary(CheckResult result) {
        Target target = result.target();
        StringBuilder text = new StringBuilder();
        text.append(
                "\nThe back-end serves %s: features 0x%x, protocol features 0x%x.\n"
                        .formatted(target.kind(), target.features(), target.protocolFeatures()));
        text.append("%d checks:".formatted(result.findings().size()));
        String comma = "";
        for (Outcome outcome : Outcome.values()) {
            long count = result.count(outcome);
            if (count > 0) {
                text.append(comma).append(" %d %s".formatted(count, word(outcome)));
                comma = ",";
            }
        }
        return text.append(".\n").toString();
    }

    /** What checks there are. */
    static String list(List<Group> groups) {
        TextTable table = new TextTable("CHECK", "LEVEL", "STATEMENT", "SECTION");
        for (Group group : groups) {
            for (Check check : group.checks()) {
                table.add(check.name(), check.level().name(), check.statement(), check.section());
            }
        }
        return table.text();
    }

    /** One JSON object. */
    static String json(CheckResult result) {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        Target target = result.target();
        root.put("device", target.kind().name().toLowerCase(Locale.ROOT));
        root.put("features", "0x%x".formatted(target.features()));
        root.put("protocolFeatures", "0x%x".formatted(target.protocolFeatures()));
        ObjectNode counts = root.putObject("counts");
        for (Outcome outcome : Outcome.values()) {
            counts.put(word(outcome), result.count(outcome));
        }
        ArrayNode checks = root.putArray("checks");
        result.findings().forEach(finding -> put(checks.addObject(), finding));
        try {
            return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void put(ObjectNode node, Finding finding) {
        Check check = finding.check();
        node.put("name", check.name());
        node.put("level", check.level().name());
        node.put("section", check.section());
        node.put("statement", check.statement());
        node.put("outcome", word(finding.outcome()));
        node.put("seen", finding.seen());
        node.put("milliseconds", finding.milliseconds());
    }
}
