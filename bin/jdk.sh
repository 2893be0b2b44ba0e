# shellcheck shell=sh
# Sourced by mvnw and by the scripts of this directory; POSIX sh.

RINGSIDE_JDK_MIN=25

# Is $1 the home of a JDK that is new enough? Reads its release file: no JVM is started.
ringside_is_jdk() {
    [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
    while IFS= read -r _line; do
        case "$_line" in
            JAVA_VERSION=*)
                _line=${_line#JAVA_VERSION=}
                _line=${_line#\"}
                _line=${_line%%[!0-9]*}
                [ -n "$_line" ] && [ "$_line" -ge "$RINGSIDE_JDK_MIN" ]
                return
                ;;
        esac
    done <"$1/release"
    return 1
}

# Prints the home of a JDK >= 25: from JAVA_HOME, from PATH, else from where packages and
# version managers put them. Fails without a word when there is none.
ringside_find_jdk() (
    set +ef
    IFS=' '
    if [ -n "${JAVA_HOME-}" ] && ringside_is_jdk "$JAVA_HOME"; then
        printf '%s\n' "$JAVA_HOME"
        return 0
    fi
    _javac=$(command -v javac) && _javac=$(readlink -f "$_javac") && _home=${_javac%/bin/javac}
    if [ -n "${_home-}" ] && ringside_is_jdk "$_home"; then
        printf '%s\n' "$_home"
        return 0
    fi
    for _home in /usr/lib/jvm/* /opt/java/* "${HOME-}"/.sdkman/candidates/java/* \
        "${HOME-}"/.jdks/*; do
        if ringside_is_jdk "$_home"; then
            printf '%s\n' "$_home"
            return 0
        fi
    done
    return 1
)
