# shellcheck shell=sh disable=SC3043
# Sourced by the scripts that archive the classes of a start (CDS): with those it is quicker.

# ringside_train ARCHIVE JVM ARGUMENT...: a short run shows which classes a start needs: an empty
# disk, served and stopped at once. JVM and arguments are those of every start. Fails, having
# printed what was said, when that makes no archive.
ringside_train() {
    local archive=$1 jvm=$2 scratch status=1
    shift 2
    scratch=$(mktemp -d)
    ringside_list "$scratch" "$jvm" "$@" 2>"$scratch/log"
    if [ -s "$scratch/list" ] &&
        timeout 60 "$jvm" -XX:SharedClassListFile="$scratch/list" -Xshare:dump \
            -XX:SharedArchiveFile="$scratch/archive" "$@" </dev/null >>"$scratch/log" 2>&1 &&
        [ -s "$scratch/archive" ]; then
        mv "$scratch/archive" "$archive"
        status=0
    else
        grep -v ' Skipping ' "$scratch/log" >&2
    fi
    rm -rf "$scratch"
    return $status
}

# Writes SCRATCH/list, the classes that were loaded; what Ringside said goes to stderr.
ringside_list() {
    local scratch=$1 jvm=$2 process tick
    shift 2
    "$jvm" -XX:DumpLoadedClassList="$scratch/list" "$@" \
        blk --socket-path="$scratch/socket" --backend=null:size=1M --num-queues=1 \
        </dev/null >/dev/null &
    process=$!
    tick=0
    while [ $tick -lt 200 ] && kill -0 "$process" 2>/dev/null; do
        [ -S "$scratch/socket" ] && grep -q ready "$scratch/log" && break
        sleep 0.1
        tick=$((tick + 1))
    done
    kill -TERM "$process" 2>/dev/null || true
    # A JVM that cannot end must not stop whoever waits.
    tick=0
    while [ $tick -lt 300 ] && kill -0 "$process" 2>/dev/null; do
        sleep 0.1
        tick=$((tick + 1))
    done
    kill -KILL "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
}
