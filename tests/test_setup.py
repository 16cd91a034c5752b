"""The set-up keeps its promises: nothing twice, nothing unasked, one clear sentence where it cannot go on."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import tomllib
from pathlib import Path

import pytest
import sqlalchemy
from machine import chromium_program
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


@pytest.fixture
def machine(tmp_path):
    """A copy of the set-up in an empty project, on a machine where every command is a stand-in that keeps a log."""
    return Machine(tmp_path)


class Machine:
    """A pretended computer: `self.log` has one line for every command the set-up ran on it."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.project = folder / "project"
        self.bin.mkdir()
        for name in ("scripts", ".ci"):
            shutil.copytree(ROOT / name, self.project / name)
        for name in ("pyproject.toml", "uv.lock"):
            (self.project / name).write_text("", encoding="utf-8")
        for name in ("bash", "env", "dirname", "mkdir", "rm", "cat", "grep", "sha256sum", "touch", "tail", "cp"):
            (self.bin / name).symlink_to(shutil.which(name))
        # What a healthy machine answers; a test overwrites what it is about.
        self.command("id", "echo 0")
        self.command("dpkg-query", "echo installed")
        self.command("apt-get")
        self.command("chromium")
        self.command("pg_ctl")
        self.command("true")
        self.command("uv", _stand_in_environment(self))

    @property
    def log(self) -> list[str]:
        path = self.project / "log"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def command(self, name: str, body: str = "") -> None:
        """Put a stand-in on the machine: a shell script that logs its name and arguments, then runs `body`."""
        path = self.bin / name
        log = f'echo "{name} $*" >> {self.project / "log"}\n' if name != "true" else ""
        path.write_text(f"#!/usr/bin/env bash\n{log}{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def remove(self, name: str) -> None:
        (self.bin / name).unlink()

    def set_up(self, mode: str = "app") -> subprocess.CompletedProcess[str]:
        """Run the set-up as a user would, with nothing but this machine's commands."""
        return subprocess.run(
            [self.project / "scripts/setup.sh", mode],
            env={"PATH": str(self.bin), "HOME": str(self.project.parent)},
            capture_output=True,
            text=True,
            check=False,
        )

    def ran(self, name: str) -> list[str]:
        return [line for line in self.log if line.split()[0] == name]


def test_first_run_syncs_the_locked_environment_offline_first(machine):
    assert machine.set_up("app").returncode == 0
    syncs = [line for line in machine.ran("uv") if " sync " in line]
    assert syncs == ["uv sync --quiet --offline --frozen --inexact --no-dev"]


def test_second_run_touches_neither_uv_nor_apt(machine):
    machine.set_up("test")
    before = len(machine.ran("uv"))
    for mode in ("app", "lint", "test"):
        assert machine.set_up(mode).returncode == 0
    assert len(machine.ran("uv")) == before
    assert machine.ran("apt-get") == []


def test_tests_after_app_add_the_developers_tools(machine):
    machine.set_up("app")
    machine.set_up("test")
    assert machine.ran("uv")[-1] == "uv sync --quiet --offline --frozen --inexact"


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml"])
def test_a_changed_lock_or_project_is_synced_again(machine, name):
    machine.set_up("app")
    (machine.project / name).write_text("changed", encoding="utf-8")
    before = len(machine.ran("uv"))
    machine.set_up("app")
    assert len(machine.ran("uv")) > before


def test_a_moved_folder_gets_a_new_environment(machine):
    machine.set_up("test")
    moved = machine.project.rename(machine.project.parent / "elsewhere")
    machine.project = moved
    (moved / ".venv/bin/pytest").touch()  # stands for a script that points into the old folder
    assert machine.set_up("test").returncode == 0
    assert not (moved / ".venv/bin/pytest").exists()
    assert (moved / ".venv/bin/casework").exists()


def test_an_environment_whose_python_is_gone_is_made_anew(machine):
    machine.set_up("app")
    (machine.project / ".venv/bin/python").unlink()
    assert machine.set_up("app").returncode == 0
    assert (machine.project / ".venv/bin/python").exists()


def test_the_network_is_tried_where_the_machine_has_not_everything(machine):
    machine.command("uv", f'[[ "$*" != *--offline* ]] || exit 1\n{_stand_in_environment(machine)}')
    assert machine.set_up("app").returncode == 0
    assert machine.ran("uv")[-1] == "uv sync --frozen --inexact --no-dev"


@pytest.mark.parametrize(
    ("fails", "sentence"), [("python", "Python 3.11 or newer is needed"), ("sync", "Could not prepare the Python")]
)
def test_no_environment_ends_in_one_sentence_and_leaves_no_stamp(machine, fails, sentence):
    machine.command("uv", f'[[ "$1" != {fails} ]]')
    result = machine.set_up("app")
    assert result.returncode == 1
    assert result.stderr.strip().splitlines()[-1].startswith(sentence)
    assert not (machine.project / ".setup/app.stamp").exists()


def test_an_old_system_python_is_no_hindrance(machine):
    machine.command("uv", f'[[ "$2" != find ]] || exit 2\n{_stand_in_environment(machine)}')
    assert machine.set_up("app").returncode == 0
    assert "uv python install 3.12" in machine.log


def test_a_package_the_system_does_not_know_is_left_out(machine):
    machine.command("dpkg-query", "exit 1")
    machine.command("apt-cache", '[[ "$2" == *subset* ]] || echo "$2 | 1 | archive"')
    assert machine.set_up("app").returncode == 0
    assert machine.ran("apt-get")[-1].endswith("install-recommends libpango-1.0-0 libpangoft2-1.0-0 fonts-noto-cjk")


def test_root_gets_exactly_the_missing_packages(machine):
    machine.command("dpkg-query", '[[ "$*" == *fonts-noto-cjk* || "$*" == *pangoft2* ]] || echo installed')
    assert machine.set_up("app").returncode == 0
    installs = [line for line in machine.ran("apt-get") if " install " in line]
    assert installs == ["apt-get -qq install -y --no-install-recommends libpangoft2-1.0-0 fonts-noto-cjk"]


def test_tests_also_need_browser_poppler_and_postgresql(machine):
    machine.command("dpkg-query", "exit 1")
    machine.command("apt-get", _create(machine, "chromium", "pg_ctl"))
    machine.remove("chromium")
    machine.remove("pg_ctl")
    result = machine.set_up("test")
    asked_for = set(machine.ran("apt-get")[-1].split())
    # The one thing a stand-in cannot hide: the real machine's server programs have a fixed place.
    assert ("postgresql" in asked_for) != any(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    assert {"poppler-utils", "fonts-noto-cjk"} <= asked_for
    assert "chromium" in asked_for or "playwright" in result.stderr  # Ubuntu has no such package


@pytest.mark.parametrize("sudo", [None, "exit 1"], ids=["no sudo", "sudo asks for a password"])
def test_a_user_who_may_not_install_gets_one_sentence_and_nothing_else_happens(machine, sudo):
    machine.command("id", "echo 1000")
    machine.command("dpkg-query", "exit 1")
    if sudo:
        machine.command("sudo", sudo)
    result = machine.set_up("app")
    assert result.returncode == 1
    chinese, english = result.stderr.split("\n")[1:3]
    command = "apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
    assert command in chinese
    assert command in english
    assert len(result.stderr.strip().splitlines()) == 2
    assert machine.ran("apt-get") == machine.ran("uv") == []


def test_a_user_with_sudo_installs_through_it(machine):
    machine.command("id", "echo 1000")
    machine.command("dpkg-query", "exit 1")
    machine.command("sudo", 'shift; exec "$@"')
    assert machine.set_up("app").returncode == 0
    assert any("apt-get -qq install" in line for line in machine.ran("sudo"))


def test_without_uv_a_private_one_is_made(machine):
    machine.remove("uv")
    make_uv = f"mkdir -p .setup/uv/bin; cp {machine.bin / 'pip'} .setup/uv/bin/pip"
    machine.command("python3", f'[[ "$2" != venv ]] || {{ {make_uv}; }}')
    machine.command("made-uv", _stand_in_environment(machine))
    machine.command("pip", f"cp {machine.bin / 'made-uv'} .setup/uv/bin/uv")
    result = machine.set_up("app")
    assert result.returncode == 0, result.stderr
    assert any(line.startswith("made-uv sync") for line in machine.log)


def test_without_venv_its_package_is_asked_for(machine):
    machine.remove("uv")
    machine.command("id", "echo 1000")
    machine.command("python3", "exit 1")
    machine.command("dpkg-query", '[[ "$*" == *venv* ]] || echo installed')
    result = machine.set_up("app")
    assert result.returncode == 1
    assert "install -y --no-install-recommends python3-venv" in result.stderr


def test_without_uv_python_and_apt_the_sentence_names_uv(machine):
    for name in ("uv", "apt-get"):
        machine.remove(name)
    result = machine.set_up("app")
    assert result.returncode == 1
    assert "https://docs.astral.sh/uv/" in result.stderr


def test_printing_without_pango_is_said_once_python_is_there(machine):
    machine.remove("apt-get")  # a system whose packages we do not know
    machine.command("true", '[[ "$*" != *weasyprint* ]]')
    result = machine.set_up("app")
    assert result.returncode == 1
    assert "Pango" in result.stderr


@pytest.mark.parametrize("broken", ["test", "lint"])
def test_ci_fails_when_either_command_fails(machine, broken):
    machine.command("make", f'[[ "$1" != {broken} ]]')
    run = subprocess.run([machine.project / ".ci/run"], env={"PATH": str(machine.bin)}, check=False)
    assert run.returncode != 0
    assert machine.log[0] == "make test"


def test_ci_runs_both_commands(machine):
    machine.command("make", '[[ "$CI" == true ]]')
    assert subprocess.run([machine.project / ".ci/run"], env={"PATH": str(machine.bin)}, check=False).returncode == 0
    assert machine.log == ["make test", "make lint"]


def test_the_lock_belongs_to_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    (own,) = [package for package in lock["package"] if package["name"] == "casework"]
    locked = own["metadata"]
    assert _requirements(project["project"]["dependencies"]) == _locked(locked["requires-dist"])
    assert _requirements(project["dependency-groups"]["dev"]) == _locked(locked["requires-dev"]["dev"])
    assert project["project"]["requires-python"] == lock["requires-python"]


def test_make_app_prepares_the_demo_ledger_then_opens_the_worksheets(machine):
    shutil.copy(ROOT / "Makefile", machine.project)
    machine.command("casework")
    copy = f"cp {machine.bin / 'casework'} .venv/bin/casework"
    machine.command("uv", f"{_stand_in_environment(machine)}; {copy}")
    make = [shutil.which("make"), "app"]
    subprocess.run(make, cwd=machine.project, env={"PATH": str(machine.bin)}, check=True, capture_output=True)
    assert machine.log[-2:] == ["casework init --demo", "casework serve --demo --open"]


def test_make_alone_explains_every_target():
    shown = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("app", "test", "lint", "bench"):
        (line,) = [line for line in shown.stdout.splitlines() if line.startswith(f"  make {target} ")]
        assert len(line.split(maxsplit=2)[2]) > 20


def test_the_real_set_up_is_quick_the_second_time():
    subprocess.run([ROOT / "scripts/setup.sh", "lint"], check=True)
    started = time.perf_counter()
    subprocess.run([ROOT / "scripts/setup.sh", "lint"], check=True)
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_a_database_of_its_own(database_url, turn):
    engine = sqlalchemy.create_engine(database_url)
    with engine.begin() as connection:
        # Fails in the second turn if the first one's table were still there.
        connection.execute(sqlalchemy.text("CREATE TABLE 示例 (名称 TEXT)"))
        connection.execute(sqlalchemy.text("INSERT INTO 示例 VALUES ('慰问')"))
        assert connection.execute(sqlalchemy.text("SELECT 名称 FROM 示例")).scalar_one() == "慰问"
    assert engine.dialect.name == database_url.split(":")[0].split("+")[0]
    engine.dispose()


def test_the_browser_is_there():
    assert os.access(chromium_program(), os.X_OK)


def _requirements(lines: list[str]) -> set[tuple[str, str, str]]:
    """Name, extras and bounds of each, as `_locked` gives them."""
    parsed = [Requirement(line) for line in lines]
    return {(r.name, ",".join(sorted(r.extras)), str(r.specifier)) for r in parsed}


def _locked(entries: list[dict[str, object]]) -> set[tuple[str, str, str]]:
    own = [e for e in entries if "extra ==" not in e.get("marker", "")]
    return {(e["name"], ",".join(e.get("extras", [])), e.get("specifier", "")) for e in own}


def _stand_in_environment(machine: Machine) -> str:
    true = machine.bin / "true"
    return f"mkdir -p .venv/bin; cp {true} .venv/bin/python; cp {true} .venv/bin/casework"


def _create(machine: Machine, *names: str) -> str:
    return "; ".join(f"cp {machine.bin / 'true'} {machine.bin / name}" for name in names)
