package dev.ringside.server.control;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.stream.Collectors;

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

    /**
     * The parameters as a record whose components may be left out, unless they are annotated as
     * required; what is left out is null, zero or false.
     *
     * @throws RpcException when they are something else; the message is for people
     */
    <T> T read(Class<T> type) throws RpcException {
        for (RecordComponent parameter : type.getRecordComponents()) {
            JsonProperty property = parameter.getAccessor().getAnnotation(JsonProperty.class);
            if (property != null && property.required() && message.lacks(parameter.getName())) {
                throw new RpcException(
                        RpcException.INVALID_PARAMS,
                        "the parameter '" + parameter.getName() + "' is missing" + known(type));
            }
        }
        try {
            return message.parameters(type);
        } catch (UnrecognizedPropertyException e) {
            throw new RpcException(
                    RpcException.INVALID_PARAMS,
                    "there is no parameter '" + e.getPropertyName() + "'" + known(type));
        } catch (JsonProcessingException e) {
            throw new RpcException(
                    RpcException.INVALID_PARAMS, e.getOriginalMessage() + known(type));
        }
    }

    private static String known(Class<?> type) {
        return Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getName)
                .collect(
                        Collectors.collectingAndThen(
                                Collectors.joining(", "),
                                names ->
                                        names.isEmpty()
                                                ? ": there are none"
                                                : ": they are " + names));
    }
}
