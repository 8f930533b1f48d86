#!/bin/sh
# The build stage of each image: a virtual environment with one locked set and our own wheel.
#   make_venv.sh packages LOCK    LOCK is a file beside this one; a step of its own, which changed
#                                 sources do not repeat
#   make_venv.sh wheel SOURCES    adds our own, and takes away what could install or build another
# The lock is complete, so nothing is looked up beside it. Every package is checked against its
# hash; no wheel is built but our own.
set -eu
here=$(dirname "$0")
export PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_COMPILE=1

case $1 in
packages)
  python3 -m venv /opt/venv
  /opt/venv/bin/pip install --quiet --no-deps --require-hashes --only-binary :all: -r "$here/$2"
  python3 -m compileall -q /opt/venv/lib
  python3 -m venv /tmp/build
  /tmp/build/bin/pip install --quiet --require-hashes --only-binary :all: -r "$here/build.txt"
  ;;
wheel)
  (cd "$2" && /tmp/build/bin/hatchling build --target wheel --directory /tmp/wheel)
  /opt/venv/bin/pip install --quiet --no-deps --no-index /tmp/wheel/*.whl
  rm -rf /opt/venv/bin/pip* /opt/venv/lib/python3*/site-packages/pip \
    /opt/venv/lib/python3*/site-packages/pip-* \
    /opt/venv/lib/python3*/site-packages/setuptools*
  python3 -m compileall -q /opt/venv/lib
  ;;
esac
