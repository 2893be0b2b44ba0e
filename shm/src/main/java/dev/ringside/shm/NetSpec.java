package dev.ringside.shm;

/**
 * Constants and layouts of net/if.h, linux/sockios.h, linux/ethtool.h and sched.h; checked by a
 * test.
 */
final class NetSpec {
    static final int IFNAMSIZ = 16;

    // struct ifreq: a name, and a union
    static final int IFREQ_NAME = 0;
    static final int IFREQ_FLAGS = 16;
    static final int IFREQ_NUMBER = 16;
    static final int IFREQ_DATA = 16;
    static final int IFREQ_HWADDR_FAMILY = 16;
    static final int IFREQ_HWADDR = 18;
    static final int IFREQ_SIZE = 40;

    static final int SIOCGIFNAME = 0x8910;
    static final int SIOCGIFFLAGS = 0x8913;
    static final int SIOCSIFFLAGS = 0x8914;
    static final int SIOCGIFMTU = 0x8921;
    static final int SIOCSIFMTU = 0x8922;
    static final int SIOCSIFHWADDR = 0x8924;
    static final int SIOCGIFHWADDR = 0x8927;
    static final int SIOCGIFINDEX = 0x8933;

    static final int SIOCETHTOOL = 0x8946;

    static final int ETHTOOL_GLINK = 10;
    // struct ethtool_value
    static final int ETHTOOL_VALUE_DATA = 4;

    static final int IFF_UP = 1;
    static final int IFF_RUNNING = 0x40;
    static final int ARPHRD_ETHER = 1;

    static final int CLONE_NEWNET = 0x40000000;

    private NetSpec() {}
}
