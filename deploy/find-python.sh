#!/bin/sh
# Prints the first Python of at least 3.11 that can make virtual environments; says nothing and exits 1 without one.
set -eu

for candidate in "${PYTHON:-python3}" /usr/bin/python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        command -v "$candidate"
        exit 0
    fi
done
exit 1
