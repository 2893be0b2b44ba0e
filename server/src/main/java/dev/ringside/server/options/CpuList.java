package dev.ringside.server.options;

import java.util.ArrayList;
import java.util.List;

/** Lists of processors as the kernel and taskset(1) write them: {@code 1,3-5}. */
final class CpuList {
    /** No kernel here has more; keeps {@code 0-999999999} from filling the heap. */
    private static final int MAX_CPU = 8191;

    private CpuList() {}

    /**
     * Reads a list and checks it against the processors that this process may use.
     *
     * @return the processors in the order given, without repetition
     */
    static List<Integer> parse(String option, String text, int[] allowed) throws OperatorException {
        List<Integer> cpus = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            int dash = part.indexOf('-');
            String first = dash < 0 ? part : part.substring(0, dash);
            String last = dash < 0 ? part : part.substring(dash + 1);
            addRange(option, text, number(option, text, first), number(option, text, last), cpus);
        }
        for (int cpu : cpus) {
            if (!contains(allowed, cpu)) {
                throw new OperatorException(
                        Values.given(option, text)
                                + " names processor "
                                + cpu
                                + ", which this process may not use: it may use "
                                + format(allowed)
                                + " (see taskset(1), cpuset cgroups, CPUAffinity= of systemd)");
            }
        }
        return List.copyOf(cpus);
    }

    private static void addRange(
            String option, String text, int first, int last, List<Integer> cpus)
            throws OperatorException {
        if (last < first) {
            throw new OperatorException(
                    Values.given(option, text)
                            + " has the range "
                            + first
                            + "-"
                            + last
                            + ", which runs backwards: write "
                            + last
                            + "-"
                            + first);
        }
        for (int cpu = first; cpu <= last; cpu++) {
            if (cpus.contains(cpu)) {
                throw new OperatorException(
                        Values.given(option, text)
                                + " names processor "
                                + cpu
                                + " twice: name each once");
            }
            cpus.add(cpu);
        }
    }

    private static int number(String option, String text, String part) throws OperatorException {
        boolean digits = !part.isEmpty() && part.length() <= 4;
        for (int i = 0; i < part.length(); i++) {
            digits &= part.charAt(i) >= '0' && part.charAt(i) <= '9';
        }
        if (!digits || Integer.parseInt(part) > MAX_CPU) {
            throw new OperatorException(
                    Values.given(option, text)
                            + " is not a list of processors: for example 1,3-5 (numbers from 0 to "
                            + MAX_CPU
                            + ")");
        }
        return Integer.parseInt(part);
    }

    private static boolean contains(int[] cpus, int wanted) {
        for (int cpu : cpus) {
            if (cpu == wanted) {
                return true;
            }
        }
        return false;
    }

    /** Writes processors in ascending order with ranges: {@code 0-3,8}. */
    static String format(int[] cpus) {
        int[] sorted = cpus.clone();
        java.util.Arrays.sort(sorted);
        var text = new StringBuilder();
        for (int i = 0; i < sorted.length; ) {
            int end = i;
            while (end + 1 < sorted.length && sorted[end + 1] == sorted[end] + 1) {
                end++;
            }
            text.append(text.isEmpty() ? "" : ",").append(sorted[i]);
            if (end > i) {
                text.append('-').append(sorted[end]);
            }
            i = end + 1;
        }
        return text.toString();
    }
}
