package dev.ringside.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.virtio.blk.backend.Host;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The constants against {@code linux/virtio_blk.h}, by the C compiler. */
class BlkSpecTest {
    /** What the header calls it, and what we have. Features are bit numbers there. */
    private static Map<String, Long> expected() {
        Map<String, Long> all = new LinkedHashMap<>();
        all.put("1L << VIRTIO_BLK_F_SIZE_MAX", BlkSpec.VIRTIO_BLK_F_SIZE_MAX);
        all.put("1L << VIRTIO_BLK_F_SEG_MAX", BlkSpec.VIRTIO_BLK_F_SEG_MAX);
        all.put("1L << VIRTIO_BLK_F_RO", BlkSpec.VIRTIO_BLK_F_RO);
        all.put("1L << VIRTIO_BLK_F_BLK_SIZE", BlkSpec.VIRTIO_BLK_F_BLK_SIZE);
        all.put("1L << VIRTIO_BLK_F_FLUSH", BlkSpec.VIRTIO_BLK_F_FLUSH);
        all.put("1L << VIRTIO_BLK_F_TOPOLOGY", BlkSpec.VIRTIO_BLK_F_TOPOLOGY);
        all.put("1L << VIRTIO_BLK_F_CONFIG_WCE", BlkSpec.VIRTIO_BLK_F_CONFIG_WCE);
        all.put("1L << VIRTIO_BLK_F_MQ", BlkSpec.VIRTIO_BLK_F_MQ);
        all.put("1L << VIRTIO_BLK_F_DISCARD", BlkSpec.VIRTIO_BLK_F_DISCARD);
        all.put("1L << VIRTIO_BLK_F_WRITE_ZEROES", BlkSpec.VIRTIO_BLK_F_WRITE_ZEROES);
        all.put("1L << VIRTIO_BLK_F_SECURE_ERASE", BlkSpec.VIRTIO_BLK_F_SECURE_ERASE);
        all.put("VIRTIO_BLK_T_IN", (long) BlkSpec.VIRTIO_BLK_T_IN);
        all.put("VIRTIO_BLK_T_OUT", (long) BlkSpec.VIRTIO_BLK_T_OUT);
        all.put("VIRTIO_BLK_T_FLUSH", (long) BlkSpec.VIRTIO_BLK_T_FLUSH);
        all.put("VIRTIO_BLK_T_GET_ID", (long) BlkSpec.VIRTIO_BLK_T_GET_ID);
        all.put("VIRTIO_BLK_T_DISCARD", (long) BlkSpec.VIRTIO_BLK_T_DISCARD);
        all.put("VIRTIO_BLK_T_WRITE_ZEROES", (long) BlkSpec.VIRTIO_BLK_T_WRITE_ZEROES);
        all.put("VIRTIO_BLK_T_SECURE_ERASE", (long) BlkSpec.VIRTIO_BLK_T_SECURE_ERASE);
        all.put("VIRTIO_BLK_S_OK", (long) BlkSpec.VIRTIO_BLK_S_OK);
        all.put("VIRTIO_BLK_S_IOERR", (long) BlkSpec.VIRTIO_BLK_S_IOERR);
        all.put("VIRTIO_BLK_S_UNSUPP", (long) BlkSpec.VIRTIO_BLK_S_UNSUPP);
        all.put("VIRTIO_BLK_ID_BYTES", (long) BlkSpec.VIRTIO_BLK_ID_BYTES);
        all.put(
                "VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP",
                (long) BlkSpec.VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP);
        addRequests(all);
        addConfig(all);
        return all;
    }

    private static void addRequests(Map<String, Long> all) {
        all.put("sizeof(struct virtio_blk_outhdr)", (long) BlkSpec.HEADER_BYTES);
        put(all, "virtio_blk_outhdr", "type", BlkSpec.HEADER_TYPE);
        put(all, "virtio_blk_outhdr", "sector", BlkSpec.HEADER_SECTOR);
        all.put("sizeof(struct virtio_blk_discard_write_zeroes)", (long) BlkSpec.RANGE_BYTES);
        put(all, "virtio_blk_discard_write_zeroes", "sector", BlkSpec.RANGE_SECTOR);
        put(all, "virtio_blk_discard_write_zeroes", "num_sectors", BlkSpec.RANGE_SECTORS);
        put(all, "virtio_blk_discard_write_zeroes", "flags", BlkSpec.RANGE_FLAGS);
    }

