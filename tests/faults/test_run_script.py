"""The script `run` on its own: which Python, folder and environment; with stubs instead of the product."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("cat", "cmp", "cp", "dirname", "env", "id", "mkdir", "rm", "sh", "sleep")
STUB = """
import json, os, sys
keys = ("SHUNIU_ENV", "SHUNIU_INSTANCE")
sys.stdout.write(json.dumps([os.getcwd(), {key: os.environ.get(key) for key in keys}, sys.argv[1:]]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of stubs whose lock file names nothing, in a folder with spaces."""
    root = tmp_path / "a clone (枢纽)"
    (root / "app").mkdir(parents=True)
    shutil.copy(ROOT / "run", root / "run")
    shutil.copy(ROOT / "app" / "installed.py", root / "app" / "installed.py")
    (root / "app" / "__init__.py").touch()
    for name in ("serve", "commands"):
        (root / "app" / f"{name}.py").write_text(STUB)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (root / name).write_text("# nothing\n")
    return root


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder for PATH that has what `run` uses, but no Python and no uv."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder


def make_environment(root: Path) -> None:
    venv.create(root / ".venv", with_pip=False, symlinks=True)


def call(root: Path, *words: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SHUNIU_")}
    return subprocess.run(
        [str(root / "run"), *words],
        cwd=cwd,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def said(answer: "subprocess.CompletedProcess[str]") -> list[object]:
    assert answer.returncode == 0, answer.stderr
    found: list[object] = eval(answer.stdout.replace("null", "None"))
    return found


def test_it_means_the_demo_and_serve_and_flask_mean_production(project: Path, tmp_path: Path) -> None:
    make_environment(project)
    answer = said(call(project, cwd=tmp_path))
    assert answer == [str(project), {"SHUNIU_ENV": "demo", "SHUNIU_INSTANCE": None}, ["--demo"]]
    assert said(call(project, "serve", cwd=tmp_path))[1] == {
        "SHUNIU_ENV": "production",
        "SHUNIU_INSTANCE": None,
    }
    answer = said(call(project, "flask", "a b", "--c", cwd=tmp_path))
    assert answer == [str(tmp_path), {"SHUNIU_ENV": "production", "SHUNIU_INSTANCE": None}, ["a b", "--c"]]
    assert said(call(project, cwd=tmp_path, SHUNIU_ENV="test"))[1] == {
        "SHUNIU_ENV": "test",
        "SHUNIU_INSTANCE": None,
    }


def test_it_works_from_anywhere_and_understands_paths_from_where_the_caller_stands(
    project: Path, tmp_path: Path
) -> None:
    make_environment(project)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text("raise SystemExit('the wrong app')")
    folder, settings, _ = said(call(project, "serve", cwd=tmp_path, SHUNIU_INSTANCE="here it is"))
    assert folder == str(project)
    assert settings == {"SHUNIU_ENV": "production", "SHUNIU_INSTANCE": str(tmp_path / "here it is")}
    assert said(call(project, "flask", cwd=tmp_path))[0] == str(tmp_path)
    (tmp_path / "link").symlink_to(project)
    assert said(call(tmp_path / "link", "serve", cwd=project))[0] == str(project)


def test_an_environment_that_holds_the_lock_is_taken_as_it_is(project: Path, tmp_path: Path) -> None:
    make_environment(project)
    assert said(call(project, cwd=tmp_path))
    stamp = project / ".venv" / "installed.lock"
    assert stamp.read_text() == "# nothing\n"
    (project / "requirements.lock").write_text("# nothing else\n")
    assert said(call(project, cwd=tmp_path))
    assert stamp.read_text() == "# nothing else\n"
    assert not (project / ".venv.making").exists()


def test_without_a_fitting_python_it_says_which_one_and_how(project: Path, tools: Path) -> None:
    answer = call(project, cwd=project, PATH=str(tools))
    assert answer.returncode == 1
    assert "Python 3.11 or later" in answer.stderr
    assert not (project / ".venv.making").exists()


def test_without_python3_venv_it_names_the_package(project: Path, tools: Path) -> None:
    fake = tools / "python3"
    fake.write_text(f'#!/bin/sh\ncase "$*" in *"-m venv"*) exit 1;; esac\nexec "{sys.executable}" "$@"\n')
    fake.chmod(0o755)
    answer = call(project, cwd=project, PATH=str(tools))
    assert answer.returncode == 1
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert answer.stderr.splitlines()[-1].endswith(f"apt-get install python{version}-venv")


def test_an_unknown_word_is_answered_with_the_list(project: Path) -> None:
    answer = call(project, "dance", cwd=project)
    assert answer.returncode == 64
    assert "./run serve" in answer.stderr
    assert call(project, "help", cwd=project).returncode == 0


def test_it_is_plain_posix_shell() -> None:
    dash = shutil.which("dash")
    if dash is None:
        pytest.skip("needs dash")
    assert subprocess.run([dash, "-n", str(ROOT / "run")]).returncode == 0
    assert os.access(ROOT / "run", os.X_OK)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
