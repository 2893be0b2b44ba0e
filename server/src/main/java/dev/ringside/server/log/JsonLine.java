package dev.ringside.server.log;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** A line of the log as one JSON object. */
final class JsonLine {
    /** Whatever the locale of stderr is: everything but ASCII is escaped. */
    private static final JsonFactory FACTORY =
            JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private JsonLine() {}

    static String of(LogLine line) {
        var text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("time", line.time().toString());
            json.writeStringField("level", line.level().text());
            Subject subject = line.subject();
            json.writeStringField("topic", subject.topic());
            if (subject.device() != null) {
                json.writeStringField("device", subject.device());
            }
            if (subject.queue() != Subject.NONE) {
                json.writeNumberField("queue", subject.queue());
            }
            json.writeStringField("message", line.message());
            if (line.notShown() > 0) {
                json.writeNumberField("not_shown", line.notShown());
            }
            if (!line.stackTrace().isEmpty()) {
                json.writeStringField("stack_trace", line.stackTrace());
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }
}
