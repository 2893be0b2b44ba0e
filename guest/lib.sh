# Sourced by /init before the test script: the words that scripts use.

# busybox's shell prefers its own applets to programs of the same name; these are the real ones.
blkdiscard() { /usr/bin/blkdiscard "$@"; }
blockdev() { /usr/bin/blockdev "$@"; }
fallocate() { /usr/bin/fallocate "$@"; }
ip() { /usr/bin/ip "$@"; }
mke2fs() { /usr/bin/mke2fs "$@"; }
ping() { /usr/bin/ping "$@"; }
tc() { /usr/bin/tc "$@"; }

# say WORD...: a line for the host.
say() { echo "@$*"; }

# ask WORD...: tells the host something and waits for its answer, which is in $answer.
ask() {
    say "$@"
    read -r answer
}

# fail WORD...: ends the script and with it the test.
fail() {
    echo "failed: $*"
    exit 1
}

# check NAME ACTUAL EXPECTED
check() {
    [ "$2" = "$3" ] || fail "$1 is '$2', expected '$3'"
    echo "ok: $1 is '$2'"
}

# serve: does what the host says, one script after another: many checks in one boot. A script ends
# with a line "@end"; its output comes back, each line after "|", then its exit status. What it
# leaves in the background goes on. An empty script ends this.
serve() {
    say serving
    turn=0
    while :; do
        turn=$((turn + 1))
        : >/tmp/script
        while IFS= read -r line && [ "$line" != @end ]; do
            printf '%s\n' "$line" >>/tmp/script
        done
        [ -s /tmp/script ] || break
        status=0
        # A process of its own: the script may fail, and set and trap what it likes.
        sh -euc '. /lib.sh; . /tmp/script' </dev/null >/tmp/out.$turn 2>&1 || status=$?
        sed 's/^/|/' /tmp/out.$turn
        say status $status
    done
}

# refused COMMAND...: the command must fail.
refused() {
    if "$@" 2>/dev/null; then fail "this went through: $*"; fi
    echo "ok: refused: $*"
}

# verified FIO_ARGUMENT...: fio, past the page cache; its whole output is shown only when it fails.
verified() {
    if ! fio --output=/tmp/fio.out --eta=never --direct=1 --ioengine=libaio --verify_fatal=1 \
        --randseed="$seed" "$@"; then
        cat /tmp/fio.out
        fail "fio $*"
    fi
    echo "ok: fio $*"
    grep -E 'IOPS=' /tmp/fio.out
}

# The digest of $3 bytes at offset $2 of device $1, read past the page cache; all in MiB.
digest() {
    dd if="$1" iflag=direct bs=1M skip="$2" count="$3" 2>/dev/null | md5sum | cut -d' ' -f1
}

seed=1
