package dev.ringside.virtio.net.l2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntUnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Where addresses were seen: (MAC address, VLAN) to port. Any number of threads look up and learn
 * at the same time; nothing waits.
 *
 * <p>An entry is one long, so that it is always consistent in itself: 48 bits of the mixed key
 * above 10 bits of port and 6 bits of the time when it was last seen; the other 12 bits of the key
 * are its bucket. A bucket has 8 places. Of two entries with one key (two threads learnt it at the
 * same time) the one in the lower place counts, and the other is taken out.
 *
 * <p>A port has at most so many entries as its quota says. When a bucket is full, a port replaces
 * entries of its own, and one that has few of them takes the place of one that has many: who sends
 * from ever new addresses makes nobody else unknown.
 */
public final class MacTable {
    /** Most ports, numbered from 0. */
    public static final int MAX_PORTS = 1024;

    /** Entries that it has room for. */
    public static final int CAPACITY = 1 << 15;

    /** So many entries a port gets even where others have filled the place. */
    static final int GUARANTEED = 32;

    /** What became of an address that was to be learnt. */
    public enum Learnt {
        /** It is there. */
        KNOWN,
        /** It is there now. */
        NEW,
        /** It was another port's. */
        MOVED,
        /** The port has as many as it may have. */
        OVER_QUOTA,
        /** There is no room where it would have to be. */
        NO_ROOM
    }

    private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(int[].class);

    private static final int WAYS = 8;
    private static final int BUCKET_BITS = 12;
    private static final int TAG_SHIFT = Long.SIZE - (MacScramble.BITS - BUCKET_BITS);
    private static final int PORT_SHIFT = 6;
    private static final int PORT_MASK = MAX_PORTS - 1;
    private static final int TIME_MASK = (1 << PORT_SHIFT) - 1;
    private static final int ATTEMPTS = 4;

    /** Times are 1 to 62, and then 1 again; 0 is the time of an empty place. */
    private static final int TIMES = 62;

    /** Ticks that an entry lives without being seen. */
    private static final int LIFE_TICKS = 30;

    private final long[] entries = new long[CAPACITY];
    private final int[] counts = new int[MAX_PORTS];
    private final MacScramble scramble;
    private final IntUnaryOperator quotas;
    private final long epochNs;
    private final long tickNs;
    private final AtomicLong sweptTick = new AtomicLong();
    private volatile long nextTickNs;
    private volatile int time = 1;

    /**
     * An empty table.
     *
     * @param ageingNs how long an entry lives at least without being seen; at most a thirtieth more
     * @param nowNs the time
     * @param quotas most entries of each port, by its number
     */
    public MacTable(long ageingNs, long nowNs, IntUnaryOperator quotas, RandomGenerator random) {
        tickNs = ageingNs / LIFE_TICKS;
        epochNs = nowNs;
        nextTickNs = nowNs + tickNs;
        this.quotas = quotas;
        scramble = new MacScramble(random);
    }

    private static long key(long mac, int vlan) {
        return mac << 12 | vlan;
    }

    private static int base(long mixed) {
        return (int) (mixed & (1 << BUCKET_BITS) - 1) * WAYS;
    }

    private static long tag(long mixed) {
        return mixed >>> BUCKET_BITS << TAG_SHIFT;
    }

    private static boolean has(long entry, long tag) {
        return (entry ^ tag) >>> TAG_SHIFT == 0 && (entry & TIME_MASK) != 0;
    }

    private static int port(long entry) {
        return (int) (entry >>> PORT_SHIFT) & PORT_MASK;
    }

    private long entry(int at) {
        return (long) ENTRY.getOpaque(entries, at);
    }

    /** The port where an address is, or -1. */
    public int lookup(long mac, int vlan) {
        long mixed = scramble.mix(key(mac, vlan));
        int base = base(mixed);
        long tag = tag(mixed);
        for (int at = base; at < base + WAYS; at++) {
            long entry = entry(at);
            if (has(entry, tag)) {
                return port(entry);
            }
        }
        return -1;
    }

