package dev.ringside.shm;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Every layout and constant that the bindings rely on, compared with what the C compiler says. */
class AbiIT {
    private static final String HEADERS =
            """
            #define _GNU_SOURCE
            #include <errno.h>
            #include <fcntl.h>
            #include <signal.h>
            #include <stddef.h>
            #include <stdio.h>
            #include <time.h>
            #include <unistd.h>
            #include <linux/audit.h>
            #include <linux/capability.h>
            #include <linux/falloc.h>
            #include <linux/filter.h>
            #include <linux/fs.h>
            #include <linux/io_uring.h>
            #include <linux/landlock.h>
            #include <linux/prctl.h>
            #include <linux/seccomp.h>
            #include <linux/ethtool.h>
            #include <linux/if_ether.h>
            #include <linux/if_packet.h>
            #include <linux/if_tun.h>
            #include <linux/memfd.h>
            #include <linux/sockios.h>
            #include <net/if.h>
            #include <net/if_arp.h>
            #include <sched.h>
            #include <sys/epoll.h>
            #include <sys/eventfd.h>
            #include <sys/mman.h>
            #include <sys/socket.h>
            #include <sys/stat.h>
            #include <sys/syscall.h>
            #include <sys/uio.h>
            #include <sys/un.h>
            #ifndef LANDLOCK_ACCESS_FS_TRUNCATE
            #define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
            #endif
            #ifndef LANDLOCK_ACCESS_NET_BIND_TCP
            #define LANDLOCK_RULE_NET_PORT 2
            #define LANDLOCK_ACCESS_NET_BIND_TCP (1ULL << 0)
            #define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
            #endif
            #ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
            #define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
            #endif
            #ifndef LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
            #define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
            #endif
            #ifndef TUN_F_USO4
            #define TUN_F_USO4 0x20
            #define TUN_F_USO6 0x40
            #endif
            """;

    /** Fields that are named as their macros are. */
    private static final Pattern MACRO =
            Pattern.compile(
                    "(O|F|FD|PROT|MAP|MADV|AF|SOCK|SOL|SO|SCM|MSG_(CTRUNC|DONTWAIT|NOSIGNAL"
                            + "|CMSG_CLOEXEC)|IORING|SYS|MFD|S|AT|STATX"
                            + "|SA_(SIGINFO|ONSTACK|RESTART)"
                            + "|SIGBUS|TUN[SG]ET[A-Z]+|TUN_F|IFF|SIOC[A-Z]+|ETHTOOL_GLINK"
                            + "|ARPHRD|CLONE|IFNAMSIZ|PACKET|TP_STATUS|TPACKET|ETH_P"
                            + "|PR_[SG]ET|AUDIT_ARCH|SECCOMP|LANDLOCK"
                            + "|BLK[A-Z0-9]+|SEEK|RWF|FALLOC|EFD)(_.*)?");

    // A layout of ours, and what no header for user space has.
    private static final List<String> NOT_MACROS =
            List.of(
                    "BLKSIZE",
                    "SCM_MAX_FD",
                    "PACKET_MREQ_SIZE",
                    "TPACKET_REQ3_SIZE",
                    "TPACKET_STATS_V3_SIZE");

    @TempDir private Path directory;
    private final Map<String, Long> expected = new LinkedHashMap<>();

