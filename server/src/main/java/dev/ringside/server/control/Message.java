package dev.ringside.server.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
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

    void close() {
        fds.forEach(Fd::close);
    }
}
