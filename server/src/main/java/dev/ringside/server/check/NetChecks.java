package dev.ringside.server.check;

import static dev.ringside.server.check.UnmetException.unless;

import dev.ringside.frontend.ControlQueue;
import dev.ringside.frontend.DriverQueue;
import dev.ringside.frontend.NetSpec;
import java.io.IOException;

/** What a NIC does with frames and commands. */
final class NetChecks {
    // QEMU answers commands itself, so a back-end that leaves them to it works there.
    private static final String CONTROL = "virtio 5.1.6.5";
    private static final int UNKNOWN_CLASS = 0x7f;
    private static final long TRAFFIC_NS = 300_000_000;

    private NetChecks() {}

    static Group group() {
        return Group.of("net")
                .must(
                        "transmits",
                        "virtio 5.1.6.2",
                        "frames that are sent come back with length 0",
                        NetChecks::transmits)
                .must(
                        "framing",
                        "virtio 2.7.4",
                        "header and frame may be descriptors of their own",
                        NetChecks::framing)
                .must(
                        "receive-untouched",
                        "virtio 5.1.6.4",
                        "receive buffers come back with frames only",
                        NetChecks::receiveUntouched)
                .should(
                        "unknown-command",
                        CONTROL,
                        "with CTRL_VQ a command of an unknown class is answered with ERR",
                        control(
                                (control, rig) ->
                                        expect(
                                                control.command(UNKNOWN_CLASS, 0),
                                                NetSpec.CTRL_ERR)))
                .should(
                        "promiscuous",
                        CONTROL,
                        "with CTRL_RX promiscuous mode is switched on and off",
                        control(NetChecks::promiscuous))
                .should(
                        "mac-set",
                        CONTROL,
                        "with CTRL_MAC_ADDR the address is set",
                        control(NetChecks::macSet));
    }

    private interface Commands {
        void run(ControlQueue control, NetRig rig)
                throws IOException, UnmetException, InapplicableException;
    }

    private static Probe control(Commands commands) {
        return target -> {
            target.needs(DeviceKind.NET);
            target.needs(NetSpec.F_CTRL_VQ, "CTRL_VQ");
            try (NetRig rig = NetRig.startWithControl(target)) {
                commands.run(new ControlQueue(rig.nic()), rig);
            }
        };
    }

    private static void expect(int answer, int wanted) throws UnmetException {
        unless(answer == wanted, "the answer is %d, not %d", answer, wanted);
    }

    private static void needs(NetRig rig, int feature, String name) throws InapplicableException {
        if (!rig.nic().has(feature)) {
            throw new InapplicableException(name + " is not offered");
        }
    }

    private static void transmits(Target target)
            throws IOException, UnmetException, InapplicableException {
        target.needs(DeviceKind.NET);
        try (Rig rig = target.start(Setup.PLAIN)) {
            DriverQueue queue = rig.queue();
            for (int i = 0; i < rig.slots(); i++) {
                rig.serve(1);
                int length = queue.usedLength();
                unless(length == 0, "frame %d came back with length %d", i, length);
            }
        }
    }

    private static void framing(Target target)
            throws IOException, UnmetException, InapplicableException {
        target.needs(DeviceKind.NET);
        try (Rig rig = target.start(Setup.PLAIN)) {
            NetRig nic = (NetRig) rig;
            nic.offerInPieces(0);
            rig.queue().publishAndKick();
            rig.collect(1);
        }
    }

    private static void receiveUntouched(Target target)
            throws IOException, UnmetException, InapplicableException {
        target.needs(DeviceKind.NET);
        try (Rig rig = target.start(Setup.PLAIN)) {
            NetRig nic = (NetRig) rig;
            DriverQueue receive = nic.nic().receiveq(0);
            nic.postReceiveBuffers();
            rig.serve(1);
            if (!receive.awaitUsed(TRAFFIC_NS)) {
                return;
            }
            receive.pollUsed();
            int least = nic.nic().headerBytes() + NetSpec.ETHERNET_HEADER_BYTES;
            unless(
                    receive.usedLength() >= least,
                    "a buffer came back with %d bytes",
                    receive.usedLength());
        }
    }

    private static void promiscuous(ControlQueue control, NetRig rig)
            throws IOException, UnmetException, InapplicableException {
        needs(rig, NetSpec.F_CTRL_RX, "CTRL_RX");
        for (boolean on : new boolean[] {true, false}) {
            expect(control.rxMode(NetSpec.CTRL_RX_PROMISC, on), NetSpec.CTRL_OK);
        }
    }

    private static void macSet(ControlQueue control, NetRig rig)
            throws IOException, UnmetException, InapplicableException {
        needs(rig, NetSpec.F_CTRL_MAC_ADDR, "CTRL_MAC_ADDR");
        byte[] mac = {2, 0, 0, 0, 0x52, 9};
        expect(control.setMac(mac), NetSpec.CTRL_OK);
    }
}
