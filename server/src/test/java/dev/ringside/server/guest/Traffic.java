package dev.ringside.server.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ringside.server.demo.Qemu.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Moves the same random bytes between two shells and compares what arrives with what was made here.
 * One transfer at a time.
 */
final class Traffic {
    private static final int FIRST_PORT = 5001;
    private static final int PIECE_BYTES = 1 << 16;

    /**
     * Sends the data round and round, piece by piece and without haste, until it is told to end.
     */
    private static final String STREAM =
            """
            rm -f $d/sum $d/end $d/sent
            { {
                n=0
                while [ ! -e $d/end ]; do
                    dd if=$d/data bs=%d skip=$((n %% %d)) count=1 2>/dev/null
                    n=$((n + 1))
                    sleep 0.01
                done
                echo $n >$d/sent
            } | socat -t60 - %s 2>$d/err | md5sum >$d/part
            mv $d/part $d/sum; } &
            """;

    /** Awaits the digest that a receiver leaves in {@code $d/sum}, half a minute at most. */
    private static final String AWAIT_SUM =
            """
            n=0
            until [ -s $d/sum ]; do
                n=$((n + 1))
                [ $n -lt 600 ] || { echo "not all came"; cat $d/err; exit 1; }
                sleep 0.05
            done
            cut -c1-32 $d/sum
            """;

    private final Path data;
    // A new one for each transfer: what is left of one that failed spoils no other.
    private int port = FIRST_PORT;

    /**
     * @param data the file of random bytes on the host, which every namespace's shell finds as
     *     {@code $d/data}
     */
    Traffic(final Path data) {
        this.data = data;
    }

    /** Gives a guest the data by way of its first TCP connection, which is a test in itself. */
    void give(final Shell from, final Shell to, final String address)
            throws IOException, InterruptedException {
        receive(to, "tee $d/data | md5sum");
        send(from, address, sizeBytes());
        assertEquals(digest(sizeBytes()), to.run(AWAIT_SUM), () -> "TCP to " + address);
    }

    /**
     * Sends the first bytes of the data through one TCP connection.
     *
     * @param address of the receiver; an IPv6 one in brackets
     */
    void tcp(final Shell from, final Shell to, final String address, final int lengthBytes)
            throws IOException, InterruptedException {
        receive(to, "md5sum");
        send(from, address, lengthBytes);
        assertEquals(digest(lengthBytes), to.run(AWAIT_SUM), () -> "TCP to " + address);
    }

    /** Sends the first bytes of the data both ways at the same time through one TCP connection. */
    void tcpBothWays(
            final Shell client, final Shell server, final String address, final int lengthBytes)
            throws IOException, InterruptedException {
        server.run(
                """
                rm -f $d/sum
                { head -c %d $d/data |
                    socat -t60 - TCP6-LISTEN:%d,reuseaddr,ipv6only=0 2>$d/err | md5sum >$d/part
                    mv $d/part $d/sum; } &
                """
                        .formatted(lengthBytes, ++port));
        final String seen =
                client.run(
                        """
                        head -c %d $d/data |
                            socat -t60 - TCP:%s:%d,retry=200,interval=0.05 2>$d/errors | md5sum |
                            cut -c1-32
                        cat $d/errors
                        """
                                .formatted(lengthBytes, address, port));
        assertEquals(digest(lengthBytes), seen, () -> "TCP from " + address);
        assertEquals(digest(lengthBytes), server.run(AWAIT_SUM), () -> "TCP to " + address);
    }

    /** Begins to send without end both ways through one TCP connection. */
    void beginStream(final Shell client, final Shell server, final String address)
            throws IOException, InterruptedException {
        final int pieces = sizeBytes() / PIECE_BYTES;
        final String listen = "TCP6-LISTEN:" + ++port + ",reuseaddr,ipv6only=0";
        server.run(STREAM.formatted(PIECE_BYTES, pieces, listen));
        final String connect = "TCP:" + address + ":" + port + ",retry=200,interval=0.05";
        client.run(STREAM.formatted(PIECE_BYTES, pieces, connect));
    }

    /**
     * Ends what {@link #beginStream} began and compares what came with what was sent.
     *
     * @return the bytes that came, both ways together
     */
    long endStream(final Shell client, final Shell server)
            throws IOException, InterruptedException {
        client.run("touch $d/end");
        server.run("touch $d/end");
        return assertArrived(client, server) + assertArrived(server, client);
    }

    private long assertArrived(final Shell from, final Shell to)
            throws IOException, InterruptedException {
        final String arrived = to.run(AWAIT_SUM);
        // A sender whose connection broke tells no number.
        final long bytes = Long.parseLong(from.run("cat $d/sent")) * PIECE_BYTES;
        assertEquals(digest(bytes), arrived, () -> "TCP stream of " + bytes + " bytes");
        return bytes;
    }

