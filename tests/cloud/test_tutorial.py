"""The tutorial works as it stands: its commands, its rule, its test, its server."""

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.sdk.test_js_sdk import free_port

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
SECTIONS = {
    part.partition("\n")[0]: re.findall(r"```(\w+)\n(.*?)```", part, re.DOTALL)
    for part in PAGE.split("\n## ")[1:]
}
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
}


def run(commands: str, folder: Path) -> str:
    """Run the lines of a block in a folder; what they print. Fails with it if one fails."""
    done = subprocess.run(
        ["sh", "-ec", commands], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_tutorial_works_as_it_stands(tmp_path: Path, mongo_uri: str) -> None:
    (_, _), (_, begin) = SECTIONS["1. A project"]
    assert " passed" in run(begin, tmp_path)
    project = tmp_path / "notes"
    ((_, rule),) = SECTIONS["2. A rule"]
    with (project / "cloud" / "main.py").open("a") as main:
        main.write(f"\n\n{rule}")
    (_, test), (_, again) = SECTIONS["3. Its test"]
    (project / "cloud" / "tests" / "test_public.py").write_text(test)
    assert re.search(r"\b[3-9] passed", run(again, project))
    (_, serve), (_, ask) = SECTIONS["4. A server"]
    check, start = serve.splitlines()
    run(check, project)
    port = free_port()
    command = [*start.split(), "--port", str(port), "--database-uri", mongo_uri]
    server = subprocess.Popen(
        [str(Path(sys.executable).with_name(command[0])), *command[1:]],
        cwd=project,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    timer = threading.Timer(60, server.kill)
    timer.start()
    try:
        assert server.stdout is not None
        said = []
        for line in server.stdout:
            said.append(line)
            if "Try first" in line:
                break
        else:
            pytest.fail("".join(said))
        lines = ask.replace(":1337", f":{port}").splitlines()
        alias = re.sub(r'^alias parse="(.*)"$', r'parse() { \1 "$@"; }', lines[0])
        answers = run("\n".join([alias, *(f"{line}; echo" for line in lines[1:])]), project)
        assert ["sessionToken" in json.loads(line) for line in answers.splitlines()] == [True, True]
    finally:
        timer.cancel()
        server.terminate()
        server.communicate(timeout=20)
