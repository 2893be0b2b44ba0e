package dev.ringside.vhostuser;

import dev.ringside.shm.Iotlb;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Translations that rings wait for. Each is asked for once, however many want it, and only so many
 * at a time: the front-end's socket must not fill up.
 *
 * <p>A ring has one set of wishes: new ones take the place of those before. So there are never more
 * than a walk of each ring can find, and those that were asked for already.
 */
final class TranslationMisses {
    /** Questions that may be unanswered at a time. */
    static final int WINDOW = 32;

    /**
     * What is asked for.
     *
     * @param iova first address of a page
     * @param access 1 for reading, 2 for writing
     */
    record Page(long iova, int access) {
        /** Whether a table has it. */
        boolean isIn(Iotlb table) {
            return table.firstMissing(iova, iova, access) == null;
        }
    }

    private static final class Miss {
        final BitSet rings = new BitSet();
        boolean asked;
    }

    private final Map<Page, Miss> open = new LinkedHashMap<>();
    private final Map<Integer, Integer> wishes = new LinkedHashMap<>();

    /** Asked and not answered on the channel yet, in the order of asking. */
    private final Deque<Page> unanswered = new ArrayDeque<>();

    /** What a ring waits for from now on. */
    void want(int ring, List<Page> pages) {
        forget(ring);
        for (Page page : pages) {
            Miss miss = open.computeIfAbsent(page, ignored -> new Miss());
            if (!miss.rings.get(ring)) {
                miss.rings.set(ring);
                wishes.merge(ring, 1, Integer::sum);
            }
        }
    }

    /** The ring waits for nothing any more. */
    void forget(int ring) {
        if (wishes.remove(ring) == null) {
            return;
        }
        Iterator<Miss> each = open.values().iterator();
        while (each.hasNext()) {
            Miss miss = each.next();
            miss.rings.clear(ring);
            if (miss.rings.isEmpty() && !miss.asked) {
                each.remove();
            }
        }
    }

    /** Whether a ring waits. */
    boolean waits(int ring) {
        return wishes.containsKey(ring);
    }

    /**
     * The next page to ask for, or null: there is none, or enough were asked for.
     *
     * @param answers whether the front-end will answer on the channel
     */
    @Nullable Page next(boolean answers) {
        if (answers && unanswered.size() >= WINDOW) {
            return null;
        }
        for (Map.Entry<Page, Miss> each : open.entrySet()) {
            if (!each.getValue().asked) {
                each.getValue().asked = true;
                if (answers) {
                    unanswered.add(each.getKey());
                }
                return each.getKey();
            }
        }
        return null;
    }

    /** The page that the next answer on the channel is about, or null: no answer is due. */
    @Nullable Page answered() {
        return unanswered.poll();
    }

    /** What is asked and not answered. */
    List<Page> unanswered() {
        return List.copyOf(unanswered);
    }

    /** Answers are due to what another session asked. */
    void restore(List<Page> asked) {
        unanswered.addAll(asked);
    }

    /** There is another channel: what was asked on the one before is asked again. */
    void askAgain() {
        unanswered.clear();
        open.values().removeIf(miss -> miss.rings.isEmpty());
        open.values().forEach(miss -> miss.asked = false);
    }

    /** The pages of a range that are waited for. */
    List<Page> within(long first, long last) {
        long firstPage = first & -Iotlb.PAGE_BYTES;
        List<Page> found = new ArrayList<>();
        for (Page page : open.keySet()) {
            if (Long.compareUnsigned(page.iova(), firstPage) >= 0
                    && Long.compareUnsigned(page.iova(), last) <= 0) {
                found.add(page);
            }
        }
        return found;
    }

    /**
     * A page came, or will not come.
     *
     * @return the rings that waited for it
     */
    BitSet resolve(Page page) {
        Miss miss = open.remove(page);
        if (miss == null) {
            return new BitSet();
        }
        miss.rings.stream()
                .forEach(ring -> wishes.computeIfPresent(ring, (r, n) -> n > 1 ? n - 1 : null));
        return miss.rings;
    }

    /** Nobody waits for anything; answers that are due are still due. */
    void clear() {
        open.clear();
        wishes.clear();
    }
}
