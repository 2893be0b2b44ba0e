package dev.ringside.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * One 64-bit counter for each constant of an enum.
 *
 * <p>One thread writes at a time (ownership may move between threads with a happens-before edge);
 * any thread reads. Writing costs a load and a store: no atomic instruction, no allocation.
 *
 * @param <E> the catalogue of these counters
 */
@SuppressWarnings("EnumOrdinal") // a counter's place in an array that lives as long as the enum
public final class Counters<E extends Enum<E> & MetricName> {
    private static final VarHandle VALUE = MethodHandles.arrayElementVarHandle(long[].class);

    /** Keeps the values of one writer off the cache lines of its neighbours on the heap. */
    private static final int PADDING = 16;

    private final List<E> names;
    private final long[] values;

    /**
     * All counters of a catalogue, at zero.
     *
     * @param names the enum that lists them
     */
    public Counters(Class<E> names) {
        this.names = List.of(names.getEnumConstants());
        this.values = new long[this.names.size() + 2 * PADDING];
    }

    /** The counters' catalogue, in the order of the enum. */
    public List<E> names() {
        return names;
    }

    /** Adds {@code amount}, which must not be negative, to a counter. Writing thread only. */
    public void add(E name, long amount) {
        int index = PADDING + name.ordinal();
        VALUE.setOpaque(values, index, values[index] + amount);
    }

    /** Adds one to a counter. Writing thread only. */
    public void increment(E name) {
        add(name, 1);
    }

    /** The counter's value. Any thread. */
    public long get(E name) {
        return (long) VALUE.getOpaque(values, PADDING + name.ordinal());
    }

    /** Shows every counter to {@code reader}. Any thread. */
    void forEach(Reader reader) {
        for (E name : names) {
            reader.onCounter(name, get(name));
        }
    }

    interface Reader {
        void onCounter(MetricName name, long value);
    }
}
