#!/bin/sh
# Makes .venv and keeps it equal to the lock.   bootstrap.sh run | dev | scale | chromium | libreoffice
# A stamp holds the hash of the installed lock: while it fits, nothing is fetched. `scale` has a .venv-scale of its own.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
[ "${1:-run}" != scale ] || venv=.venv-scale
: "${HOME:=/nonexistent}"
export HOME PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore UV_SYSTEM_CERTS=1 UV_NO_PROGRESS=1
[ -w "$HOME" ] || export PIP_NO_CACHE_DIR=1 UV_CACHE_DIR="$PWD/$venv/cache"

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }
is_root() { [ "$(id -u)" = 0 ]; }
is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

apt_install() {
    is_root && command -v apt-get >/dev/null || return 1
    say "installing $* with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get install -qq -y --no-install-recommends "$@" ||
        { apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@"; }; } >/dev/null 2>&1
}

find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$name"; then echo "$name"; return; fi
    done
    fail "Python 3.11 or newer is needed: install the package python3, or set PYTHON=/path/to/python3"
}

make_venv() {
    if [ -x $venv/bin/python ] && is_new_enough $venv/bin/python && $venv/bin/python -m pip --version >/dev/null 2>&1; then return; fi
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        apt_install python3-venv || fail "the package python3-venv is missing: as root, apt-get install python3-venv"
    fi
    say "making $venv with $("$python" --version)"
    "$python" -m venv --clear $venv
}

# Our own package: the folder src, found through a .pth file; the command giaoban, found beside python.
link_package() {
    site=$($venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    [ "$(cat "$site/giaoban.pth" 2>/dev/null || true)" = "$PWD/src" ] || echo "$PWD/src" >"$site/giaoban.pth"
    [ -x $venv/bin/giaoban ] && grep -q 'dirname "$0"' $venv/bin/giaoban && return
    printf '%s\n' '#!/bin/sh' 'exec "$(dirname "$0")/python" -m giaoban.config.cli "$@"' >$venv/bin/giaoban
    chmod 755 $venv/bin/giaoban
}

install_lock() {
    lock=$1
    stamp=$venv/stamp-$lock
    want=$(sha256sum "$lock" | cut -d ' ' -f 1)
    [ "$(cat "$stamp" 2>/dev/null || true)" = "$want" ] && return
    say "installing $lock"
    uv=$venv/bin/uv
    [ -x $uv ] || $venv/bin/python -m pip install --quiet uv || say "uv cannot be had, pip does its work"
    if ! { [ -x $uv ] && $uv pip install --quiet --python $venv/bin/python --require-hashes -r "$lock"; }; then
        $venv/bin/python -m pip install --quiet --require-hashes -r "$lock" ||
            fail "the packages of $lock cannot be fetched: is the network there? pip's last lines say more"
    fi
    echo "$want" >"$stamp"
}

find_java() { command -v "${JAVA_HOME:+$JAVA_HOME/bin/}java" >/dev/null 2>&1; }

find_chromium() {
    for name in ${CHROMIUM:-} chromium chromium-browser google-chrome; do
        if command -v "$name" >/dev/null 2>&1; then return; fi
    done
    return 1
}

find_soffice() {
    for name in ${SOFFICE:-} soffice libreoffice; do
        if command -v "$name" >/dev/null 2>&1; then return; fi
    done
    return 1
}

case ${1:-run} in
run)
    make_venv
    install_lock requirements.txt
    link_package
    ;;
dev)
    make_venv
    install_lock requirements.txt
    install_lock requirements-dev.txt
    link_package
    ;;
scale)
    make_venv
    install_lock requirements-scale.txt
    install_lock requirements-dev.txt
    link_package
    find_java || apt_install openjdk-17-jre-headless || apt_install default-jre-headless ||
        say "Java is missing, so the tests with Spark are skipped: as root, apt-get install default-jre-headless"
    ;;
chromium)
    find_chromium || apt_install chromium ||
        say "Chromium is missing, so the browser tests are skipped: as root, apt-get install chromium"
    ;;
libreoffice)
    find_soffice || apt_install libreoffice-calc ||
        say "LibreOffice is missing, so its tests are skipped: as root, apt-get install libreoffice-calc"
    ;;
*) fail "bootstrap.sh run | dev | scale | chromium | libreoffice" ;;
esac