    /**
     * Notes that an address was seen on the port where it is known to be.
     *
     * @return false when it is not known there: whoever may, then {@link #learn}s it
     */
    public boolean seen(long mac, int vlan, int port) {
        long mixed = scramble.mix(key(mac, vlan));
        int base = base(mixed);
        long tag = tag(mixed);
        for (int at = base; at < base + WAYS; at++) {
            long entry = entry(at);
            if (has(entry, tag)) {
                if (port(entry) != port) {
                    return false;
                }
                long fresh = tag | (long) port << PORT_SHIFT | time;
                if (entry != fresh) {
                    // Whoever else changed it knows something newer.
                    ENTRY.compareAndSet(entries, at, entry, fresh);
                }
                return true;
            }
        }
        return false;
    }

    /** Learns that an address is on a port. */
    public Learnt learn(long mac, int vlan, int port) {
        long mixed = scramble.mix(key(mac, vlan));
        int base = base(mixed);
        long tag = tag(mixed);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int at = find(base, tag);
            Learnt result = at >= 0 ? refresh(at, tag, port) : insert(base, tag, port);
            if (result != null) {
                return result;
            }
        }
        // Others change this bucket all the time: its next frame will do.
        return Learnt.NO_ROOM;
    }

    private int find(int base, long tag) {
        for (int at = base; at < base + WAYS; at++) {
            if (has((long) ENTRY.getVolatile(entries, at), tag)) {
                return at;
            }
        }
        return -1;
    }

    private @Nullable Learnt refresh(int at, long tag, int port) {
        long entry = (long) ENTRY.getVolatile(entries, at);
        if (!has(entry, tag)) {
            return null;
        }
        long fresh = tag | (long) port << PORT_SHIFT | time;
        int before = port(entry);
        if (before == port) {
            return ENTRY.compareAndSet(entries, at, entry, fresh) ? Learnt.KNOWN : null;
        }
        if (!reserve(port)) {
            return Learnt.OVER_QUOTA;
        }
        if (!ENTRY.compareAndSet(entries, at, entry, fresh)) {
            unreserve(port);
            return null;
        }
        unreserve(before);
        return Learnt.MOVED;
    }

    private @Nullable Learnt insert(int base, long tag, int port) {
        int at = place(base, port);
        if (at < 0) {
            return Learnt.NO_ROOM;
        }
        long victim = (long) ENTRY.getVolatile(entries, at);
        if (victim != 0 && !mayReplace(victim, port, count(port) < GUARANTEED)) {
            return null;
        }
        if (!reserve(port)) {
            return Learnt.OVER_QUOTA;
        }
        long fresh = tag | (long) port << PORT_SHIFT | time;
        if (!ENTRY.compareAndSet(entries, at, victim, fresh)) {
            unreserve(port);
            return null;
        }
        if (victim != 0) {
            unreserve(port(victim));
        }
        removeTwins(base, at, tag);
        return Learnt.NEW;
    }

    /** Where in a bucket a port may put an entry: an empty place, a rich port's, its own oldest. */
    private int place(int base, int port) {
        boolean poor = count(port) < GUARANTEED;
        int best = -1;
        int bestRank = -1;
        for (int at = base; at < base + WAYS; at++) {
            long entry = (long) ENTRY.getVolatile(entries, at);
            if (entry == 0) {
                return at;
            }
            if (mayReplace(entry, port, poor)) {
                int rank = age(entry, time) + (port(entry) == port ? 0 : TIMES);
                if (rank > bestRank) {
                    best = at;
                    bestRank = rank;
                }
            }
        }
        return best;
    }

    private boolean mayReplace(long entry, int port, boolean poor) {
        int owner = port(entry);
        return owner == port || (poor && count(owner) > GUARANTEED);
    }

    /** Two threads put the same key into two places: both look, and the lower place stays. */
    private void removeTwins(int base, int mine, long tag) {
        int lowest = -1;
        for (int at = base; at < base + WAYS; at++) {
            long entry = (long) ENTRY.getVolatile(entries, at);
            if (has(entry, tag)) {
                if (lowest < 0) {
                    lowest = at;
                } else if (at >= mine) {
                    remove(at, entry);
                }
            }
        }
    }

    private void remove(int at, long entry) {
        if (ENTRY.compareAndSet(entries, at, entry, 0L)) {
            unreserve(port(entry));
        }
    }

    private boolean reserve(int port) {
        if ((int) COUNT.getAndAdd(counts, port, 1) < quotas.applyAsInt(port)) {
            return true;
        }
        unreserve(port);
        return false;
    }

    private void unreserve(int port) {
        COUNT.getAndAdd(counts, port, -1);
    }

    /** How many entries a port has. */
    public int count(int port) {
        return (int) COUNT.getVolatile(counts, port);
    }

    /** Forgets an address; false when it was not known. */
    public boolean forget(long mac, int vlan) {
        long mixed = scramble.mix(key(mac, vlan));
        int at = find(base(mixed), tag(mixed));
        if (at < 0) {
            return false;
        }
        long entry = (long) ENTRY.getVolatile(entries, at);
        if (has(entry, tag(mixed))) {
            remove(at, entry);
        }
        return true;
    }

    /** Forgets the addresses of a port, which learns nothing at the same time. */
    void forgetPort(int port) {
        for (int at = 0; at < CAPACITY; at++) {
            long entry = (long) ENTRY.getVolatile(entries, at);
            if (entry != 0 && port(entry) == port) {
                remove(at, entry);
            }
        }
    }

    /** Forgets an address in every VLAN where it is on another port than this. */
    void forgetElsewhere(long mac, int port) {
        for (int at = 0; at < CAPACITY; at++) {
            long entry = (long) ENTRY.getVolatile(entries, at);
            if (entry != 0 && port(entry) != port && keyOf(at, entry) >>> 12 == mac) {
                remove(at, entry);
            }
        }
    }

    private long keyOf(int at, long entry) {
        return scramble.unmix(entry >>> TAG_SHIFT << BUCKET_BITS | at / WAYS);
    }

    /** Lets time pass: cheap when called often. */
    public void tick(long nowNs) {
        if (nowNs - nextTickNs >= 0) {
            advance(nowNs);
        }
    }

    private void advance(long nowNs) {
        long tick = (nowNs - epochNs) / tickNs;
        long swept = sweptTick.get();
        if (tick <= swept || !sweptTick.compareAndSet(swept, tick)) {
            return;
        }
        int now = (int) (tick % TIMES) + 1;
        time = now;
        nextTickNs = epochNs + (tick + 1) * tickNs;
        // Times repeat: after a long silence they say nothing, and everything is old.
        boolean all = tick - swept > TIMES - LIFE_TICKS - 1;
        for (int at = 0; at < CAPACITY; at++) {
            long entry = (long) ENTRY.getVolatile(entries, at);
            if (entry != 0 && (all || age(entry, now) > LIFE_TICKS)) {
                remove(at, entry);
            }
        }
    }

    private static int age(long entry, int now) {
        return Math.floorMod(now - (int) (entry & TIME_MASK), TIMES);
    }

    /** Sees entries. */
    interface Visitor {
        void entry(long mac, int vlan, int port, long ageNs);
    }

    /** Shows what is there now. */
    void visit(Visitor visitor) {
        for (int at = 0; at < CAPACITY; at++) {
            long entry = (long) ENTRY.getVolatile(entries, at);
            if (entry != 0) {
                long key = keyOf(at, entry);
                visitor.entry(
                        key >>> 12, (int) key & 0xfff, port(entry), age(entry, time) * tickNs);
            }
        }
    }
}
