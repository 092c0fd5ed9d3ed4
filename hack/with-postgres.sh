#!/usr/bin/env bash
# Runs a command with a PostgreSQL server of its own, and ends the server with it.
#   hack/with-postgres.sh COMMAND...
# The command finds the server in KOPPEL_TEST_POSTGRES_URL. Installs Debian's postgresql where none is there.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[[ $# -gt 0 ]] || die "usage: hack/with-postgres.sh COMMAND..."

# The newest server that is installed: Debian keeps its programs out of the path.
programs() {
    local found
    for found in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -Vr) "$(dirname "$(command -v initdb || echo /none/initdb)")"; do
        [[ -x $found/initdb && -x $found/postgres ]] && echo "$found" && return
    done
    return 1
}
bin=$(programs) || { install_packages postgresql && bin=$(programs); } || die "please install a PostgreSQL server"

# PostgreSQL refuses to run as root: then it runs as a user without any rights.
owner=$(id -un)
as_owner=()
if [[ $(id -u) -eq 0 ]]; then
    owner=nobody
    id -u postgres >/dev/null 2>&1 && owner=postgres
    as_owner=(setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups)
fi

folder=$(mktemp -d)
chmod 755 "$folder"
mkdir -m 700 "$folder/data"
touch "$folder/log"
[[ $(id -u) -ne 0 ]] || chown "$owner" "$folder" "$folder/data" "$folder/log"
server=
stop() {
    if [[ -n $server ]]; then
        # At once: nothing of it is kept.
        kill -QUIT "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

run() { (cd "$folder" && "${as_owner[@]}" env LC_ALL=C.UTF-8 HOME="$folder" "$@"); }
run "$bin/initdb" --pgdata "$folder/data" --username koppel --auth trust --encoding UTF8 --no-sync \
    >"$folder/initdb.log" 2>&1 || die "unable to set up PostgreSQL: $(tail -n 5 "$folder/initdb.log")"

# A free port is taken by the server itself, which gives up where another was quicker.
for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    (cd "$folder" && exec "${as_owner[@]}" env LC_ALL=C.UTF-8 "$bin/postgres" -D "$folder/data" -h 127.0.0.1 -p "$port" -k "$folder" \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=400 \
        -c log_min_messages=warning) >"$folder/log" 2>&1 &
    server=$!
    for _ in $(seq 300); do
        "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" -U koppel && kill -0 "$server" 2>/dev/null && break 2
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    wait "$server" 2>/dev/null || true
    server=
done
[[ -n $server ]] || die "PostgreSQL did not start: $(tail -n 5 "$folder/log")"

export KOPPEL_TEST_POSTGRES_URL="postgresql://koppel@127.0.0.1:$port/postgres?sslmode=disable"
"$@"
