# shellcheck shell=bash
# Sourced by the scripts that make an AOT cache, with which Ringside starts faster.

# ringside_train CACHE JVM ARGUMENT...: a short run shows the JVM which classes a start needs: an
# empty disk, served and stopped at once. JVM and arguments are those of every start. Fails, having
# printed what the run said, when that makes no cache.
ringside_train() {
    local cache=$1 scratch process tick
    shift
    scratch=$(mktemp -d)
    "$1" -XX:AOTCacheOutput="$scratch/aot" "${@:2}" \
        blk --socket-path="$scratch/socket" --backend=null:size=1M --num-queues=1 \
        </dev/null >/dev/null 2>"$scratch/log" &
    process=$!
    for ((tick = 0; tick < 200; tick++)); do
        [ -S "$scratch/socket" ] && grep -q ready "$scratch/log" && break
        kill -0 "$process" 2>/dev/null || break
        sleep 0.1
    done
    kill -TERM "$process" 2>/dev/null || true
    # Writing the cache takes a second; a JVM that cannot end must not stop whoever waits.
    for ((tick = 0; tick < 300; tick++)); do
        kill -0 "$process" 2>/dev/null || break
        sleep 0.1
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
