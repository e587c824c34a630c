# Shared by ./run and ./test: put on this machine what is missing, and nothing else.
# Plain POSIX shell; the machine may have no python, make, curl or git yet.
# shellcheck shell=sh

say() { printf '[合治] %s\n' "$1"; [ -z "${2-}" ] || printf '       %s\n' "$2"; }
die() { say "$1" "${2-}" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# -- Debian's packages -----------------------------------------------------------------------------

# How we become root: nothing to do, sudo, or not at all.
find_root() {
    if [ "$(id -u)" = 0 ]; then SUDO=""; return 0; fi
    if has sudo && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then SUDO="sudo"; return 0; fi
    return 1
}

as_root() { ${SUDO:+$SUDO} "$@"; }

apt() { as_root env DEBIAN_FRONTEND=noninteractive ${RUNLEVEL:+RUNLEVEL="$RUNLEVEL"} apt-get -qq -o DPkg::Lock::Timeout=900 "$@"; }

# apt-get waits for dpkg's lock by itself, but not for the lock on the lists of packages.
apt_update() {
    tries=0
    until apt update >"$APT_LOG" 2>&1; do
        grep -q 'Could not get lock' "$APT_LOG" || return 1
        tries=$((tries + 1))
        [ "$tries" -le 180 ] || die "等待 apt 锁超过 15 分钟。请确认没有其他安装在进行,然后重新运行。" \
            "Waited 15 minutes for apt's lock. See that no other installation runs, then try again."
        [ "$tries" -gt 1 ] || say "apt 正被其他程序使用,等待中……" "Another program uses apt; waiting…"
        sleep 5
    done
}

# need_packages package…: install them, or say in one sentence what to install.
need_packages() {
    [ "$#" -gt 0 ] || return 0
    has apt-get || die "本机没有 apt。请自行安装与下列 Debian 软件包相当的软件:$*" \
        "Missing: $*. This machine has no apt; please install the equivalents."
    find_root || die "缺少软件包,且当前用户没有 root 或 sudo 权限。请管理员执行:apt-get install $*" \
        "Packages are missing and you have neither root nor sudo. Ask your administrator: apt-get install $*"
    check_space / 1500
    say "正在安装系统软件包:$*" "Installing Debian packages…"
    APT_LOG=$(mktemp); trap 'rm -f "$APT_LOG"' EXIT
    if [ -n "$(dpkg --audit 2>/dev/null)" ]; then # an earlier installation was cut off
        as_root env DEBIAN_FRONTEND=noninteractive dpkg --force-confold --configure -a >"$APT_LOG" 2>&1 || :
    fi
    apt_update || say "软件包列表更新失败,改用已有列表。" "apt-get update failed; using the lists at hand."
    apt install -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@" </dev/null >"$APT_LOG" 2>&1 || {
        tail -n 15 "$APT_LOG" >&2
        die "系统软件包安装失败,原因见上。排除后重新运行即可接着做。" \
            "Installing packages failed; the reason is above. Mend it and run again."
    }
    rm -f "$APT_LOG"; trap - EXIT
}

# want_packages package…: what one function of the house needs; without it everything else opens.
want_packages() {
    [ "$#" -gt 0 ] || return 0
    ( need_packages "$@" ) || say "未能安装 $*:相应功能不可用,其他功能不受影响。" "Could not install $*; all else works."
}

# The media server for calls. Debian would start one of its own, with its own doors open: ours is started by us alone.
want_janus() {
    has janus && return 0
    if find_root && [ -d /etc/systemd/system ] && [ ! -e /etc/systemd/system/janus.service ]; then
        as_root ln -s /dev/null /etc/systemd/system/janus.service
    fi
    RUNLEVEL=1 want_packages janus "$@"
}

check_space() { # folder, megabytes
    free=$(df -Pm "$1" | awk 'NR==2 {print $4}')
    [ "$free" -ge "$2" ] || die "磁盘空间不足:$1 所在分区仅剩 ${free} MB,至少需要 $2 MB。请清理后重新运行。" \
        "Disk full: ${free} MB left for $1, $2 MB needed. Free some and run again."
}

has_library() { /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }

