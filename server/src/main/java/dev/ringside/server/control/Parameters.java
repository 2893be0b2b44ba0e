package dev.ringside.server.control;

import com.fasterxml.jackson.core.JsonProcessingException;

/** The parameters of a call. */
public final class Parameters {
    private final Message message;

    Parameters(Message message) {
        this.message = message;
    }

    /**
     * The parameters as a record.
     *
     * @throws RpcException when they are something else
     */
    public <T> T as(Class<T> type) throws RpcException {
        try {
            return message.member("params", type);
        } catch (JsonProcessingException e) {
            throw new RpcException(RpcException.INVALID_PARAMS, e.getOriginalMessage());
        }
    }
}
