package dev.ringside.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The constants against {@code linux/virtio_net.h}, by the C compiler. */
class NetSpecTest {
    /** Newer than Debian's header; their bits are section 5.1.3's. */
    private static final Set<String> NEWER =
            Set.of("VIRTIO_NET_F_GUEST_USO4", "VIRTIO_NET_F_GUEST_USO6", "VIRTIO_NET_F_HOST_USO");

    /** What the header calls it, and what we have. Features are bit numbers there. */
    private static Map<String, Long> expected() throws IllegalAccessException {
        Map<String, Long> all = new LinkedHashMap<>();
        for (Field field : NetSpec.class.getDeclaredFields()) {
            String name = field.getName();
            if (name.startsWith("VIRTIO_NET_F_")) {
                if (!NEWER.contains(name)) {
                    all.put("1UL << " + name, field.getLong(null));
                }
            } else if (name.startsWith("VIRTIO_NET_")) {
                all.put(name, (long) field.getInt(null));
            } else if (name.startsWith("CONFIG_") && !name.equals("CONFIG_BYTES")) {
                all.put(offset("virtio_net_config", name, "CONFIG_"), (long) field.getInt(null));
            }
        }
        all.put("sizeof(struct virtio_net_config)", (long) NetSpec.CONFIG_BYTES);
        all.put("sizeof(struct virtio_net_hdr)", (long) NetSpec.LEGACY_HEADER_BYTES);
        all.put("sizeof(struct virtio_net_hdr_v1)", (long) NetSpec.HEADER_BYTES);
        all.put("sizeof(struct virtio_net_hdr_v1_hash)", (long) NetSpec.HASH_HEADER_BYTES);
        put(all, "virtio_net_hdr_v1", "flags", NetSpec.HEADER_FLAGS);
        put(all, "virtio_net_hdr_v1", "gso_type", NetSpec.HEADER_GSO_TYPE);
        put(all, "virtio_net_hdr_v1", "hdr_len", NetSpec.HEADER_HDR_LEN);
        put(all, "virtio_net_hdr_v1", "gso_size", NetSpec.HEADER_GSO_SIZE);
        put(all, "virtio_net_hdr_v1", "csum_start", NetSpec.HEADER_CSUM_START);
        put(all, "virtio_net_hdr_v1", "csum_offset", NetSpec.HEADER_CSUM_OFFSET);
        put(all, "virtio_net_hdr_v1", "num_buffers", NetSpec.HEADER_NUM_BUFFERS);
        put(all, "virtio_net_hdr_v1_hash", "hash_value", NetSpec.HEADER_HASH_VALUE);
        put(all, "virtio_net_hdr_v1_hash", "hash_report", NetSpec.HEADER_HASH_REPORT);
        put(all, "virtio_net_hdr_v1_hash", "padding", NetSpec.HEADER_PADDING);
        return all;
    }

    private static String offset(String struct, String constant, String prefix) {
        String field = constant.substring(prefix.length()).toLowerCase(Locale.ROOT);
        return "offsetof(struct " + struct + ", " + field + ")";
    }

    private static void put(Map<String, Long> all, String struct, String field, int offset) {
        all.put("offsetof(struct " + struct + ", " + field + ")", (long) offset);
    }

    @Test
    void shouldAgreeWithTheKernelsHeader(@TempDir Path directory) throws Exception {
        Map<String, Long> expected = expected();
        assertTrue(expected.size() > 60, () -> "only " + expected.size() + " constants");
        StringBuilder program =
                new StringBuilder("#include <stddef.h>\n#include <stdio.h>\n")
                        .append("#include <linux/virtio_net.h>\nint main(void) {\n");
        for (String expression : expected.keySet()) {
            program.append("printf(\"%ld\\n\", (long) (").append(expression).append("));\n");
        }
        program.append("return 0;\n}\n");
        Path source = directory.resolve("layout.c");
        Path binary = directory.resolve("layout");
        Files.writeString(source, program);
        run("cc", "-o", binary.toString(), source.toString());

        String[] told = run(binary.toString()).split("\n", -1);

        int i = 0;
        for (Map.Entry<String, Long> entry : expected.entrySet()) {
            assertEquals(entry.getValue(), Long.parseLong(told[i++]), entry.getKey());
        }
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output.strip();
    }
}
