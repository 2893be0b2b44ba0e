package dev.ringside.vhostuser;

import org.jspecify.annotations.Nullable;

/**
 * The messages that a front-end sends (vhost-user.rst, Front-end message types), each with the
 * payload it must carry.
 */
enum FrontendRequest {
    GET_FEATURES(1, 0),
    SET_FEATURES(2, VhostUserSpec.U64_SIZE),
    SET_OWNER(3, 0),
    RESET_OWNER(4, 0),
    SET_MEM_TABLE(5, VhostUserSpec.MEM_TABLE_HEADER_SIZE, true),
    SET_LOG_BASE(6),
    SET_LOG_FD(7),
    SET_VRING_NUM(8, VhostUserSpec.VRING_STATE_SIZE),
    SET_VRING_ADDR(9, VhostUserSpec.VRING_ADDR_SIZE),
    SET_VRING_BASE(10, VhostUserSpec.VRING_STATE_SIZE),
    GET_VRING_BASE(11, VhostUserSpec.VRING_STATE_SIZE),
    SET_VRING_KICK(12, VhostUserSpec.U64_SIZE),
    SET_VRING_CALL(13, VhostUserSpec.U64_SIZE),
    SET_VRING_ERR(14, VhostUserSpec.U64_SIZE),
    GET_PROTOCOL_FEATURES(15, 0),
    SET_PROTOCOL_FEATURES(16, VhostUserSpec.U64_SIZE),
    GET_QUEUE_NUM(17, 0),
    SET_VRING_ENABLE(18, VhostUserSpec.VRING_STATE_SIZE),
    SEND_RARP(19),
    NET_SET_MTU(20),
    SET_BACKEND_REQ_FD(21, 0),
    IOTLB_MSG(22, VhostUserSpec.IOTLB_MSG_SIZE),
    SET_VRING_ENDIAN(23),
    // A GET_CONFIG of the wrong size has an answer of its own: any size gets there.
    GET_CONFIG(24, 0, true),
    SET_CONFIG(25, VhostUserSpec.CONFIG_HEADER_SIZE, true),
    CREATE_CRYPTO_SESSION(26),
    CLOSE_CRYPTO_SESSION(27),
    POSTCOPY_ADVISE(28),
    POSTCOPY_LISTEN(29),
    POSTCOPY_END(30),
    GET_INFLIGHT_FD(31),
    SET_INFLIGHT_FD(32, VhostUserSpec.INFLIGHT_MIN_SIZE, true),
    GPU_SET_SOCKET(33),
    RESET_DEVICE(34, 0),
    VRING_KICK(35),
    GET_MAX_MEM_SLOTS(36, 0),
    // In postcopy mode a payload of 8 bytes follows the last one.
    ADD_MEM_REG(37, VhostUserSpec.U64_SIZE, true),
    REM_MEM_REG(38, VhostUserSpec.SINGLE_MEM_REGION_SIZE),
    SET_STATUS(39, VhostUserSpec.U64_SIZE),
    GET_STATUS(40, 0),
    GET_SHARED_OBJECT(41),
    SET_DEVICE_STATE_FD(42),
    CHECK_DEVICE_STATE(43),
    GET_SHMEM_CONFIG(44);

    private static final FrontendRequest[] ALL = values();

    private final int id;
    private final int payloadBytes;
    private final boolean more;

    /** A request whose feature is not offered: its payload is not looked at. */
    FrontendRequest(int id) {
        this(id, 0, true);
    }

    FrontendRequest(int id, int payloadBytes) {
        this(id, payloadBytes, false);
    }

    FrontendRequest(int id, int payloadBytes, boolean more) {
        this.id = id;
        this.payloadBytes = payloadBytes;
        this.more = more;
    }

    /** The number in the header's request field. */
    int id() {
        return id;
    }

    /** The request with this number, or null when the specification has none. */
    static @Nullable FrontendRequest of(int id) {
        return id >= 1 && id <= ALL.length ? ALL[id - 1] : null;
    }

    /**
     * Whether success is told by a payload that cannot also say failure: to report that, only the
     * end of the session is left.
     */
    boolean onlyRepliesSuccess() {
        return switch (this) {
            case GET_FEATURES,
                    GET_PROTOCOL_FEATURES,
                    GET_QUEUE_NUM,
                    GET_VRING_BASE,
                    GET_MAX_MEM_SLOTS,
                    GET_STATUS ->
                    true;
            default -> false;
        };
    }

    /** Refuses a payload size that the request cannot have. */
    void checkPayloadSize(int bytes) throws ProtocolException {
        if (bytes < payloadBytes || (bytes > payloadBytes && !more)) {
            throw new ProtocolException(
                    this
                            + ": payload is "
                            + bytes
                            + " bytes: must be "
                            + (more ? "at least " : "")
                            + payloadBytes);
        }
    }
}
