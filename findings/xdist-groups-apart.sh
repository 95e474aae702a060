#!/usr/bin/env bash
# pytest-xdist 3.8.0 with pytest 9.2.0: `--dist loadgroup` keeps no tests together, and says nothing. Marks of
# `xdist_group`, set in the source or by a hook, are handed to the scheduler by a private field of the item, from which
# pytest took the item's name until 9.1; since 9.2 the name is made of another one. A suite stays green and becomes slow:
# each process starts its own of what a group was to share, here a server that takes a while.
#
# Output seen:
#   pytest 9.1.1, pytest-xdist 3.8.0: passed 8, processes that started the server: 1
#   pytest 9.2.0, pytest-xdist 3.8.0: passed 8, processes that started the server: 2
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >test_server.py <<'PYTHON'
import os
import pathlib
import time

import pytest


@pytest.fixture(scope="session")
def server():
    pathlib.Path(f"started-{os.getpid()}").touch()
    time.sleep(1)


@pytest.mark.xdist_group("server")
@pytest.mark.parametrize("number", range(8))
def test_asks(server, number):
    time.sleep(0.1)
PYTHON
for seen in 9.1.1:1 9.2.0:2; do
  version=${seen%:*}
  python3 -m venv venv
  venv/bin/pip install -q --disable-pip-version-check "pytest==$version" pytest-xdist==3.8.0
  rm -f started-*
  passed=$(venv/bin/python -m pytest -q -p no:cacheprovider -n 2 --dist loadgroup | sed -n 's/^\([0-9]*\) passed.*/\1/p')
  set -- started-*
  echo "pytest $version, pytest-xdist 3.8.0: passed $passed, processes that started the server: $#"
  [ "$passed $#" = "8 ${seen#*:}" ] || { echo "no longer as described above" >&2; exit 1; }
  rm -rf venv
done