# The newest PostgreSQL server >= 15 here that has PostGIS too; prints its version.
postgres_here() {
    for folder in /usr/lib/postgresql/*/bin; do
        version=$(basename "$(dirname "$folder")")
        if [ -x "$folder/initdb" ] && [ "$version" -ge 15 ] &&
            [ -e "/usr/share/postgresql/$version/extension/postgis.control" ]; then echo "$version"; fi
    done 2>/dev/null | sort -n | tail -n 1
}

# Before PostgreSQL's packages come: no «main» cluster of Debian's own, which would take port 5432.
no_main_cluster() {
    if find_root && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        QUIET=/etc/postgresql-common/createcluster.d/hezhi.conf
        as_root mkdir -p "$(dirname "$QUIET")"
        echo 'create_main_cluster = false' | as_root tee "$QUIET" >/dev/null
    fi
}

# need_system [package…]: what the house stands on, and what the caller needs beside it.
need_system() {
    missing=$* QUIET=""
    python_here >/dev/null || missing="$missing python3 python3-venv"
    has_library libgdal.so || missing="$missing gdal-bin"
    has_library libmagic.so || missing="$missing libmagic1"
    [ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
    if [ -z "${DATABASE_URL-}" ] && [ -z "$(postgres_here)" ]; then
        missing="$missing postgresql postgresql-postgis"
        no_main_cluster
    fi
    # shellcheck disable=SC2086
    need_packages $missing
    [ -z "$QUIET" ] || as_root rm -f "$QUIET"
    [ -n "${DATABASE_URL-}" ] || [ -n "$(postgres_here)" ] ||
        die "本机的 PostgreSQL 版本过低或缺少 PostGIS,需要 15 以上。可设置 DATABASE_URL 使用已有的数据库。" \
            "PostgreSQL here is older than 15 or lacks PostGIS. You may set DATABASE_URL to use another server."
}

# -- Python's packages -----------------------------------------------------------------------------

# A Python >= 3.11 that can make a virtual environment. The distribution's own before another on the path: it is built
# with the compiler's full care, which others often are not (a third slower), and gets the distribution's mends.
python_here() {
    for candidate in /usr/bin/python3 python3; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"; return 0
        fi
    done
    return 1
}

need_venv() {
    if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
        check_space . 3500
        say "正在准备 Python 环境……" "Preparing the Python environment…"
        "$(python_here)" -m venv --clear .venv || die "无法建立 .venv。" "Could not make .venv."
    fi
    # The checkout itself, so that `hezhi` and pytest find it from everywhere.
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    [ "$(cat "$site/hezhi.pth" 2>/dev/null)" = "$PWD" ] || echo "$PWD" >"$site/hezhi.pth"
    if [ ! -x .venv/bin/hezhi ]; then
        printf '#!%s\nfrom hezhi.wiring.cli import main\n\nmain()\n' "$PWD/.venv/bin/python" >.venv/bin/hezhi
        chmod +x .venv/bin/hezhi
    fi
}

# need_python group…: what requirements/GROUP.txt says, if it has not been installed just so.
need_python() {
    for group in "$@"; do
        wanted=$(sha256sum <"requirements/$group.txt")
        [ "$(cat ".venv/.hezhi-$group" 2>/dev/null)" != "$wanted" ] || continue
        check_space . 3500
        say "正在安装 Python 软件包(${group})……" "Installing Python packages ($group)…"
        .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes --no-deps \
            -r "requirements/$group.txt" || die "Python 软件包安装失败,原因见上。重新运行即可接着做。" \
            "Installing Python packages failed; the reason is above. Run again to continue."
        echo "$wanted" >".venv/.hezhi-$group"
    done
}

need_node() {
    if has node && has npm && [ "$(node --version | sed 's/^v//;s/\..*//')" -ge 18 ]; then return 0; fi
    need_python node
}

# One installation at a time in one checkout.
begin() {
    cd "$1" || exit 1
    umask 022
    if has flock; then
        exec 9>.install.lock
        flock -n 9 || { say "另一个安装正在进行,等待中……" "Another installation is under way; waiting…"; flock 9; }
    fi
}

end_install() { exec 9>&-; }
