# shellcheck shell=sh disable=SC3043
# Sourced by the scripts that make an AOT cache, with which Ringside starts faster.

# ringside_train CACHE JVM ARGUMENT...: a short run shows the JVM which classes a start needs: an
# empty disk, served and stopped at once. JVM and arguments are those of every start. Fails, having
# printed what the run said, when that makes no cache.
ringside_train() {
    local cache=$1 jvm=$2 scratch process tick
    shift 2
    scratch=$(mktemp -d)
    "$jvm" -XX:AOTCacheOutput="$scratch/aot" "$@" \
        blk --socket-path="$scratch/socket" --backend=null:size=1M --num-queues=1 \
        </dev/null >/dev/null 2>"$scratch/log" &
    process=$!
    tick=0
    while [ $tick -lt 200 ] && kill -0 "$process" 2>/dev/null; do
        [ -S "$scratch/socket" ] && grep -q ready "$scratch/log" && break
        sleep 0.1
        tick=$((tick + 1))
    done
    kill -TERM "$process" 2>/dev/null || true
    # Writing the cache takes a second; a JVM that cannot end must not stop whoever waits.
    tick=0
    while [ $tick -lt 300 ] && kill -0 "$process" 2>/dev/null; do
        sleep 0.1
        tick=$((tick + 1))
    done
    kill -KILL "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
    if [ -s "$scratch/aot" ]; then
        mv "$scratch/aot" "$cache"
        rm -rf "$scratch"
    else
        grep -v ' Skipping ' "$scratch/log" >&2
        rm -rf "$scratch"
        return 1
    fi
}
