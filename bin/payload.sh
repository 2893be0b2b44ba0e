# shellcheck shell=bash
# Sourced by bin/package and bin/image: Ringside and a Java runtime in a tree that will be a root.

# What modules of ours and of libraries require of the JDK; the tests of both run them.
RINGSIDE_JDK_MODULES=java.base,java.logging,java.management,jdk.management,jdk.jfr,jdk.unsupported

# ringside_payload ROOT TREE JDK: puts them there, built by the JDK from the checkout ROOT.
ringside_payload() {
    local root=$1 tree=$2 jdk=$3 lib=$2/usr/lib/ringside
    mkdir -p "$lib"
    "$jdk/bin/jlink" --add-modules "$RINGSIDE_JDK_MODULES" --strip-debug --no-header-files \
        --no-man-pages --compress zip-6 --output "$lib/runtime"
    cp -r "$root/server/target/modules" "$lib/modules"
    install -m 644 "$root/bin/jvm.options" "$root/bin/cds.sh" "$lib"
    install -D -m 755 "$root/packaging/deb/ringside" "$tree/usr/bin/ringside"
    ln -s ringside "$tree/usr/bin/ringside-blk"
    ln -s ringside "$tree/usr/bin/ringside-net"
}
