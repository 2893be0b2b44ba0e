package dev.ringside.vhostuser;

/** The device status and the two ways to reset. */
final class DeviceResets {
    private final Vrings vrings;
    private final Negotiation negotiation;
    private final SessionHost host;
    private final InflightTable inflight;
    private int status;

    DeviceResets(Vrings vrings, Negotiation negotiation, InflightTable inflight, SessionHost host) {
        this.vrings = vrings;
        this.negotiation = negotiation;
        this.inflight = inflight;
        this.host = host;
    }

    int status() {
        return status;
    }

    void restore(int savedStatus) {
        status = savedStatus;
    }

    /** RESET_DEVICE: stops all rings, forgets them, resets the device. */
    void resetDevice(Answer answer) {
        vrings.stopAll(
                () -> {
                    vrings.resetAll();
                    inflight.reset();
                    negotiation.reset();
                    status = VhostUserSpec.STATUS_RESET;
                    host.deviceReset();
                    answer.done();
                });
    }

    void getStatus(Answer answer) {
        int broken = vrings.anyFaulted() ? VhostUserSpec.STATUS_DEVICE_NEEDS_RESET : 0;
        answer.reply(Replies.u64(status | broken));
    }

    /**
     * SET_STATUS. Zero stops all rings and forgets them. It does not reset the device: QEMU sends
     * it whenever a virtual machine is paused, and what the driver set in the configuration space
     * before, such as the write cache mode, must last then. A device that was not in use has
     * nothing to forget, whatever was set up before.
     */
    void setStatus(FrontendMessage message, Answer answer) throws ProtocolException {
        long wanted = message.u64();
        if ((wanted & ~VhostUserSpec.STATUS_MASK) != 0) {
            throw new ProtocolException(
                    message.name()
                            + ": payload is 0x"
                            + Long.toHexString(wanted)
                            + ": the device status has 8 bits");
        }
        boolean inUse = status != VhostUserSpec.STATUS_RESET || vrings.anyStarted();
        status = (int) wanted & ~VhostUserSpec.STATUS_DEVICE_NEEDS_RESET;
        if (wanted == VhostUserSpec.STATUS_RESET && inUse) {
            vrings.stopAll(
                    () -> {
                        vrings.resetAllByStatus();
                        answer.done();
                    });
        } else {
            answer.done();
        }
    }
}
