package dev.ringside.virtio.net.l2;

import dev.ringside.virtio.net.port.FrameSink;
import dev.ringside.virtio.net.port.FrameSource;
import dev.ringside.virtio.net.port.PacketPort;
import dev.ringside.virtqueue.device.ShardContext;

/** A switch port as a NIC sees it. */
final class NicPort implements PacketPort {
    private static final int MTU = 65535;

    private final VirtualSwitch home;
    private final SwitchPort port;
    private final SwitchGate gate;

    NicPort(VirtualSwitch home, SwitchPort port) {
        this.home = home;
        this.port = port;
        gate = new SwitchGate(home, port);
    }

    @Override
    public String describe() {
        SwitchPortConfig config = port.config();
        return "switch "
                + home.name()
                + ", port "
                + port.name()
                + ", "
                + config.vlans()
                + (config.isolated() ? ", isolated" : "")
                + (config.antiSpoof() ? ", anti-spoof" : "");
    }

    @Override
    public int maxQueuePairs() {
        return SwitchGate.MAX_PAIRS;
    }

    @Override
    public int mtu() {
        return MTU;
    }

    @Override
    public void assignMac(long mac) {
        if (port.config().mac() == 0) {
            home.assignMac(port, mac);
        }
    }

    @Override
    public FrameSink openTransmit(ShardContext shard, int pair) {
        return gate.openIngress(shard, pair);
    }

    @Override
    public FrameSource openReceive(ShardContext shard, int pair, FrameSink into) {
        return gate.openLane(shard, pair, into);
    }

    @Override
    public void close() {
        home.remove(port);
    }
}