    @Test
    void shouldAgreeWithCompilerWhenConstantsAreNamedAsInHeaders() throws Exception {
        for (Class<?> type :
                List.of(
                        Errno.class,
                        Libc.class,
                        SocketSpec.class,
                        IoUringSpec.class,
                        FileSpec.class,
                        Memfd.class,
                        Statx.class,
                        FaultGuard.class,
                        EventFd.class,
                        HostFile.class,
                        TunSpec.class,
                        TapOffload.class,
                        NetSpec.class,
                        PacketSpec.class,
                        SandboxSpec.class)) {
            expectMacros(type);
        }
        assertTrue(expected.size() > 150, "macros found: " + expected.size());
        expect("EPOLLIN", Epoll.IN);
        expect("EPOLLOUT", Epoll.OUT);
        expect("EPOLLERR", Epoll.ERR);
        expect("EPOLLHUP", Epoll.HUP);
        expect("EPOLLRDHUP", Epoll.RDHUP);
        expect("(int) EPOLLET", Epoll.ET);
        expect("SYS_epoll_pwait2", 441);
        expect("_LINUX_CAPABILITY_VERSION_3", SandboxSpec.LINUX_CAPABILITY_VERSION_3);
        expect("(int) (BPF_LD | BPF_W | BPF_ABS)", BpfProgram.LD_W_ABS);
        expect("(int) (BPF_ALU | BPF_AND | BPF_K)", BpfProgram.ALU_AND_K);
        expect("(int) (BPF_JMP | BPF_JEQ | BPF_K)", BpfProgram.JMP_JEQ_K);
        expect("(int) (BPF_JMP | BPF_JGE | BPF_K)", BpfProgram.JMP_JGE_K);
        expect("(int) (BPF_RET | BPF_K)", BpfProgram.RET_K);

        compare();
    }

    @Test
    void shouldAgreeWithCompilerWhenSocketStructuresAreLaidOut() throws Exception {
        structure("struct sockaddr_un", SocketSpec.SOCKADDR_UN_SIZE);
        field("struct sockaddr_un", "sun_path", SocketSpec.SUN_PATH);
        expect("sizeof(((struct sockaddr_un *) 0)->sun_path)", SocketSpec.SUN_PATH_SIZE);
        structure("struct iovec", SocketSpec.IOVEC_SIZE);
        field("struct iovec", "iov_base", SocketSpec.IOVEC_BASE);
        field("struct iovec", "iov_len", SocketSpec.IOVEC_LEN);
        structure("struct msghdr", SocketSpec.MSGHDR_SIZE);
        field("struct msghdr", "msg_iov", SocketSpec.MSG_IOV);
        field("struct msghdr", "msg_iovlen", SocketSpec.MSG_IOVLEN);
        field("struct msghdr", "msg_control", SocketSpec.MSG_CONTROL);
        field("struct msghdr", "msg_controllen", SocketSpec.MSG_CONTROLLEN);
        field("struct msghdr", "msg_flags", SocketSpec.MSG_FLAGS);
        field("struct cmsghdr", "cmsg_len", SocketSpec.CMSG_LEN);
        field("struct cmsghdr", "cmsg_level", SocketSpec.CMSG_LEVEL);
        field("struct cmsghdr", "cmsg_type", SocketSpec.CMSG_TYPE);
        expect("CMSG_LEN(0)", SocketSpec.CMSG_DATA);
        for (int fds : new int[] {0, 1, 2, 7, 8, SocketSpec.SCM_MAX_FD}) {
            expect("CMSG_SPACE(" + fds + " * sizeof(int))", SocketSpec.cmsgSpace(fds * 4));
        }
        structure("struct ucred", SocketSpec.UCRED_SIZE);
        field("struct ucred", "pid", SocketSpec.UCRED_PID);
        field("struct ucred", "uid", SocketSpec.UCRED_UID);
        field("struct ucred", "gid", SocketSpec.UCRED_GID);

        compare();
    }

