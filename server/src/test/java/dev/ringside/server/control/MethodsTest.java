package dev.ringside.server.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The registry of methods: who may call what, with which parameters. */
final class MethodsTest {
    private final List<String> called = new ArrayList<>();
    private Methods methods;

    /** Parameters of the test's methods. */
    record Paint(
            @JsonProperty(required = true) String name, @Nullable Integer coats, boolean dry) {}

    @BeforeEach
    void register() {
        methods = new Methods("1.2.3");
        methods.add(
                List.of(
                        Method.read("wall.look", Paint.class, "Looks.", this::note),
                        Method.change("wall.paint", Paint.class, "Paints.", this::note)));
    }

    private Map<String, String> note(Paint paint) {
        called.add(paint.toString());
        return Map.of();
    }

    private Object call(Access access, String method, String params) throws Exception {
        JsonNode request =
                new ObjectMapper()
                        .readTree("{\"params\":" + params + ",\"method\":\"" + method + "\"}");
        ControlSession others =
                (name, parameters) -> {
                    called.add("other " + name);
                    return Map.of();
                };
        return methods.session(access, others)
                .call(method, new Parameters(new Message(request, List.of())));
    }

    @Test
    void shouldGiveParametersTheirTypes() throws Exception {
        var unused = call(Access.CHANGE, "wall.paint", "{\"name\":\"a\",\"coats\":2,\"dry\":true}");
        unused = call(Access.READ, "wall.look", "{\"name\":\"b\"}");

        assertEquals(
                List.of(new Paint("a", 2, true).toString(), new Paint("b", null, false).toString()),
                called);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | the parameter 'name' is missing: they are name",
                "{\"name\":null} | the parameter 'name' is missing",
                "{\"name\":\"a\",\"colour\":1} | there is no parameter 'colour': they are name",
                "{\"name\":\"a\",\"coats\":\"many\"} | many",
                "[1] | they are name, coats, dry",
            })
    void shouldRefuseOtherParameters(String params, String told) {
        RpcException refused =
                assertThrows(RpcException.class, () -> call(Access.CHANGE, "wall.paint", params));

        assertEquals(RpcException.INVALID_PARAMS, refused.code());
        assertTrue(String.valueOf(refused.getMessage()).contains(told), refused.getMessage());
        assertEquals(List.of(), called);
    }

    @Test
    void shouldLetWhoMayLookOnlyLook() throws Exception {
        for (String method : List.of("wall.paint", "upgrade.begin")) {
            RpcException refused =
                    assertThrows(
                            RpcException.class,
                            () -> call(Access.READ, method, "{\"name\":\"a\"}"));
            assertEquals(RpcException.NOT_ALLOWED, refused.code());
            assertTrue(String.valueOf(refused.getMessage()).contains(method));
        }
        assertEquals(List.of(), called);

        var unused = call(Access.CHANGE, "upgrade.begin", "{}");

        assertEquals(List.of("other upgrade.begin"), called);
    }

    @Test
    void shouldSayWhatThereIs() throws Exception {
        assertEquals(
                new Methods.Version(Methods.PROTOCOL, "1.2.3", ProcessHandle.current().pid()),
                call(Access.READ, "control.version", "{}"));
        assertEquals(
                List.of(
                        new Methods.Description(
                                "wall.look",
                                "read",
                                Map.of("name", "String", "coats", "Integer", "dry", "boolean"),
                                "Looks.")),
                ((List<?>) call(Access.READ, "control.methods", "{}"))
                        .stream().filter(one -> one.toString().contains("wall.look")).toList());
    }

    @Test
    void shouldTakeEachNameOnce() {
        List<Method<?>> again =
                List.of(Method.read("wall.look", Paint.class, "Looks.", this::note));

        assertThrows(IllegalArgumentException.class, () -> methods.add(again));
    }
}
