package dev.ringside.virtio.blk;

import dev.ringside.metrics.MetricName;
import java.util.Map;

/** What is counted of each queue of a disk. */
enum BlkCounter implements MetricName {
    READ_REQUESTS(Family.REQUESTS, "read"),
    WRITE_REQUESTS(Family.REQUESTS, "write"),
    FLUSH_REQUESTS(Family.REQUESTS, "flush"),
    DISCARD_REQUESTS(Family.REQUESTS, "discard"),
    WRITE_ZEROES_REQUESTS(Family.REQUESTS, "write_zeroes"),
    SECURE_ERASE_REQUESTS(Family.REQUESTS, "secure_erase"),
    GET_ID_REQUESTS(Family.REQUESTS, "get_id"),
    GET_LIFETIME_REQUESTS(Family.REQUESTS, "get_lifetime"),
    OTHER_REQUESTS(Family.REQUESTS, "other"),

    READ_BYTES(Family.BYTES, "read"),
    WRITE_BYTES(Family.BYTES, "write"),
    DISCARD_BYTES(Family.BYTES, "discard"),
    WRITE_ZEROES_BYTES(Family.BYTES, "write_zeroes"),
    SECURE_ERASE_BYTES(Family.BYTES, "secure_erase"),

    IOERR(Family.ERRORS, "ioerr"),
    UNSUPP(Family.ERRORS, "unsupp"),
    /** A chain with no byte to write a status to. */
    NO_STATUS(Family.ERRORS, "none"),

    EIO(Family.BACKEND_ERRORS, "EIO"),
    ENOSPC(Family.BACKEND_ERRORS, "ENOSPC"),
    EDQUOT(Family.BACKEND_ERRORS, "EDQUOT"),
    EFAULT(Family.BACKEND_ERRORS, "EFAULT"),
    EOPNOTSUPP(Family.BACKEND_ERRORS, "EOPNOTSUPP"),
    OTHER_ERRNO(Family.BACKEND_ERRORS, "other"),

    /** See {@link ErrorPolicy}. */
    HELD(Family.HELD, "");

    private enum Family {
        REQUESTS("ringside_blk_requests_total", "operation", "Requests completed."),
        BYTES("ringside_blk_bytes_total", "operation", "Bytes of requests that succeeded."),
        ERRORS(
                "ringside_blk_errors_total",
                "status",
                "Requests that failed, by the status given; none: no room for a status."),
        BACKEND_ERRORS(
                "ringside_blk_backend_errors_total",
                "errno",
                "Times that the backend failed a request, by error."),
        HELD(
                "ringside_blk_held_total",
                "",
                "Requests that the backend failed and that waited for it to work again.");

        private final String metricName;
        private final String label;
        private final String help;

        Family(String metricName, String label, String help) {
            this.metricName = metricName;
            this.label = label;
            this.help = help;
        }
    }

    private final Family family;
    private final String value;

    BlkCounter(Family family, String value) {
        this.family = family;
        this.value = value;
    }

    @Override
    public String metricName() {
        return family.metricName;
    }

    @Override
    public String help() {
        return family.help;
    }

    @Override
    public Map<String, String> labels() {
        return value.isEmpty() ? Map.of() : Map.of(family.label, value);
    }
}
