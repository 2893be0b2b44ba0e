package dev.ringside.virtio.blk.limit;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a disk, or a group of disks, may do. Immutable.
 *
 * @param limits those that there are
 */
public record BlkLimits(Map<LimitKind, Limit> limits) {
    /** No limits. */
    public static final BlkLimits NONE = new BlkLimits(Map.of());

    /** Forgets those that limit nothing. */
    public BlkLimits {
        EnumMap<LimitKind, Limit> real = new EnumMap<>(LimitKind.class);
        limits.forEach(
                (kind, limit) -> {
                    if (!limit.isNone()) {
                        real.put(kind, limit);
                    }
                });
        limits = Collections.unmodifiableMap(real);
    }

    /**
     * Reads limits.
     *
     * @param texts by the words of their kinds; {@code off} is a limit too, which is none
     * @throws IllegalArgumentException when one is wrong; the message is for the operator
     */
    public static Map<LimitKind, Limit> parse(Map<String, String> texts) {
        Map<LimitKind, Limit> limits = new EnumMap<>(LimitKind.class);
        texts.forEach(
                (word, text) -> {
                    LimitKind kind = LimitKind.of(word);
                    if (kind == null) {
                        throw new IllegalArgumentException(
                                "there is no limit "
                                        + word
                                        + ": there are "
                                        + Arrays.stream(LimitKind.values())
                                                .map(LimitKind::word)
                                                .collect(Collectors.joining(", ")));
                    }
                    limits.put(kind, Limit.parse(kind, word, text));
                });
        return limits;
    }

    /** The limits by the words of their kinds, as {@link #parse} reads them. */
    public Map<String, String> texts() {
        Map<String, String> texts = new TreeMap<>();
        limits.forEach((kind, limit) -> texts.put(kind.word(), limit.text()));
        return texts;
    }

    /** The limit of a kind. */
    public Limit limit(LimitKind kind) {
        return limits.getOrDefault(kind, Limit.NONE);
    }

    /** The same with other limits of some kinds. */
    public BlkLimits with(Map<LimitKind, Limit> changes) {
        EnumMap<LimitKind, Limit> all = new EnumMap<>(LimitKind.class);
        all.putAll(limits);
        all.putAll(changes);
        return new BlkLimits(all);
    }

    /** Whether nothing is limited. */
    public boolean isNone() {
        return limits.isEmpty();
    }

    /** For the operator: {@code iops=500 bps-write=1048576}. */
    public String text() {
        return limits.entrySet().stream()
                .map(entry -> entry.getKey().word() + "=" + entry.getValue().text())
                .collect(Collectors.joining(" "));
    }
}
