package dev.ringside.server.bench;

import java.nio.file.Path;

/**
 * A back-end that is measured.
 *
 * @param name A, or B for the one it is compared with
 * @param socket where it listens
 * @param pid whose processor time is counted; 0: the process that listens there
 */
public record Side(String name, Path socket, long pid) {}