    private static void addConfig(Map<String, Long> all) {
        String config = "virtio_blk_config";
        put(all, config, "capacity", BlkSpec.CONFIG_CAPACITY);
        put(all, config, "size_max", BlkSpec.CONFIG_SIZE_MAX);
        put(all, config, "seg_max", BlkSpec.CONFIG_SEG_MAX);
        put(all, config, "geometry", BlkSpec.CONFIG_GEOMETRY);
        put(all, config, "blk_size", BlkSpec.CONFIG_BLK_SIZE);
        put(all, config, "physical_block_exp", BlkSpec.CONFIG_PHYSICAL_BLOCK_EXP);
        put(all, config, "alignment_offset", BlkSpec.CONFIG_ALIGNMENT_OFFSET);
        put(all, config, "min_io_size", BlkSpec.CONFIG_MIN_IO_SIZE);
        put(all, config, "opt_io_size", BlkSpec.CONFIG_OPT_IO_SIZE);
        put(all, config, "wce", BlkSpec.CONFIG_WCE);
        put(all, config, "num_queues", BlkSpec.CONFIG_NUM_QUEUES);
        put(all, config, "max_discard_sectors", BlkSpec.CONFIG_MAX_DISCARD_SECTORS);
        put(all, config, "max_discard_seg", BlkSpec.CONFIG_MAX_DISCARD_SEG);
        put(all, config, "discard_sector_alignment", BlkSpec.CONFIG_DISCARD_SECTOR_ALIGNMENT);
        put(all, config, "max_write_zeroes_sectors", BlkSpec.CONFIG_MAX_WRITE_ZEROES_SECTORS);
        put(all, config, "max_write_zeroes_seg", BlkSpec.CONFIG_MAX_WRITE_ZEROES_SEG);
        put(all, config, "write_zeroes_may_unmap", BlkSpec.CONFIG_WRITE_ZEROES_MAY_UNMAP);
        put(all, config, "max_secure_erase_sectors", BlkSpec.CONFIG_MAX_SECURE_ERASE_SECTORS);
        put(all, config, "max_secure_erase_seg", BlkSpec.CONFIG_MAX_SECURE_ERASE_SEG);
        put(
                all,
                config,
                "secure_erase_sector_alignment",
                BlkSpec.CONFIG_SECURE_ERASE_SECTOR_ALIGNMENT);
        all.put(
                "offsetof(struct virtio_blk_config, secure_erase_sector_alignment) + 4",
                (long) BlkSpec.CONFIG_BYTES);
    }

    private static void put(Map<String, Long> all, String struct, String field, int offset) {
        all.put("offsetof(struct " + struct + ", " + field + ")", (long) offset);
    }

    @Test
    void shouldAgreeWithTheKernelsHeader(@TempDir Path directory) throws Exception {
        Map<String, Long> expected = expected();
        StringBuilder program =
                new StringBuilder("#include <stddef.h>\n#include <stdio.h>\n")
                        .append("#include <linux/virtio_blk.h>\nint main(void) {\n");
        for (String expression : expected.keySet()) {
            program.append("printf(\"%ld\\n\", (long) (").append(expression).append("));\n");
        }
        program.append("return 0;\n}\n");
        Path source = directory.resolve("layout.c");
        Path binary = directory.resolve("layout");
        Files.writeString(source, program);
        Host.run("cc", "-o", binary.toString(), source.toString());

        String[] told = Host.run(binary.toString()).split("\n", -1);

        int i = 0;
        for (Map.Entry<String, Long> entry : expected.entrySet()) {
            assertEquals(entry.getValue(), Long.parseLong(told[i++]), entry.getKey());
        }
    }
}
