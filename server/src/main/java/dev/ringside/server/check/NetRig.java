package dev.ringside.server.check;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.ringside.frontend.DriverChain;
import dev.ringside.frontend.FrontendMemory;
import dev.ringside.frontend.NetDriver;
import dev.ringside.frontend.NetOptions;
import dev.ringside.frontend.NetSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A NIC; its harmless request sends a frame of a kind that is for experiments. */
final class NetRig extends Rig {
    private static final int FRAME_BYTES = 60;
    private static final int RECEIVE_BYTES = 2048;
    private static final int RECEIVE_BUFFERS = 16;

    /** From one locally administered address to another; EtherType 0x88b5, local experiments. */
    private static final byte[] ETHERNET = {
        2, 0, 0, 0, 0x52, 1, 2, 0, 0, 0, 0x52, 2, (byte) 0x88, (byte) 0xb5
    };

    private final NetDriver nic;
    private final DriverChain chain = new DriverChain();

    private NetRig(NetDriver nic, Setup setup, long timeoutMs) {
        super(nic, setup, timeoutMs);
        this.nic = nic;
    }

    static NetRig start(Target target, Setup setup) throws IOException {
        return start(target, setup, options(setup));
    }

    /** The same with the control queue. */
    static NetRig startWithControl(Target target) throws IOException {
        NetOptions options = options(Setup.PLAIN);
        return start(
                target,
                Setup.PLAIN,
                options.features(options.features() | NetOptions.CONTROL_FEATURES));
    }

    private static NetRig start(Target target, Setup setup, NetOptions options) throws IOException {
        FrontendMemory memory = memory(setup);
        NetDriver nic = NetDriver.start(target.connect().connection(), memory, options);
        return new NetRig(nic, setup, target.timeoutMs());
    }

    private static NetOptions options(Setup setup) {
        NetOptions options = NetOptions.defaults();
        return options.order(setup.order())
                .queueSize(setup.queueSize())
                .features(setup.features(options.features()))
                .inflight(setup.inflight())
                .indirectEntries(setup.indirectEntries());
    }

    /** The NIC, for its other queues. */
    NetDriver nic() {
        return nic;
    }

    @Override
    int descriptorsEach() {
        return 1;
    }

    @Override
    int queueIndex() {
        return 1;
    }

    @Override
    DriverChain request(long address) {
        int header = nic.headerBytes();
        MemorySegment bytes = nic.memory().slice(address, SLOT_BYTES);
        bytes.fill((byte) 0);
        MemorySegment.copy(ETHERNET, 0, bytes, JAVA_BYTE, header, ETHERNET.length);
        return chain.clear().readable(address, header + FRAME_BYTES);
    }

    /** Offers a frame whose header, addresses and rest are buffers of their own. */
    void offerInPieces(int slot) throws UnmetException {
        long address = slot(slot);
        request(address);
        long frame = address + nic.headerBytes();
        offer(
                slot,
                chain.clear()
                        .readable(address, nic.headerBytes())
                        .readable(frame, NetSpec.ETHERNET_HEADER_BYTES)
                        .readable(
                                frame + NetSpec.ETHERNET_HEADER_BYTES,
                                FRAME_BYTES - NetSpec.ETHERNET_HEADER_BYTES),
                chain.count());
    }

    /** Lets the device receive. */
    void postReceiveBuffers() {
        for (int i = 0; i < RECEIVE_BUFFERS; i++) {
            chain.clear().writable(nic.memory().allocate(RECEIVE_BYTES, 64), RECEIVE_BYTES);
            nic.receiveq(0).add(chain);
        }
        nic.receiveq(0).publishAndKick();
    }

    /** The status of a frame that was sent is known to nobody. */
    @Override
    void answered(long address, int usedLength) {
        // A length other than 0 is a check's business: see NetChecks.
    }
}
