package dev.ringside.vhostuser;

import java.util.function.BooleanSupplier;

/** The channel for requests of the back-end (vhost-user.rst, Back-end communication). */
final class BackendChannel implements AutoCloseable {
    private final SessionHost host;
    private final Negotiation negotiation;
    private final BooleanSupplier suspended;
    private boolean present;
    private boolean changeUntold;

    /**
     * @param suspended whether every ring is stopped: no message may go out then
     */
    BackendChannel(SessionHost host, Negotiation negotiation, BooleanSupplier suspended) {
        this.host = host;
        this.negotiation = negotiation;
        this.suspended = suspended;
    }

    /** SET_BACKEND_REQ_FD: the channel, or another one in its place. */
    void set(FrontendMessage message, Answer answer) throws ProtocolException {
        host.setBackendChannel(message.takeFd());
        present = true;
        answer.done();
        tellIfPossible();
    }

    boolean present() {
        return present;
    }

    boolean changeUntold() {
        return changeUntold;
    }

    /** Goes on as it was; the host has the channel already. */
    void restore(boolean wasPresent, boolean wasUntold) {
        present = wasPresent;
        changeUntold = wasUntold;
    }

    /** The configuration space changed: told now, or when the device is not suspended any more. */
    void configChanged() {
        changeUntold = true;
        tellIfPossible();
    }

    /** Sends what had to wait. */
    void tellIfPossible() {
        if (changeUntold
                && present
                && negotiation.has(VhostUserSpec.PROTOCOL_F_BACKEND_REQ)
                && negotiation.has(VhostUserSpec.PROTOCOL_F_CONFIG)
                && !suspended.getAsBoolean()) {
            changeUntold = false;
            host.sendBackendRequest(
                    Replies.backendRequest(VhostUserSpec.BACKEND_CONFIG_CHANGE_MSG));
        }
    }

    @Override
    public void close() {
        if (present) {
            present = false;
            host.setBackendChannel(null);
        }
    }
}
