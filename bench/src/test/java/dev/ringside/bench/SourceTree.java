package dev.ringside.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Finds the files of this repository, from whichever module a test runs in. */
final class SourceTree {
    private static final Set<String> NOT_OURS = Set.of(".git", "target", ".ringside", ".idea");

    private SourceTree() {}

    /** The folder that holds the root pom. */
    static Path root() {
        Path here = Path.of("").toAbsolutePath();
        while (!Files.exists(here.resolve("mvnw"))) {
            Path parent = here.getParent();
            if (parent == null) {
                throw new IllegalStateException(
                        "no mvnw in " + Path.of("").toAbsolutePath() + " or above it");
            }
            here = parent;
        }
        return here;
    }

    /** Every file that is not made by a build. */
    static List<Path> files() throws IOException {
        try (Stream<Path> found = Files.walk(root())) {
            return found.filter(SourceTree::isOurs).filter(Files::isRegularFile).sorted().toList();
        }
    }

    /** Every Java file. */
    static List<Path> javaFiles() throws IOException {
        return files().stream().filter(file -> file.toString().endsWith(".java")).toList();
    }

    /** The text's lines, without their ends. */
    static List<String> lines(Path file) throws IOException {
        return Files.readString(file).lines().toList();
    }

    private static boolean isOurs(Path file) {
        for (Path part : root().relativize(file)) {
            if (NOT_OURS.contains(part.toString())) {
                return false;
            }
        }
        return true;
    }
}
