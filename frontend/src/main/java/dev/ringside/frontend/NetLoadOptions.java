package dev.ringside.frontend;

/** What a {@link NetLoad} does. Immutable: each setting gives a copy. */
public final class NetLoadOptions {
    /** Who sends what to whom. */
    public enum Mode {
        /** The driver sends; the device swallows. */
        SINK,
        /** The device sends; the driver swallows. */
        SOURCE,
        /** The driver sends, and the device sends the same frames back. */
        LOOP
    }

    private static final long DEFAULT_STALL_NS = 20_000_000_000L;
    private static final long DEFAULT_SETTLE_NS = 1_000_000_000L;
    private static final int DEFAULT_BURST = 32;

    private final Mode mode;
    private FrameSizes sizes;
    private int flows;
    private int depth;
    private int receiveBuffers;
    private int receiveBytes = 2048;
    private NetLayout transmit = NetLayout.together();
    private NetLayout receive = NetLayout.together();
    private boolean polled = true;
    private boolean verify;
    private boolean latency;
    private long durationNs;
    private long frames;
    private long seed = 1;
    private long stallNs = DEFAULT_STALL_NS;
    private long settleNs = DEFAULT_SETTLE_NS;
    private long backendPid;

    private NetLoadOptions(final Mode mode, final int bytes, final int depth) {
        this.mode = mode;
        this.sizes = FrameSizes.between(bytes, bytes);
        this.depth = depth;
        this.receiveBuffers = depth;
    }

    private NetLoadOptions(final NetLoadOptions from) {
        mode = from.mode;
        sizes = from.sizes;
        flows = from.flows;
        depth = from.depth;
        receiveBuffers = from.receiveBuffers;
        receiveBytes = from.receiveBytes;
        transmit = from.transmit;
        receive = from.receive;
        polled = from.polled;
        verify = from.verify;
        latency = from.latency;
        durationNs = from.durationNs;
        frames = from.frames;
        seed = from.seed;
        stallNs = from.stallNs;
        settleNs = from.settleNs;
        backendPid = from.backendPid;
    }

    /** The driver sends frames of {@code bytes} with up to {@code depth} at the device, polled. */
    public static NetLoadOptions sink(final int bytes, final int depth) {
        return new NetLoadOptions(Mode.SINK, bytes, depth);
    }

    /** The driver keeps {@code depth} receive buffers posted, polled. */
    public static NetLoadOptions source(final int depth) {
        return new NetLoadOptions(Mode.SOURCE, NetSpec.ETHERNET_HEADER_BYTES, depth);
    }

    /**
     * The driver sends frames of {@code bytes} and gets them back, with at most {@code depth} under
     * way, so that an honest device always has room for them: twice as many receive buffers are
     * posted. Polled.
     */
    public static NetLoadOptions loop(final int bytes, final int depth) {
        return new NetLoadOptions(Mode.LOOP, bytes, depth).receiveBuffers(2 * depth);
    }

    /** {@link #loop} with every byte of every frame compared, sleeping when nothing comes. */
    public static NetLoadOptions verified(final int bytes, final int depth) {
        return loop(bytes, depth).verify(true).polled(false);
    }

    /** One frame at a time there and back, each timed. */
    public static NetLoadOptions roundTrip(final int bytes) {
        return loop(bytes, 1).receiveBuffers(64).latency(true);
    }

    /** With frames of random length between these bounds, Ethernet header included. */
    public NetLoadOptions sizes(final int least, final int most) {
        return sizes(FrameSizes.between(least, most));
    }

    /** With frames of these lengths. */
    public NetLoadOptions sizes(final FrameSizes value) {
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.sizes = value;
        return copy;
    }

    /** With frames of so many flows of UDP over IPv4, up to 65536; 0: Ethernet frames alone. */
    public NetLoadOptions flows(final int count) {
        if (count < 0 || count > FrameHeader.MOST_FLOWS) {
            throw new IllegalArgumentException(count + " flows: must be 0 to 65536");
        }
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.flows = count;
        return copy;
    }

    /** With so many receive buffers posted. */
    public NetLoadOptions receiveBuffers(final int count) {
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.receiveBuffers = count;
        return copy;
    }

    /** With receive buffers of so many bytes, header included. */
    public NetLoadOptions receiveBytes(final int bytes) {
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.receiveBytes = bytes;
        return copy;
    }

    /** With other cuts of the buffers; gaps are for {@link NetIo} only. */
    public NetLoadOptions layouts(final NetLayout toTransmit, final NetLayout toReceive) {
        if (toTransmit.gapBytes() != 0 || toReceive.gapBytes() != 0) {
            throw new IllegalArgumentException("the buffers of a load have no gaps");
        }
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.transmit = toTransmit;
        copy.receive = toReceive;
        return copy;
    }

    /** Spins for used buffers and asks for no calls; otherwise sleeps until called. */
    public NetLoadOptions polled(final boolean value) {
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.polled = value;
        return copy;
    }

    /** Frames carry a pattern that is compared; only sequence numbers are looked at otherwise. */
    public NetLoadOptions verify(final boolean value) {
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.verify = value;
        return copy;
    }

    /** Times every frame of a loop. */
    public NetLoadOptions latency(final boolean value) {
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.latency = value;
        return copy;
    }

    /** Ends after so long; 0: no limit. */
    public NetLoadOptions durationNs(final long value) {
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.durationNs = value;
        return copy;
    }

    /** Ends after so many frames sent, or received from a source; 0: no limit. */
    public NetLoadOptions frames(final long value) {
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.frames = value;
        return copy;
    }

    /** With another seed of the sizes and the pattern. */
    public NetLoadOptions seed(final long value) {
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.seed = value;
        return copy;
    }

    /** Fails when nothing comes back for so long. */
    public NetLoadOptions stallNs(final long value) {
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.stallNs = value;
        return copy;
    }

    /** At the end, counts as lost what has not come when nothing came for so long. */
    public NetLoadOptions settleNs(final long value) {
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.settleNs = value;
        return copy;
    }

    /** Measures the processor time of this process too. */
    public NetLoadOptions backendPid(final long pid) {
        final NetLoadOptions copy = new NetLoadOptions(this);
        copy.backendPid = pid;
        return copy;
    }

    /** Who sends what to whom. */
    public Mode mode() {
        return mode;
    }

    FrameSizes sizes() {
        return sizes;
    }

    /** How many flows; 0: Ethernet frames alone. */
    public int flows() {
        return flows;
    }

    int depth() {
        return depth;
    }

    int receiveBuffers() {
        return receiveBuffers;
    }

    int receiveBytes() {
        return receiveBytes;
    }

    NetLayout transmit() {
        return transmit;
    }

    NetLayout receive() {
        return receive;
    }

    boolean polled() {
        return polled;
    }

    boolean verify() {
        return verify;
    }

    boolean latency() {
        return latency;
    }

    long durationNs() {
        return durationNs;
    }

    long frames() {
        return frames;
    }

    long seed() {
        return seed;
    }

    long stallNs() {
        return stallNs;
    }

    long settleNs() {
        return settleNs;
    }

    long backendPid() {
        return backendPid;
    }

    int burst() {
        return Math.min(DEFAULT_BURST, depth);
    }
}
