package dev.ringside.vhostuser;

import java.util.Arrays;

/**
 * Requests whose feature is not offered, and those that the specification does not know. The
 * session lives on. A front-end that waits for a reply of the request's own gets one that says
 * failure in that request's way; else the rule of REPLY_ACK holds.
 */
final class UnofferedRequests {
    private static final byte[] EMPTY = new byte[0];
    private static final long FAILURE = 1;
    private static final byte ALL_ONES = -1;

    private UnofferedRequests() {}

    static void answer(FrontendMessage message, Answer answer) {
        FrontendRequest request = message.request();
        if (request == null) {
            answer.refuse(message.name() + ": not in the specification");
            return;
        }
        String reason = message.name() + ": its feature was not offered";
        switch (request) {
            case POSTCOPY_END, CHECK_DEVICE_STATE -> answer.refuse(reason, Replies.u64(FAILURE));
            case SET_DEVICE_STATE_FD ->
                    answer.refuse(
                            reason,
                            Replies.u64(
                                    VhostUserSpec.DEVICE_STATE_ERROR
                                            | VhostUserSpec.DEVICE_STATE_NO_FD));
            // No descriptor comes with the reply: that is the error.
            case POSTCOPY_ADVISE, GET_SHARED_OBJECT -> answer.refuse(reason, EMPTY);
            // An mmap size of 0 says that there is no in-flight region.
            case GET_INFLIGHT_FD -> answer.refuse(reason, new byte[VhostUserSpec.INFLIGHT_SIZE]);
            // num regions is 0
            case GET_SHMEM_CONFIG ->
                    answer.refuse(reason, new byte[VhostUserSpec.SHMEM_CONFIG_SIZE]);
            case CREATE_CRYPTO_SESSION -> answer.refuse(reason, negativeSessionId(message));
            default -> answer.refuse(reason);
        }
    }

    /**
     * The session id is a signed 64-bit field, negative for failure; it has been at the beginning
     * and at the end of the description.
     */
    private static byte[] negativeSessionId(FrontendMessage message) {
        byte[] payload = new byte[message.payload().remaining()];
        Arrays.fill(payload, ALL_ONES);
        return payload;
    }
}
