package dev.ringside.shm;

/**
 * Who was at the other end when the connection was made (SO_PEERCRED, unix(7)).
 *
 * @param pid process id in our pid namespace, 0 when it is not visible there
 * @param uid effective user id
 * @param gid effective group id
 */
public record PeerCredentials(int pid, int uid, int gid) {}
