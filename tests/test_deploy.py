"""What `deploy/` offers is valid: manifests by Kubernetes' schemas, proxies by themselves."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # has no types
import pytest
import yaml

from parsepy.cli import main
from parsepy.config import Config

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
MANIFESTS = sorted(path for path in KUBERNETES.glob("*.yaml") if path.name != "kustomization.yaml")
OURS = "mongodbcommunity.mongodb.com/v1"


def documents(path: Path) -> list[Any]:
    """The resources in a file."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def everything() -> list[Any]:
    """All resources."""
    return [document for path in MANIFESTS for document in documents(path)]


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifests_fit_the_schemas_of_kubernetes(path: Path) -> None:
    for document in documents(path):
        if document["apiVersion"] != OURS:  # of an operator, whose schema is not Kubernetes'
            kubernetes_validate.validate(document, "1.31", strict=True)


def test_the_kustomization_names_every_manifest_or_says_when() -> None:
    text = (KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8")
    for path in MANIFESTS:
        assert re.search(rf"^#?\s+- {re.escape(path.name)}$", text, re.MULTILINE), path.name
    named = yaml.safe_load(text)
    assert all((KUBERNETES / name).is_file() for name in named["resources"])
    assert all((KUBERNETES / name).is_file() for name in named["configMapGenerator"][0]["files"])


def test_services_and_budgets_choose_pods_that_there_are() -> None:
    found = everything()
    labels = [
        document["spec"]["template"]["metadata"]["labels"]
        for document in found
        if document["kind"] == "Deployment"
    ]
    for document in found:
        chosen = document.get("spec", {}).get("selector", {})
        chosen = chosen.get("matchLabels", chosen)
        if chosen and "app" not in chosen:  # those of MongoDB make its operator
            assert any(chosen.items() <= each.items() for each in labels), document["metadata"]
    services = {d["metadata"]["name"] for d in found if d["kind"] == "Service"}
    for ingress in (d for d in found if d["kind"] == "Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                assert path["backend"]["service"]["name"] in services


def test_pods_have_time_to_stop_and_roles_that_there_are() -> None:
    options = json.loads((KUBERNETES / "config.json").read_text(encoding="utf-8"))
    roles = set()
    for deployment in everything():
        if deployment["kind"] != "Deployment" or deployment["metadata"]["name"] == "redis":
            continue
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        role = container["args"][container["args"].index("--role") + 1]
        roles.add(role)
        config = Config.from_options({**options, "masterKey": "secret", "processRole": role})
        wait = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
        assert pod["terminationGracePeriodSeconds"] >= wait + config.shutdown_timeout + 15
    assert roles == {"api", "live", "jobs"}


def test_the_configuration_is_one_without_a_warning(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARSE_SERVER_MASTER_KEY", "secret")
    assert main(["config", "check", str(KUBERNETES / "config.json")]) == 0, capsys.readouterr().out


# --- proxies and services, where they are installed ---------------------------------------------


def program(name: str) -> str:
    """Where a program is; the test is skipped without it, but not in CI."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is not None:
        return found
    if os.environ.get("CI") and name in ("haproxy", "nginx"):
        pytest.fail(f"{name} is wanting: apt-get install {name}")
    pytest.skip(f"needs {name}")


def ran(*command: str) -> None:
    """Run a check, which must be content."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_haproxy_takes_its_configuration(tmp_path: Path) -> None:
    text = (DEPLOY / "haproxy/haproxy.cfg").read_text(encoding="utf-8")
    path = tmp_path / "haproxy.cfg"
    path.write_text(re.sub(r"parsepy-\d", "127.0.0.1", text), encoding="utf-8")
    ran(program("haproxy"), "-c", "-f", str(path))


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx/parsepy.conf").read_text(encoding="utf-8")
    inner = re.sub(r"parsepy-\d", "127.0.0.1", text).replace("listen 80", "listen 127.0.0.1:0")
    inner = inner.replace("127.0.0.1:0;", "127.0.0.1:21399;")
    path = tmp_path / "nginx.conf"
    around = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {inner} }}"
    path.write_text(around, encoding="utf-8")
    ran(program("nginx"), "-t", "-q", "-p", str(tmp_path), "-c", str(path))


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "systemd/parsepy.service").read_text(encoding="utf-8")
    path = tmp_path / "parsepy.service"
    path.write_text(text.replace("/opt/parsepy/bin/parsepy", "/bin/true"), encoding="utf-8")
    done = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "parsepy.service:" not in done.stderr, done.stderr


def test_traefiks_and_caddys_files_send_requests_to_both_servers() -> None:
    traefik = yaml.safe_load((DEPLOY / "traefik/parsepy.yaml").read_text(encoding="utf-8"))
    servers = traefik["http"]["services"]["parsepy"]["loadBalancer"]["servers"]
    assert [server["url"] for server in servers] == [
        "http://parsepy-1:1337",
        "http://parsepy-2:1337",
    ]
    caddy = (DEPLOY / "caddy/Caddyfile").read_text(encoding="utf-8")
    assert "reverse_proxy parsepy-1:1337 parsepy-2:1337" in caddy
    assert caddy.count("{") == caddy.count("}")


def test_the_image_ends_as_it_should() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^STOPSIGNAL SIGTERM$", text, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", text, re.MULTILINE)
