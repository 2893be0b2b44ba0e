package dev.ringside.vhostuser;

import dev.ringside.virtqueue.device.NetControl;
import dev.ringside.virtqueue.device.VirtioDevice;

/** The requests that only network devices have. */
final class NetRequests {
    private static final int MAC_BYTES = 6;
    private static final int MIN_MTU = 68;
    private static final int MAX_MTU = 65535;

    private NetRequests() {}

    static void answer(
            VirtioDevice device, FrontendRequest request, FrontendMessage message, Answer answer)
            throws ProtocolException {
        if (!(device instanceof NetControl control)) {
            UnofferedRequests.answer(message, answer);
            return;
        }
        if (message.payload().remaining() != VhostUserSpec.U64_SIZE) {
            throw new ProtocolException(
                    message.name()
                            + ": "
                            + message.payload().remaining()
                            + " bytes of payload: must be "
                            + VhostUserSpec.U64_SIZE);
        }
        if (request == FrontendRequest.NET_SET_MTU) {
            setMtu(control, message, answer);
        } else {
            sendRarp(control, message, answer);
        }
    }

    private static void setMtu(NetControl control, FrontendMessage message, Answer answer) {
        long mtu = message.u64();
        if (mtu >= MIN_MTU && mtu <= MAX_MTU && control.setMtu((int) mtu)) {
            answer.done();
        } else {
            answer.refuse(
                    message.name()
                            + ": an MTU of "
                            + Long.toUnsignedString(mtu)
                            + " is not possible here");
        }
    }

    /** The address lies in the payload's first bytes, as on the wire. */
    private static void sendRarp(NetControl control, FrontendMessage message, Answer answer) {
        long mac = 0;
        for (int i = 0; i < MAC_BYTES; i++) {
            mac = mac << Byte.SIZE | Byte.toUnsignedLong(message.payload().get(i));
        }
        if (control.announce(mac)) {
            answer.done();
        } else {
            answer.refuse(message.name() + ": %012x is no station's MAC address".formatted(mac));
        }
    }
}
