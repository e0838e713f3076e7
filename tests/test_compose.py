"""docker-compose.yml and the Dockerfile, as far as they can be checked without Docker."""

from __future__ import annotations

import ipaddress
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from parsepy.config import OPTIONS, Config

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")
VARIABLE = re.compile(r"\$\{(\w+):([-?])([^}]*)\}")


def instructions(name: str) -> list[str]:
    """The arguments of every Dockerfile instruction of this name, first to last."""
    return re.findall(rf"^{name} +(.*)$", DOCKERFILE, re.MULTILINE)


def filled_in(text: str) -> str:
    """`text` as compose gives it on, with `secret-of-<NAME>` for what the user must supply."""
    return VARIABLE.sub(lambda m: m[3] if m[2] == "-" else f"secret-of-{m[1]}", text)


def test_parsepy_waits_for_a_healthy_database_and_the_dashboard_for_parsepy() -> None:
    assert SERVICES["parsepy"]["depends_on"] == {"mongo": {"condition": "service_healthy"}}
    assert SERVICES["dashboard"]["depends_on"] == {"parsepy": {"condition": "service_healthy"}}
    assert "healthcheck" in SERVICES["mongo"]
    assert instructions("HEALTHCHECK")


def test_the_database_is_a_replica_set_that_makes_itself() -> None:
    mongo = SERVICES["mongo"]
    check = mongo["healthcheck"]["test"]
    name = mongo["command"][mongo["command"].index("--replSet") + 1]
    uri = SERVICES["parsepy"]["environment"]["PARSE_SERVER_DATABASE_URI"]
    assert check[:2] == ["CMD", "mongosh"]
    assert f'rs.initiate({{_id: "{name}"' in check[-1]
    assert "isWritablePrimary" in check[-1]
    assert uri == f"mongodb://mongo:27017/parse?replicaSet={name}"


def test_redis_comes_only_when_asked_for() -> None:
    assert SERVICES["redis"]["profiles"] == ["redis"]
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == [
        "parsepy",
        "mongo",
        "dashboard",
    ]


@pytest.mark.parametrize("service", ["parsepy", "dashboard"])
def test_no_secret_has_a_default(service: str) -> None:
    secrets = {
        name: value
        for name, value in SERVICES[service]["environment"].items()
        if re.search("MASTER_KEY$|PASSWORD|SECRET|USER_ID", name)
    }
    assert secrets
    for value in secrets.values():
        assert REQUIRED.fullmatch(value)


def test_make_env_writes_every_secret_anew_and_for_the_owner_only(tmp_path: Path) -> None:
    wanted = set(REQUIRED.findall((ROOT / "docker-compose.yml").read_text()))
    written = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        command = ["make", "--file", str(ROOT / "Makefile"), "env"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        assert (folder / ".env").stat().st_mode & 0o077 == 0
        lines = (folder / ".env").read_text().splitlines()
        written.append(dict(line.split("=", 1) for line in lines))
    first, second = written
    assert wanted <= first.keys()
    for secret in wanted - {"PARSE_DASHBOARD_USER_ID"}:
        assert len(first[secret]) == 48
        assert first[secret] != second[secret]


def test_every_variable_of_parsepy_is_one_of_its_options_with_a_good_value() -> None:
    options = {option.env: option.name for option in OPTIONS}
    environment: dict[str, str] = SERVICES["parsepy"]["environment"]
    assert environment.keys() <= options.keys()
    given: dict[str, Any] = {options[env]: filled_in(value) for env, value in environment.items()}
    config = Config.from_options(given)
    assert config.master_key == "secret-of-PARSE_SERVER_MASTER_KEY"
    assert config.server_url == "http://localhost:1337/parse"


def test_the_master_key_works_from_docker_networks_and_from_nowhere_public() -> None:
    listed = SERVICES["parsepy"]["environment"]["PARSE_SERVER_MASTER_KEY_IPS"].split(",")
    networks = [ipaddress.ip_network(entry) for entry in listed]
    for gateway in ("127.0.0.1", "172.17.0.1", "172.31.0.1", "192.168.65.1", "10.0.2.2", "::1"):
        address = ipaddress.ip_address(gateway)
        assert any(address in network for network in networks if network.version == address.version)
    assert all(network.is_private for network in networks)


def test_everything_is_published_on_loopback_only() -> None:
    published = {name: service.get("ports", []) for name, service in SERVICES.items()}
    assert {name: [filled_in(port) for port in ports] for name, ports in published.items()} == {
        "parsepy": ["127.0.0.1:1337:1337"],
        "mongo": [],
        "dashboard": ["127.0.0.1:4040:4040"],
        "redis": [],
    }


def test_the_dashboard_points_at_parsepy_as_the_browser_sees_it() -> None:
    dashboard, parsepy = SERVICES["dashboard"]["environment"], SERVICES["parsepy"]["environment"]
    assert dashboard["PARSE_DASHBOARD_SERVER_URL"] == parsepy["PARSE_SERVER_URL"]
    assert dashboard["PARSE_DASHBOARD_APP_ID"] == parsepy["PARSE_SERVER_APPLICATION_ID"]
    assert dashboard["PARSE_DASHBOARD_MASTER_KEY"] == parsepy["PARSE_SERVER_MASTER_KEY"]
    assert dashboard["PARSE_DASHBOARD_ALLOW_INSECURE_HTTP"] == "1"


def test_keys_and_data_are_in_volumes() -> None:
    volumes = {
        volume.split(":")[0]: volume.split(":")[1]
        for name in ("parsepy", "mongo")
        for volume in SERVICES[name]["volumes"]
    }
    assert volumes == {"parsepy": "/srv/parsepy/.parsepy", "mongo": "/data/db"}
    assert COMPOSE["volumes"].keys() == volumes.keys()
    assert instructions("VOLUME") == ["/srv/parsepy/.parsepy"]
    assert instructions("WORKDIR")[-1] == "/srv/parsepy"


def test_the_image_runs_as_an_ordinary_user_on_a_slim_base() -> None:
    assert instructions("USER") == ["parsepy"]
    assert DOCKERFILE.index("\nUSER") > DOCKERFILE.rindex("\nRUN")
    assert re.fullmatch(r"python:3\.\d+-slim", instructions("FROM")[-1])


def test_the_image_is_built_from_files_that_exist_and_are_not_ignored() -> None:
    allowed = [
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    copied = [
        path
        for arguments in instructions("COPY")
        if "--from" not in arguments
        for path in arguments.split()[:-1]
    ]
    assert copied
    assert sorted(copied) == sorted(allowed)
    for path in copied:
        assert (ROOT / path).exists()


def test_the_images_health_check_is_python_that_asks_the_health_route() -> None:
    (check,) = instructions("HEALTHCHECK")
    command = yaml.safe_load(check[check.index("[") :])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "HEALTHCHECK", "exec")
    assert "/health" in command[2]


def test_the_images_variables_are_options_too() -> None:
    variables = dict(part.split("=", 1) for part in shlex.split(instructions("ENV")[0]))
    ours = {name for name in variables if name.startswith(("PARSE", "PORT"))}
    assert ours == {"PARSE_SERVER_HOST", "PORT"}
    assert ours <= {option.env for option in OPTIONS}
    assert instructions("EXPOSE") == [variables["PORT"]]
