package dev.ringside.server.control;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import dev.ringside.shm.Fd;
import java.io.IOException;
import java.util.List;

/**
 * Records to JSON and back. A descriptor becomes its place in the list that goes along. Strict:
 * what is unknown, missing, or of another type is refused, so that two versions which do not mean
 * the same find out.
 */
final class Json {
    private static final Object FDS = "fds";

    private static final ObjectMapper MAPPER =
            JsonMapper.builder()
                    .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                    .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .addModule(
                            new SimpleModule()
                                    .addSerializer(Fd.class, new FdWriter())
                                    .addDeserializer(Fd.class, new FdReader()))
                    .build();

    /** For what people write: members may be left out. */
    private static final ObjectMapper LENIENT =
            MAPPER.copy()
                    .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                    .disable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES);

    private Json() {}

    /**
     * Encodes a value.
     *
     * @param fds gets the descriptors in it, in order; they stay the value's
     */
    static byte[] encode(Object value, List<Fd> fds) {
        try {
            return MAPPER.writer().withAttribute(FDS, fds).writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e.getOriginalMessage(), e);
        }
    }

    /** Reads a line. */
    static JsonNode parse(byte[] line) throws JsonProcessingException {
        try {
            return MAPPER.readTree(line);
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Decodes a value.
     *
     * @param fds what came along; those that the value names are the value's from now on
     * @throws JsonProcessingException when it is something else; the message says what
     */
    static <T> T decode(JsonNode json, Class<T> type, List<Fd> fds) throws JsonProcessingException {
        try {
            return MAPPER.readerFor(type).withAttribute(FDS, fds).readValue(json);
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Decodes a value without descriptors whose members may be left out, but for required ones.
     *
     * @throws JsonProcessingException when it is something else; the message says what
     */
    static <T> T decodeLeniently(JsonNode json, Class<T> type) throws JsonProcessingException {
        return LENIENT.treeToValue(json, type);
    }

    private static final class FdWriter extends JsonSerializer<Fd> {
        @Override
        @SuppressWarnings("unchecked")
        public void serialize(Fd fd, JsonGenerator to, SerializerProvider provider)
                throws IOException {
            List<Fd> fds = (List<Fd>) provider.getAttribute(FDS);
            to.writeNumber(fds.size());
            fds.add(fd);
        }
    }

    private static final class FdReader extends JsonDeserializer<Fd> {
        @Override
        @SuppressWarnings("unchecked")
        public Fd deserialize(JsonParser from, DeserializationContext context) throws IOException {
            List<Fd> fds = (List<Fd>) context.getAttribute(FDS);
            int place = from.getIntValue();
            if (place < 0 || place >= fds.size()) {
                throw context.weirdNumberException(
                        place, Fd.class, "only " + fds.size() + " descriptors came along");
            }
            return fds.get(place);
        }
    }
}