    @Test
    void shouldAgreeWithCompilerWhenIoUringStructuresAreLaidOut() throws Exception {
        structure("struct io_uring_params", IoUringSpec.PARAMS_SIZE);
        field("struct io_uring_params", "sq_entries", IoUringSpec.PARAMS_SQ_ENTRIES);
        field("struct io_uring_params", "cq_entries", IoUringSpec.PARAMS_CQ_ENTRIES);
        field("struct io_uring_params", "flags", IoUringSpec.PARAMS_FLAGS);
        field("struct io_uring_params", "features", IoUringSpec.PARAMS_FEATURES);
        field("struct io_uring_params", "sq_off", IoUringSpec.PARAMS_SQ_OFF);
        field("struct io_uring_params", "cq_off", IoUringSpec.PARAMS_CQ_OFF);
        field("struct io_sqring_offsets", "head", IoUringSpec.SQ_OFF_HEAD);
        field("struct io_sqring_offsets", "tail", IoUringSpec.SQ_OFF_TAIL);
        field("struct io_sqring_offsets", "ring_mask", IoUringSpec.SQ_OFF_RING_MASK);
        field("struct io_sqring_offsets", "flags", IoUringSpec.SQ_OFF_FLAGS);
        field("struct io_sqring_offsets", "array", IoUringSpec.SQ_OFF_ARRAY);
        field("struct io_cqring_offsets", "head", IoUringSpec.CQ_OFF_HEAD);
        field("struct io_cqring_offsets", "tail", IoUringSpec.CQ_OFF_TAIL);
        field("struct io_cqring_offsets", "ring_mask", IoUringSpec.CQ_OFF_RING_MASK);
        field("struct io_cqring_offsets", "cqes", IoUringSpec.CQ_OFF_CQES);
        structure("struct io_uring_sqe", IoUringSpec.SQE_SIZE);
        field("struct io_uring_sqe", "opcode", IoUringSpec.SQE_OPCODE);
        field("struct io_uring_sqe", "fd", IoUringSpec.SQE_FD);
        field("struct io_uring_sqe", "off", IoUringSpec.SQE_OFF);
        field("struct io_uring_sqe", "addr", IoUringSpec.SQE_ADDR);
        field("struct io_uring_sqe", "len", IoUringSpec.SQE_LEN);
        field("struct io_uring_sqe", "rw_flags", IoUringSpec.SQE_OP_FLAGS);
        field("struct io_uring_sqe", "fsync_flags", IoUringSpec.SQE_OP_FLAGS);
        field("struct io_uring_sqe", "poll32_events", IoUringSpec.SQE_OP_FLAGS);
        field("struct io_uring_sqe", "user_data", IoUringSpec.SQE_USER_DATA);
        structure("struct io_uring_cqe", IoUringSpec.CQE_SIZE);
        field("struct io_uring_cqe", "user_data", IoUringSpec.CQE_USER_DATA);
        field("struct io_uring_cqe", "res", IoUringSpec.CQE_RES);
        field("struct io_uring_cqe", "flags", IoUringSpec.CQE_FLAGS);
        structure("struct io_uring_getevents_arg", IoUringSpec.GETEVENTS_ARG_SIZE);
        field("struct io_uring_getevents_arg", "ts", IoUringSpec.GETEVENTS_ARG_TS);
        structure("struct io_uring_restriction", IoUringSpec.RESTRICTION_SIZE);
        field("struct io_uring_restriction", "opcode", IoUringSpec.RESTRICTION_OPCODE);
        field("struct io_uring_restriction", "sqe_op", IoUringSpec.RESTRICTION_OP);
        structure("struct io_uring_rsrc_update", IoUringSpec.RSRC_UPDATE_SIZE);
        field("struct io_uring_rsrc_update", "offset", IoUringSpec.RSRC_UPDATE_OFFSET);
        field("struct io_uring_rsrc_update", "data", IoUringSpec.RSRC_UPDATE_DATA);

        compare();
    }

