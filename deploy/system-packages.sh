#!/bin/sh
# Installs the Debian packages that Milepost's build, tests and demo need, and only those that are missing.
# As root, or with a sudo that asks nothing, it installs them; otherwise it prints the one command that does, and
# exits 1. No service is started or enabled: the demo and the tests run servers of their own, on ports of their own.
set -eu

here=$(dirname "$0")
policy=/usr/sbin/policy-rc.d
no_cluster=/etc/postgresql-common/createcluster.d/milepost-none.conf
missing=""

need() { missing="$missing $1"; }

have_jdk() {
    command -v javac >/dev/null 2>&1 || return 1
    version=$(javac -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')
    [ "${version:-0}" -ge 17 ]
}

have_postgresql() {
    for binary in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$binary" ] && return 0
    done
    command -v initdb >/dev/null 2>&1 && command -v postgres >/dev/null 2>&1
}

jdk_package() {
    # Debian 13 has no JDK 17 any more; its own default is newer and does as well.
    if [ -n "$(apt-cache show --no-all-versions openjdk-17-jdk-headless 2>/dev/null)" ]; then
        echo openjdk-17-jdk-headless
    else
        echo default-jdk-headless
    fi
}

list_missing() {
    missing=""
    sh "$here/find-python.sh" >/dev/null || need python3-venv
    have_jdk || need "$(jdk_package)"
    command -v mvn >/dev/null 2>&1 || need maven
    command -v redis-server >/dev/null 2>&1 || need redis-server
    have_postgresql || need postgresql
    command -v chromium >/dev/null 2>&1 || need chromium
    command -v setpriv >/dev/null 2>&1 || need util-linux
    [ -e /usr/share/zoneinfo/America/Chicago ] || need tzdata
}

# Everything that needs root, in one function, so that `sudo sh system-packages.sh --as-root PACKAGES` can run it.
install_as_root() {
    export DEBIAN_FRONTEND=noninteractive
    made_policy=no
    trap undo EXIT
    trap 'exit 1' HUP INT TERM
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        made_policy=yes
    fi
    mkdir -p "$(dirname "$no_cluster")" /usr/share/man/man1
    echo 'create_main_cluster = false' >"$no_cluster"
    # Word splitting of the list is meant.
    # shellcheck disable=SC2086
    apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" </dev/null
    disable_services "$@"
}

disable_services() {
    command -v systemctl >/dev/null 2>&1 || return 0
    for package in "$@"; do
        case $package in
            redis-server) systemctl disable redis-server.service >/dev/null 2>&1 || true ;;
            postgresql) systemctl disable postgresql.service >/dev/null 2>&1 || true ;;
        esac
    done
}

undo() {
    rm -f "$no_cluster"
    if [ "$made_policy" = yes ]; then
        rm -f "$policy"
    fi
}

refuse() {
    echo "Milepost needs these system packages, and this user may not install them. Please run:" >&2
    echo "    sudo apt-get install -y --no-install-recommends$missing" >&2
    exit 1
}

main() {
    list_missing
    [ -n "$missing" ] || exit 0
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Milepost needs these Debian packages or their like on this system:$missing" >&2
        exit 1
    fi
    if [ "$(id -u)" -eq 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        refuse
    fi
    $as_root apt-get update -q </dev/null
    list_missing # the names depend on what the fresh lists offer
    echo "Installing system packages:$missing"
    # shellcheck disable=SC2086
    $as_root sh "$0" --as-root $missing
    list_missing
    if [ -n "$missing" ]; then
        echo "These are still missing after the installation:$missing" >&2
        exit 1
    fi
}

case "${1:-}" in
    --as-root)
        shift
        install_as_root "$@"
        ;;
    --list)
        list_missing
        echo "${missing# }"
        ;;
    "") main ;;
    *)
        echo "usage: $0 [--list]" >&2
        exit 2
        ;;
esac
