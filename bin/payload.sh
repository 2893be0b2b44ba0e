# shellcheck shell=bash
# Sourced by bin/package and bin/image: Ringside and a Java runtime in a tree that will be a root.

# ringside_payload ROOT TREE: puts them there, from the checkout ROOT, which is built.
ringside_payload() {
    local root=$1 tree=$2 lib=$2/usr/lib/ringside
    mkdir -p "$lib"
    cp -r "$root/server/target/runtime" "$root/server/target/modules" "$lib"
    install -m 644 "$root/bin/jvm.options" "$root/bin/cds.sh" "$lib"
    install -D -m 755 "$root/packaging/deb/ringside" "$tree/usr/bin/ringside"
    ln -s ringside "$tree/usr/bin/ringside-blk"
    ln -s ringside "$tree/usr/bin/ringside-net"
}