    @Test
    void shouldAgreeWithCompilerWhenOtherStructuresAreLaidOut() throws Exception {
        structure("struct epoll_event", Epoll.EVENT_SIZE);
        field("struct epoll_event", "events", 0);
        field("struct epoll_event", "data", Epoll.EVENT_DATA);
        structure("struct timespec", 16);
        field("struct timespec", "tv_nsec", 8);
        structure("struct statx", Statx.SIZE);
        field("struct statx", "stx_mask", Statx.MASK);
        field("struct statx", "stx_blksize", Statx.BLKSIZE);
        field("struct statx", "stx_mode", Statx.MODE);
        field("struct statx", "stx_size", Statx.FILE_SIZE);
        field("struct statx", "stx_blocks", Statx.BLOCKS);
        field("struct statx", "stx_rdev_major", Statx.RDEV_MAJOR);
        field("struct statx", "stx_rdev_minor", Statx.RDEV_MINOR);
        field("struct statx", "stx_dev_major", Statx.DEV_MAJOR);
        field("struct statx", "stx_dev_minor", Statx.DEV_MINOR);
        field("struct statx", "stx_dio_mem_align", Statx.DIO_MEM_ALIGN);
        field("struct statx", "stx_dio_offset_align", Statx.DIO_OFFSET_ALIGN);
        structure("struct flock", FileSpec.FLOCK_SIZE);
        field("struct flock", "l_type", FileSpec.FLOCK_TYPE);
        field("struct flock", "l_start", FileSpec.FLOCK_START);
        field("struct flock", "l_len", FileSpec.FLOCK_LENGTH);
        structure("struct sigaction", FaultGuard.SIGACTION_SIZE);
        field("struct sigaction", "sa_sigaction", FaultGuard.SA_HANDLER);
        field("struct sigaction", "sa_flags", FaultGuard.SA_FLAGS);
        // What the fault guard's code reads.
        field("siginfo_t", "si_code", 8);
        field("siginfo_t", "si_addr", 16);
        expect("BUS_ADRERR", 2);
        expect("BUS_MCEERR_AO", 5);

        compare();
    }

    @Test
    void shouldAgreeWithCompilerWhenSandboxStructuresAreLaidOut() throws Exception {
        field("struct seccomp_data", "nr", SandboxSpec.DATA_NR);
        field("struct seccomp_data", "arch", SandboxSpec.DATA_ARCH);
        field("struct seccomp_data", "args", SandboxSpec.DATA_ARGS);
        structure("struct sock_filter", BpfProgram.INSTRUCTION_SIZE);
        structure("struct sock_fprog", SandboxSpec.FPROG_SIZE);
        field("struct sock_fprog", "filter", SandboxSpec.FPROG_FILTER);
        structure("struct __user_cap_header_struct", SandboxSpec.CAP_HEADER_SIZE);
        expect("2 * sizeof(struct __user_cap_data_struct)", SandboxSpec.CAP_DATA_SIZE);
        structure("struct landlock_path_beneath_attr", SandboxSpec.PATH_BENEATH_SIZE);
        field("struct landlock_path_beneath_attr", "parent_fd", SandboxSpec.PATH_BENEATH_FD);

        compare();
    }