    /**
     * Sends the data through one TCP connection from each shell to the next, all at the same time;
     * each shell must have files of its own.
     */
    void tcpRound(final List<? extends Shell> shells, final List<String> addresses)
            throws IOException, InterruptedException {
        final int first = port + 1;
        for (final Shell shell : shells) {
            receive(shell, "md5sum");
        }
        for (int i = 0; i < shells.size(); i++) {
            final int next = (i + 1) % shells.size();
            shells.get(i)
                    .run(
                            "socat -u OPEN:$d/data TCP:%s:%d,retry=200,interval=0.05 &"
                                    .formatted(addresses.get(next), first + next));
        }
        for (int i = 0; i < shells.size(); i++) {
            final String address = addresses.get(i);
            assertEquals(
                    digest(sizeBytes()), shells.get(i).run(AWAIT_SUM), () -> "TCP to " + address);
        }
    }

    private void receive(final Shell to, final String consumer)
            throws IOException, InterruptedException {
        to.run(
                """
                rm -f $d/sum
                { socat -u TCP6-LISTEN:%d,reuseaddr,ipv6only=0 - 2>$d/err | %s >$d/part
                    mv $d/part $d/sum; } &
                """
                        .formatted(++port, consumer));
    }

    private void send(final Shell from, final String address, final int lengthBytes)
            throws IOException, InterruptedException {
        from.run(
                "head -c %d $d/data | socat -u - TCP:%s:%d,retry=200,interval=0.05"
                        .formatted(lengthBytes, address, port));
    }

    /**
     * Sends the first bytes of the data as datagrams: few enough for every buffer on the way, so
     * that none may be missing and all must be in order.
     */
    void udp(
            final Shell from,
            final Shell to,
            final String address,
            final int datagramBytes,
            final int count)
            throws IOException, InterruptedException {
        final int lengthBytes = datagramBytes * count;
        to.run(
                """
                rm -f $d/sum $d/pipe
                mkfifo $d/pipe
                # Option 33 is SO_RCVBUFFORCE: past the system's limit.
                socat -u -b65536 UDP6-LISTEN:%d,ipv6only=0,setsockopt-listen=1:33:i33554432 \
                    OPEN:$d/pipe 2>$d/err &
                p=$!
                { head -c %d $d/pipe | md5sum >$d/part; kill $p; mv $d/part $d/sum; } &
                until grep -q ":%04X " /proc/net/udp6; do
                    kill -0 $p || { cat $d/err; exit 1; }
                done
                """
                        .formatted(++port, lengthBytes, port));
        from.run(
                """
                head -c %d $d/data >$d/datagrams
                socat -u -b%d OPEN:$d/datagrams UDP:%s:%d,sndbuf=1048576
                """
                        .formatted(lengthBytes, datagramBytes, address, port));
        final Answer answer = to.attempt(AWAIT_SUM);
        assertEquals(
                new Answer(0, digest(lengthBytes)),
                answer,
                () -> count + " datagrams of " + datagramBytes + " to " + address);
    }

    /**
     * Pings once with each payload, without pauses; {@code ping} compares what comes back.
     *
     * @param options of ping
     */
    static void ping(
            final Shell from, final String address, final String options, final int... sizes)
            throws IOException, InterruptedException {
        final StringBuilder list = new StringBuilder();
        for (final int size : sizes) {
            list.append(' ').append(size);
        }
        from.run(
                """
                for size in%s; do
                    ping -q -c 1 -W 10 -p 5ca1ab1e -s $size %s %s >$d/ping || :
                    grep -q ' 0%% packet loss' $d/ping && ! grep -i 'wrong' $d/ping ||
                        { echo "payload of $size bytes"; cat $d/ping; exit 1; }
                done
                """
                        .formatted(list, options, address));
    }

    /** Pings until the first answer or in vain, and tells which. */
    static boolean reaches(final Shell from, final String address, final String options)
            throws IOException, InterruptedException {
        return from.attempt(
                                "ping -q -c 3 -i 0.1 -W 1 %s %s >$d/ping 2>&1"
                                        .formatted(options, address))
                        .status()
                == 0;
    }

    private int sizeBytes() throws IOException {
        return Math.toIntExact(Files.size(data));
    }

    /** Of the first bytes of the data, over and over. */
    private String digest(final long lengthBytes) throws IOException {
        try {
            final byte[] bytes = Files.readAllBytes(data);
            final MessageDigest digest = MessageDigest.getInstance("MD5");
            long left = lengthBytes;
            while (left > 0) {
                final int count = (int) Math.min(left, bytes.length);
                digest.update(bytes, 0, count);
                left -= count;
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (final NoSuchAlgorithmException e) {
            throw new IOException(e);
        }
    }
}
