package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class NetInterfaceTest {
    @Test
    void shouldTellAndSetWhatAnInterfaceIs() throws Exception {
        try (TestNet net = new TestNet()) {
            net.ip("link add one type veth peer name two");
            try (NetInterface one = net.run(() -> NetInterface.open("one"));
                    NetInterface two = net.run(() -> NetInterface.open("two"))) {
                assertEquals("one", one.name());
                assertTrue(one.index() > 0);
                assertTrue(one.isEthernet());
                assertEquals(1500, one.mtu());
                one.setMtu(9000);
                assertEquals(9000, one.mtu());
                byte[] mac = {2, 0, 0, 0x11, 0x22, (byte) 0x83};
                one.setMac(mac);
                assertArrayEquals(mac, one.mac());

                assertFalse(one.isUp());
                one.setUp(true);
                one.setUp(true);
                assertTrue(one.isUp());
                assertFalse(one.hasLink());
                two.setUp(true);
                assertTrue(one.hasLink());
                two.setUp(false);
                assertFalse(one.hasLink());
            }
        }
    }

    @Test
    void shouldSayTheWayOutWhenItCannot() throws Exception {
        long descriptors = Leaks.descriptors("socket:");
        LinuxException none =
                assertThrows(LinuxException.class, () -> NetInterface.open("hostif-none"));
        assertEquals(Errno.ENODEV, none.errno());
        assertTrue(none.getMessage().contains("hostif-none"), none.getMessage());
        assertTrue(none.getMessage().contains("ip link"), none.getMessage());
        for (String name : new String[] {"", ".", "..", "a/b", "a b", "a:b", "0123456789abcdef"}) {
            LinuxException illegal =
                    assertThrows(LinuxException.class, () -> NetInterface.open(name));
            assertEquals(Errno.EINVAL, illegal.errno(), name);
        }
        try (NetInterface lo = NetInterface.open("lo")) {
            assertFalse(lo.isEthernet());
            assertTrue(lo.hasLink());
            assertThrows(IllegalArgumentException.class, () -> lo.setMac(new byte[5]));
            LinuxException mtu = assertThrows(LinuxException.class, () -> lo.setMtu(-5));
            assertEquals(Errno.EINVAL, mtu.errno());
        }
        assertEquals(descriptors, Leaks.descriptors("socket:"));
    }

    @Test
    void shouldTellThatItIsGoneWhenDeleted() throws Exception {
        try (TestNet net = new TestNet()) {
            net.ip("link add one type veth peer name two");
            try (NetInterface one = net.run(() -> NetInterface.open("one"))) {
                assertTrue(net.run(() -> NetInterface.exists("one")));
                assertFalse(NetInterface.exists("one"));
                net.ip("link del one");

                LinuxException gone = assertThrows(LinuxException.class, one::isUp);
                assertEquals(Errno.ENODEV, gone.errno());
                assertFalse(net.run(() -> NetInterface.exists("one")));
            }
        }
    }

    @Test
    void shouldComeBackWhenANamespaceIsLeft() throws Exception {
        Path here = Path.of("/proc/thread-self/ns/net");
        Path home = Files.readSymbolicLink(here);
        try (TestNet net = new TestNet()) {
            Path inside = net.run(() -> Files.readSymbolicLink(here));
            String path = net.run(() -> Path.of("/proc/thread-self").toRealPath() + "/ns/net");

            try (NetNamespace _ = NetNamespace.enter(path)) {
                assertEquals(inside, Files.readSymbolicLink(here));
                assertTrue(NetInterface.exists("lo"));
            }
            assertEquals(home, Files.readSymbolicLink(here));
            NetNamespace stay = NetNamespace.enterNew();
            stay.close();
            stay.close();
            assertEquals(home, Files.readSymbolicLink(here));
        }
    }

    @Test
    void shouldRefuseWhenItIsNoNamespace() throws Exception {
        long descriptors = Leaks.descriptors("net:[");
        LinuxException none =
                assertThrows(LinuxException.class, () -> NetNamespace.enter("hostif-none"));
        assertEquals(Errno.ENOENT, none.errno());
        assertTrue(none.getMessage().contains("ip netns add"), none.getMessage());
        LinuxException other =
                assertThrows(LinuxException.class, () -> NetNamespace.enter("/proc/self/ns/uts"));
        assertEquals(Errno.EINVAL, other.errno());
        assertEquals(descriptors, Leaks.descriptors("net:["));
    }
}