    @Test
    void shouldAgreeWithCompilerWhenInterfaceStructuresAreLaidOut() throws Exception {
        structure("struct ifreq", NetSpec.IFREQ_SIZE);
        field("struct ifreq", "ifr_name", NetSpec.IFREQ_NAME);
        field("struct ifreq", "ifr_flags", NetSpec.IFREQ_FLAGS);
        field("struct ifreq", "ifr_mtu", NetSpec.IFREQ_NUMBER);
        field("struct ifreq", "ifr_ifindex", NetSpec.IFREQ_NUMBER);
        field("struct ifreq", "ifr_data", NetSpec.IFREQ_DATA);
        field("struct ifreq", "ifr_hwaddr.sa_family", NetSpec.IFREQ_HWADDR_FAMILY);
        field("struct ifreq", "ifr_hwaddr.sa_data", NetSpec.IFREQ_HWADDR);
        structure("struct sockaddr_ll", PacketSpec.SOCKADDR_LL_SIZE);
        field("struct sockaddr_ll", "sll_protocol", PacketSpec.SLL_PROTOCOL);
        field("struct sockaddr_ll", "sll_ifindex", PacketSpec.SLL_IFINDEX);
        structure("struct packet_mreq", PacketSpec.PACKET_MREQ_SIZE);
        field("struct packet_mreq", "mr_ifindex", PacketSpec.MR_IFINDEX);
        field("struct packet_mreq", "mr_type", PacketSpec.MR_TYPE);
        structure("struct tpacket_req3", PacketSpec.TPACKET_REQ3_SIZE);
        field("struct tpacket_req3", "tp_block_size", PacketSpec.REQ_BLOCK_SIZE);
        field("struct tpacket_req3", "tp_block_nr", PacketSpec.REQ_BLOCK_NR);
        field("struct tpacket_req3", "tp_frame_size", PacketSpec.REQ_FRAME_SIZE);
        field("struct tpacket_req3", "tp_frame_nr", PacketSpec.REQ_FRAME_NR);
        field("struct tpacket_req3", "tp_retire_blk_tov", PacketSpec.REQ_RETIRE_BLK_TOV);
        String block = "struct tpacket_block_desc";
        field(block, "hdr.bh1.block_status", PacketSpec.BLOCK_STATUS);
        field(block, "hdr.bh1.num_pkts", PacketSpec.BLOCK_NUM_PKTS);
        field(block, "hdr.bh1.offset_to_first_pkt", PacketSpec.BLOCK_FIRST_PKT);
        field("struct tpacket3_hdr", "tp_next_offset", PacketSpec.FRAME_NEXT_OFFSET);
        field("struct tpacket3_hdr", "tp_snaplen", PacketSpec.FRAME_SNAPLEN);
        field("struct tpacket3_hdr", "tp_len", PacketSpec.FRAME_LEN);
        field("struct tpacket3_hdr", "tp_status", PacketSpec.FRAME_STATUS);
        field("struct tpacket3_hdr", "tp_mac", PacketSpec.FRAME_MAC);
        field("struct tpacket3_hdr", "hv1.tp_vlan_tci", PacketSpec.FRAME_VLAN_TCI);
        field("struct tpacket3_hdr", "hv1.tp_vlan_tpid", PacketSpec.FRAME_VLAN_TPID);
        structure("struct tpacket_stats_v3", PacketSpec.TPACKET_STATS_V3_SIZE);
        field("struct tpacket_stats_v3", "tp_drops", PacketSpec.STATS_DROPS);
        structure("struct ethtool_value", 2 * NetSpec.ETHTOOL_VALUE_DATA);
        field("struct ethtool_value", "data", NetSpec.ETHTOOL_VALUE_DATA);

        compare();
    }

    private void expectMacros(Class<?> type) throws IllegalAccessException {
        for (Field field : type.getDeclaredFields()) {
            boolean number = field.getType().isPrimitive() && field.getType() != boolean.class;
            if (Modifier.isStatic(field.getModifiers())
                    && number
                    && !NOT_MACROS.contains(field.getName())
                    && (type == Errno.class || MACRO.matcher(field.getName()).matches())) {
                field.setAccessible(true);
                expect(macro(field.getName()), ((Number) field.get(null)).longValue());
            }
        }
    }

    /** System call numbers are lower case in sys/syscall.h. */
    private static String macro(String name) {
        return name.startsWith("SYS_") ? "SYS_" + name.substring(4).toLowerCase(Locale.ROOT) : name;
    }

    private void structure(String type, long size) {
        expect("sizeof(" + type + ")", size);
    }

    private void field(String type, String name, long offset) {
        expect("offsetof(" + type + ", " + name + ")", offset);
    }

    private void expect(String expression, long value) {
        expected.put(expression, value);
    }

    private void compare() throws IOException, InterruptedException {
        StringBuilder source = new StringBuilder(HEADERS).append("int main(void) {\n");
        for (String expression : expected.keySet()) {
            source.append("printf(\"%lld\\n\", (long long) (").append(expression).append("));\n");
        }
        Path c = directory.resolve("abi.c");
        Path program = directory.resolve("abi");
        Files.writeString(c, source.append("return 0;\n}\n"));
        run("cc", "-w", "-o", program.toString(), c.toString());
        List<String> lines = run(program.toString()).lines().toList();
        List<Executable> checks = new ArrayList<>();
        int i = 0;
        for (Map.Entry<String, Long> entry : expected.entrySet()) {
            long actual = Long.parseLong(lines.get(i++));
            checks.add(() -> assertEquals(actual, entry.getValue(), entry.getKey()));
        }
        assertAll(checks);
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), String.join(" ", command) + "\n" + output);
        return output;
    }
}
