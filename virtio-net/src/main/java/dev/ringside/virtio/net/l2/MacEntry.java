package dev.ringside.virtio.net.l2;

/**
 * One line of a switch's table of addresses.
 *
 * @param mac as {@link MacAddress#format} writes it
 * @param vlan 1 to 4094
 * @param port the name of the port where it is
 * @param ageSeconds about how long ago it was seen
 */
public record MacEntry(String mac, int vlan, String port, int ageSeconds) {}
