#!/bin/bash
# Stand-ins for the official base images, for machines that reach no image registry.
#   build.sh IMAGE...    among python:3.11-slim-bookworm apache/kafka:4.3.1 postgres:17-trixie
# Each is tagged with the official name, does as much of what the official one does as the platform
# uses, and is for tests on this machine only. Debian's packages come from debootstrap's mirror
# (another one: DEBOOTSTRAP_MIRROR), Kafka's jars from Maven Central with the committed checksums.
# Needs root, debootstrap, docker, and PYTHON with this project installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
authorities=/etc/ssl/certs/ca-certificates.crt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

debian() { # SUITE PACKAGE...: a small Debian in $root
  root=$work/$1-$RANDOM
  local suite=$1; shift
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" \
    ${DEBOOTSTRAP_MIRROR:+"$DEBOOTSTRAP_MIRROR"} >"$work/log" || { tail "$work/log" >&2; exit 1; }
  # This machine's own authorities, should it reach the registries through a proxy of its own.
  cp "$authorities" "$root$authorities"
  printf '[global]\ncert = %s\n' "$authorities" >"$root/etc/pip.conf"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod 755 "$root/usr/sbin/policy-rc.d"
}

install_packages() { # Java's package wants to see /proc, which goes with the namespace it is in
  DEBIAN_FRONTEND=noninteractive unshare --mount --pid --fork --mount-proc="$root/proc" \
    chroot "$root" apt-get install --yes --quiet --no-install-recommends "$@" \
    >"$work/log" || { tail "$work/log" >&2; exit 1; }
}

import() { # IMAGE CHANGE...: what is in $root, as an image
  local image=$1 changes=(); shift
  for change in "$@"; do changes+=(--change "$change"); done
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/*
  tar -C "$root" -c . | docker import "${changes[@]}" - "$image"
  rm -rf "$root"
}

python_image() {
  debian bookworm
  install_packages python3 python3-venv libpython3.11-dev
  import "$1" 'ENV LANG=C.UTF-8' 'CMD ["python3"]'
}

kafka_image() {
  debian trixie
  install_packages openjdk-21-jre-headless
  mkdir -p "$root/opt/kafka/bin" "$root/opt/kafka/libs" "$root/var/lib/kafka/data"
  "${PYTHON:-python3}" "$here/fetch_jars.py" "$root/opt/kafka/libs"
  cp "$here"/kafka/* "$root/opt/kafka/bin/" && chmod 755 "$root"/opt/kafka/bin/*.sh
  chroot "$root" useradd --uid 1000 --user-group appuser
  chown 1000:1000 "$root/var/lib/kafka/data"
  import "$1" 'USER 1000' 'CMD ["/opt/kafka/bin/kafka-server-start.sh"]' 'VOLUME /var/lib/kafka/data'
}

postgres_image() {
  debian trixie
  chroot "$root" groupadd --gid 999 postgres
  chroot "$root" useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql postgres
  mkdir -p "$root/etc/postgresql-common"
  echo 'create_main_cluster = false' >"$root/etc/postgresql-common/createcluster.conf"
  install_packages postgresql-17
  install -m 755 "$here/postgres/docker-entrypoint.sh" "$root/usr/local/bin/"
  install -d -o 999 -g 999 -m 1777 "$root/var/lib/postgresql/data"
  install -d -o 999 -g 999 -m 3777 "$root/run/postgresql"
  import "$1" 'ENV PATH=/usr/lib/postgresql/17/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    'ENV PGDATA=/var/lib/postgresql/data' 'ENTRYPOINT ["docker-entrypoint.sh"]' \
    'CMD ["postgres"]' 'VOLUME /var/lib/postgresql/data'
}

for image in "$@"; do
  case $image in
  python:3.11-slim-bookworm) python_image "$image" ;;
  apache/kafka:4.3.1) kafka_image "$image" ;;
  postgres:17-trixie) postgres_image "$image" ;;
  *) echo "there is no stand-in for $image" >&2; exit 2 ;;
  esac
done
