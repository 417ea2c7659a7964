"""Logs: events with fields, one object a line, and no secret in any of them, whoever writes."""

import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest

from plugin.domain.errors import SAYS
from plugin.ops.logs import configure_logs, cut, log_for, where

CANARY = "canary-4711"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Leaves the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    logging.captureWarnings(False)


Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """What was written so far, each line as JSON."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_one_object_a_line(lines: Lines) -> None:
    """Constant event, ids as fields, a stamp, the logger's name."""
    configure_logs("debug", "json")
    log_for("tasks").info("task_done", task="milepost.tick", source_id=3)

    (line,) = lines()
    assert line["event"] == "task_done"
    assert line["task"] == "milepost.tick"
    assert line["source_id"] == 3
    assert line["logger"] == "milepost.tasks"
    assert line["level"] == "info"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", str(line["timestamp"]))


def test_the_level_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """At `warning`, an `info` is not written."""
    configure_logs("warning", "json")

    log_for("tasks").info("quiet")
    log_for("tasks").warning("loud")

    assert "quiet" not in (written := capsys.readouterr().err)
    assert "loud" in written


@pytest.mark.parametrize(
    "field", ["code", "state", "token", "access_token", "Authorization", "Set-Cookie", "hook_path"]
)
def test_a_field_that_is_named_like_a_secret_is_dropped(lines: Lines, field: str) -> None:
    """Whoever logs it by mistake has logged nothing."""
    configure_logs("debug", "json")
    log_for("api").info("launched", **{field: CANARY})

    (line,) = lines()
    assert CANARY not in json.dumps(line)


@pytest.mark.parametrize(
    "text",
    [
        f"GET http://127.0.0.1/fhir/Patient?name={CANARY}&_count=3 failed",
        f"/callback?code={CANARY}&state={CANARY}",
        f"Authorization: Bearer {CANARY}",
        f"{{'access_token': '{CANARY}', 'expires_in': 300}}",
        f"connecting to redis://:{CANARY}@cache:6379/0",
        f"postgresql+psycopg://milepost:{CANARY}@db/milepost",
        f"Basic {CANARY}",
        f"client_assertion={CANARY}",
        f"GET Patient/p1 at http://127.0.0.1/fhir: 500{SAYS}no such name: {CANARY};\n{CANARY}",
    ],
)
def test_what_another_library_tells_is_cut(lines: Lines, text: str) -> None:
    """Queries, credentials in addresses, tokens and a server's own words (which may quote a chart: row 7) are taken out of
    every text, also out of our own."""
    configure_logs("debug", "json")
    logging.getLogger("some.library").warning("%s", text)
    log_for("api").warning("note", words=text)

    foreign, own = lines()
    assert CANARY not in json.dumps(foreign)
    assert CANARY not in json.dumps(own)


def test_ordinary_words_are_left_alone() -> None:
    """The filter does not eat what an operator needs."""
    text = "http://127.0.0.1:8180/fhir/CarePlan: HTTP 503, is it running? Source hapi, 3 tries"

    assert cut(text) == text


@pytest.mark.parametrize("name", ["urllib3.connectionpool", "requests.sessions", "werkzeug", "gunicorn.access"])
def test_loggers_that_tell_addresses_are_kept_at_errors(lines: Lines, name: str) -> None:
    """Even at `debug` nothing of them is written below an error."""
    configure_logs("debug", "json")
    logging.getLogger(name).warning("GET /Patient/%s", CANARY)

    assert lines() == []


@pytest.mark.parametrize(
    "name", ["celery.app.trace", "celery.worker.strategy", "celery.beat", "redbeat", "kombu.mixins"]
)
def test_celery_tells_no_arguments(lines: Lines, name: str) -> None:
    """Its lines about each task are not written; ours are."""
    configure_logs("debug", "json")
    logging.getLogger(name).info("Task received: %s", CANARY)

    assert lines() == []


def test_a_message_that_celery_refuses_is_not_quoted(lines: Lines) -> None:
    """Celery puts headers and body of what it cannot decode into its line."""
    configure_logs("debug", "json")
    words = f"Can't decode message body: ContentDisallowed [type:'x' encoding:'y' headers:{{'a': '{CANARY}'}}]\n\nbody: {CANARY}"

    logging.getLogger("celery.worker.consumer.consumer").critical(words)

    (line,) = lines()
    assert "ContentDisallowed" in str(line["event"])
    assert CANARY not in json.dumps(line)


def test_an_error_is_told_by_type_and_place(lines: Lines) -> None:
    """Its words may quote a record, so they are not written; the place is enough to look."""
    configure_logs("debug", "json")
    try:
        raise KeyError(CANARY)
    except KeyError as error:
        place = where(error)
        logging.getLogger("some.library").exception("failed")
        log_for("tasks").error("crashed", exc_info=True)

    for line in lines():
        assert line["error"] == "KeyError"
        assert line["where"] == place
        assert "test_logs.py" in place
        assert CANARY not in json.dumps(line)


def test_people_get_lines_they_can_read(capsys: pytest.CaptureFixture[str]) -> None:
    """`console` is one readable line, with the same cuts."""
    configure_logs("info", "console")

    log_for("tasks").info("task_done", task="milepost.tick", token=CANARY, words=f"Bearer {CANARY}")

    (line,) = capsys.readouterr().err.splitlines()
    assert "task_done" in line
    assert "milepost.tick" in line
    assert CANARY not in line
