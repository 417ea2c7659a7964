"""The compose files without Docker: every setting, program, module and broker route in it is there in the code."""

import importlib.util
import re
from typing import Any

import pytest
import yaml

from plugin import config
from plugin.cli.command import milepost
from plugin.run import parts
from tasks import routes
from tests.architecture.house import ROOT, setup_cfg

Service = dict[str, Any]  # Any: a YAML file's own shape
PRIVATE = ("postgres", "redis", "hapi-postgres")
FILES = ("compose.yaml", "openemr/compose.yaml")
SORTS = (routes.READING, routes.ACTING, routes.PEOPLE, routes.PREVIEWING)


def whole(file: str) -> dict[str, Any]:
    """A file with YAML's anchors resolved."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / file).read_text())
    return found


def services(file: str = FILES[0]) -> dict[str, Service]:
    """The services of one file."""
    found: dict[str, Service] = whole(file)["services"]
    return found


def ours() -> dict[str, Service]:
    """The services that run Milepost's own image."""
    return {name: service for name, service in services().items() if service["image"].startswith("milepost:")}


def option(command: list[str], name: str) -> str:
    """The word after an option."""
    return command[command.index(name) + 1]


def test_every_setting_exists() -> None:
    """A variable that Milepost would not read has no business in the file."""
    given = {name for service in ours().values() for name in service["environment"]}

    assert given - set(config.variables()) == set()


def test_the_settings_are_accepted() -> None:
    """Milepost starts with what the file gives it, once the passwords are filled in."""
    for service in ours().values():
        filled = {name: re.sub(r"\$\{[^}]*\}", "secret", text) for name, text in service["environment"].items()}

        assert config.settings(filled).redis_url == "redis://:secret@redis:6379/0"


def test_every_command_is_one() -> None:
    """Each container starts a program that the image installs, on a module that is in the wheel."""
    scripts = re.findall(r"^(\S+) = ", setup_cfg()["options.entry_points"]["console_scripts"].strip(), re.MULTILINE)
    installed = {*scripts, "celery", "gunicorn"}

    for service in ours().values():
        command = service["command"]

        assert command[0] in installed
        if command[0] == "milepost":
            assert command[1] in milepost.commands
        if command[0] == "celery":
            assert importlib.util.find_spec(option(command, "--app")) is not None


def test_every_broker_route_is_consumed() -> None:
    """A task that no worker takes would wait for ever; and no two sorts of work share a worker."""
    commands = [service["command"] for service in ours().values() if "worker" in service["command"]]
    consumed = [set(option(command, "--queues").split(",")) for command in commands]

    assert sorted(consumed, key=sorted) == sorted([set(sort) for sort in SORTS], key=sorted)
    assert set(routes.ROUTES.values()) == set().union(*consumed)


def test_milepost_run_consumes_every_broker_route() -> None:
    """On one machine the same workers are started as in the containers."""
    commands = [list(part.command) for part in parts("127.0.0.1:8700") if "--queues" in part.command]
    consumed = [set(option(command, "--queues").split(",")) for command in commands]

    assert sorted(consumed, key=sorted) == sorted([set(sort) for sort in SORTS], key=sorted)


def test_milepost_run_and_the_containers_start_the_same_words() -> None:
    """An option that is set in one place only is a difference that nobody meant."""
    here = [set(part.command[3:]) for part in parts("127.0.0.1:8700") if "celery" in part.command]
    there = [set(service["command"][1:]) for service in ours().values() if service["command"][0] == "celery"]

    assert sorted(map(sorted, here)) == sorted(map(sorted, there))


def test_the_web_process_is_configured_by_the_file_that_the_image_holds() -> None:
    """The path in the command is where the Dockerfile puts the file."""
    path = option(services()["web"]["command"], "--config")

    assert f"COPY deploy/gunicorn.conf.py {path}" in (ROOT / "deploy" / "Dockerfile").read_text()


def test_what_holds_data_is_not_published() -> None:
    """Redis and the databases are reached by their neighbours only, and ask even them for a password."""
    given = services()
    of_openemr = services("openemr/compose.yaml")["mariadb"]

    assert [name for name in PRIVATE if "ports" in given[name]] == []
    assert "--requirepass" in given["redis"]["command"]
    assert all("POSTGRES_PASSWORD" in given[name]["environment"] for name in PRIVATE if name != "redis")
    assert "ports" not in of_openemr
    assert "MARIADB_ROOT_PASSWORD" in of_openemr["environment"]


@pytest.mark.parametrize("file", FILES)
def test_what_is_published_is_on_loopback(file: str) -> None:
    """Nothing answers from outside this machine until somebody decides so."""
    ports = [port for service in services(file).values() for port in service.get("ports", ())]

    assert ports != []
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_image_is_of_one_version() -> None:
    """`latest` is another program tomorrow."""
    images = [service["image"] for file in FILES for service in services(file).values()]

    assert [image for image in images if not re.search(r":v?\d", image)] == []
    assert {image for image in images if image.startswith("milepost:")} == {
        f"milepost:{setup_cfg()['metadata']['version']}"
    }


@pytest.mark.parametrize("file", FILES)
def test_every_volume_is_declared(file: str) -> None:
    """Data lives in named volumes that survive the containers."""
    used = {volume.partition(":")[0] for service in services(file).values() for volume in service.get("volumes", ())}

    assert used == set(whole(file)["volumes"])


def test_both_files_can_run_together() -> None:
    """No service or volume of the one hides one of the other, and each port of the machine is taken once."""
    first, second = (whole(file) for file in FILES)
    ports = [port for file in FILES for service in services(file).values() for port in service.get("ports", ())]

    assert set(first["services"]) & set(second["services"]) == set()
    assert set(first["volumes"]) & set(second["volumes"]) == set()
    assert len({port.split(":")[1] for port in ports}) == len(ports)
