package dev.ringside.server.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ringside.shm.Fd;
import java.util.List;

/**
 * A line that arrived, with the descriptors that it announced.
 *
 * @param json a JSON object
 * @param fds whoever takes them closes them; {@link #close} closes all
 */
record Message(JsonNode json, List<Fd> fds) {
    /** A member as a record of this type. */
    <T> T member(String name, Class<T> type) throws JsonProcessingException {
        JsonNode value = json.get(name);
        return Json.decode(
                value == null ? JsonNodeFactory.instance.objectNode() : value, type, fds);
    }

    /** The parameters, of which some may be left out or null, as a record of this type. */
    <T> T parameters(Class<T> type) throws JsonProcessingException {
        JsonNode value = json.path("params").deepCopy();
        if (value instanceof ObjectNode object) {
            object.properties().removeIf(one -> one.getValue().isNull());
        }
        return Json.decodeLeniently(
                value.isMissingNode() ? JsonNodeFactory.instance.objectNode() : value, type);
    }

    /** Whether the parameters are an object that has no such member. */
    boolean lacks(String parameter) {
        JsonNode value = json.path("params");
        return (value.isObject() || value.isMissingNode()) && !value.hasNonNull(parameter);
    }

    void close() {
        fds.forEach(Fd::close);
    }
}
