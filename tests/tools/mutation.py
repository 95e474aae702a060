"""Change the code in small ways and see whether its tests notice: ``make mutation`` runs this.

Which modules, and by which tests, stands in pyproject.toml (``[[tool.mutation.group]]``). mutmut works in a copy of the
repository, never in the repository itself. Each group gets a sample of its mutants, drawn with a seed; 0 means all.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

from tests.guards.repository import PACKAGES, ROOT, repository_files

# Git doesn't know these, and pages need them.
MADE = ("static/vendor", "kiosk/translations", "publish/translations")
# What mutmut says of a mutant that some test noticed.
NOTICED = {"killed", "timeout", "suspicious", "segfault", "caught by type check"}


@dataclass(frozen=True)
class Group:
    """Modules (paths in the repository) and the tests that have to notice a mistake in them."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


def groups(wanted: list[str]) -> list[Group]:
    """Return the groups of pyproject.toml; all of them where none is asked for."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutation"]
    found = [
        Group(
            one["name"],
            tuple(
                str(path.relative_to(ROOT))
                for pattern in one["modules"]
                for path in sorted(ROOT.glob(pattern))
            ),
            tuple(one["tests"]),
        )
        for one in table["group"]
    ]
    unknown = set(wanted) - {group.name for group in found}
    if unknown:
        sys.exit(f"No such group: {', '.join(sorted(unknown))}. See [[tool.mutation.group]].")
    return [group for group in found if not wanted or group.name in wanted]


def copy_repository(scratch: Path) -> None:
    """Copy the repository, as it stands in the work tree, and what `make install` made."""
    for path in repository_files():
        goal = scratch / path.relative_to(ROOT)
        goal.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, goal)
    for name in MADE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, scratch / name, dirs_exist_ok=True)


def configure(scratch: Path, group: Group) -> None:
    """Tell mutmut, in the copy's setup.cfg, what to change and which tests to ask."""
    config = ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    config["mutmut"] = {
        "source_paths": "\n".join(["", *PACKAGES]),
        "only_mutate": "\n".join(["", *group.modules]),
        "also_copy": "\nstatic\ndocs",
        "pytest_add_cli_args": "\n-p\nno:cacheprovider",
        "pytest_add_cli_args_test_selection": "\n".join(["", *group.tests]),
        # Lines that hold nothing but a sentence: its wording is the translators' matter.
        "do_not_mutate_patterns": '\n^\\s*f?"[^"]* [^"]*",?\\s*$',
        # A busy machine must not look like an endless loop.
        "timeout_constant": "6",
        "timeout_multiplier": "5",
        "track_dependencies": "false",
    }
    with (scratch / "setup.cfg").open("w", encoding="utf-8") as file:
        config.write(file)


def mutant_names(scratch: Path, group: Group) -> list[str]:
    """Return every mutant that mutmut makes of a group's modules, by its dotted name."""
    from mutmut.configuration import reset_config
    from mutmut.mutation.file_mutation import mutate_file_contents
    from mutmut.utils.format_utils import get_mutant_name

    names = []
    # mutmut reads its configuration from the folder that it is called in.
    with contextlib.chdir(scratch):
        reset_config()
        for module in group.modules:
            source = Path(module).read_text(encoding="utf-8")
            made = mutate_file_contents(module, source, None, set()).mutant_names
            names += [get_mutant_name(Path(module), name) for name in made]
    return names


def mutmut(scratch: Path, *args: str, quiet: bool = False) -> str:
    """Run mutmut in the copy; with ``quiet`` return what it says instead of showing it."""
    program = Path(sys.executable).parent / "mutmut"
    env = {**os.environ, "HYPOTHESIS_DATABASE_FILE": str(scratch / "examples")}
    done = subprocess.run(
        [str(program), *args],
        cwd=scratch,
        env=env,
        text=True,
        stdout=subprocess.PIPE if quiet else None,
    )
    if done.returncode and not quiet:
        sys.exit(f"mutmut stopped with {done.returncode} in {scratch}.")
    return done.stdout or ""


def outcomes(scratch: Path, chosen: list[str]) -> dict[str, str]:
    """Return what became of each chosen mutant, in mutmut's words."""
    lines = mutmut(scratch, "results", "--all", "true", quiet=True).splitlines()
    known = dict(line.strip().rsplit(": ", 1) for line in lines if ": " in line)
    return {name: known.get(name, "not checked") for name in chosen}


def run_group(
    scratch: Path, group: Group, sample: int, seed: int, processes: int
) -> dict[str, str]:
    """Try a group's mutants and show the survivors as differences. Returns each one's outcome."""
    shutil.rmtree(scratch / "mutants", ignore_errors=True)
    configure(scratch, group)
    names = mutant_names(scratch, group)
    chosen = sorted(random.Random(seed).sample(names, sample)) if 0 < sample < len(names) else names
    print(f"=== {group.name}: {len(chosen)} of {len(names)} mutants", flush=True)
    mutmut(scratch, "run", "--max-children", str(processes), *chosen)
    found = outcomes(scratch, chosen)
    for name, outcome in found.items():
        if outcome not in NOTICED:
            print(f"\n{outcome}: {mutmut(scratch, 'show', name, quiet=True)}")
    return found


def table(found: dict[str, dict[str, str]]) -> str:
    """Return killed/total a module, as a Markdown table."""
    lines = ["| module | killed | of |", "|---|---|---|"]
    for group, results in found.items():
        total: Counter[str] = Counter()
        killed: Counter[str] = Counter()
        for name, outcome in results.items():
            module = name.rpartition(".")[0]
            total[module] += 1
            killed[module] += outcome in NOTICED
        lines += [f"| {group}: `{one}` | {killed[one]} | {total[one]} |" for one in sorted(total)]
    everything = [outcome for results in found.values() for outcome in results.values()]
    lines.append(f"| all | {sum(o in NOTICED for o in everything)} | {len(everything)} |")
    return "\n".join(lines)


def main() -> None:
    """Parse the arguments and go through the groups."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("groups", nargs="*", help="names in pyproject.toml; all without any")
    parser.add_argument("--sample", type=int, default=40, help="mutants a group; 0 means all")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--processes", type=int, default=1)
    args = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory(prefix="reporter-mutation-") as folder:
        scratch = Path(folder)
        copy_repository(scratch)
        for group in groups(args.groups):
            found[group.name] = run_group(scratch, group, args.sample, args.seed, args.processes)
    print(f"\n{table(found)}")


if __name__ == "__main__":
    main()
