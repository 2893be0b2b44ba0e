package dev.ringside.server.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A fresh Debian in a folder, with what every Debian has and nothing else; for root only. */
record CleanRoot(Path folder) {
    /** As root has it: dpkg wants programs of sbin. */
    private static final String PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

    /** Installs it from the network, with what mmdebstrap takes for the mirror. */
    static CleanRoot make(Path folder) throws IOException, InterruptedException {
        var release = Pattern.compile("VERSION_CODENAME=(\\w+)");
        var codename = release.matcher(Files.readString(Path.of("/etc/os-release")));
        if (!codename.find()) {
            throw new IOException("/etc/os-release names no VERSION_CODENAME");
        }
        String unused =
                Programs.output(
                        List.of(
                                "env",
                                PATH,
                                "mmdebstrap",
                                "--variant=essential",
                                "--mode=root",
                                "--dpkgopt=force-unsafe-io",
                                codename.group(1),
                                folder.toString()));
        return new CleanRoot(folder);
    }

    /** Runs a command in it; its output. */
    String run(String... words) throws IOException, InterruptedException {
        return Programs.output(command(words));
    }

    /** The command that runs a command in it, with processes of its own. */
    List<String> command(String... words) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "env",
                                PATH,
                                "unshare",
                                "--mount",
                                "--pid",
                                "--fork",
                                "--kill-child",
                                "--root=" + folder,
                                "--mount-proc"));
        command.addAll(List.of(words));
        return command;
    }

    /** Where a file of it is. */
    Path path(String path) {
        return folder.resolve(path);
    }

    /** All its files and folders, without what the package manager keeps for itself. */
    Set<String> files() throws IOException {
        try (var all = Files.walk(folder)) {
            return all.map(file -> folder.relativize(file).toString())
                    .filter(file -> !file.matches("(var/(lib/dpkg|log|cache)|proc|tmp)/.*"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** Whether there is something by that name, whatever it is. */
    boolean has(String path) {
        return Files.exists(path(path), LinkOption.NOFOLLOW_LINKS);
    }
}
