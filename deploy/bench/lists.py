"""The lists of work, gaps and patients in a large practice, as the web process answers them to somebody who is signed
in.

The rows are the product's own, multiplied by COPY; then names, tiers, programs and owners are spread over them.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
from flask.testing import FlaskClient

from deploy.bench.events import percentile
from deploy.bench.installation import ZONE, BenchFailure, Installation, Milepost
from deploy.bench.rows import Template, multiply, refresh
from deploy.bench.stopwatch import timed
from deploy.bench.tick import patient_rows
from deploy.services.redis import redis_server
from plugin import bootstrap
from plugin.app import create_app
from plugin.config import settings
from plugin.domain.account import Account, OpenSession
from plugin.domain.queue import HIGHEST, OF_TIER, Show, Wanted
from plugin.usecases.services import Services
from ui_extension.admin.session import COOKIE

MOST_MS = 100.0
"""The goal for the 95th percentile of every page."""
WARMING = 3
MOST_CLAIMS = 100
OF_LATE = 0.4
"""This part of all patients has an open gap, and half of those has work that waits."""
OK, SEE_OTHER = 200, 303
_NONE = "none"
"""What an account has with which nobody signs in."""
_OURS = "http://localhost"
_LATE_TABLES = ("patient", "fact", "plan", "milestone", "effect")
_TABLES = (*_LATE_TABLES, "patient_word", "work_item", "work_item_step", "audit")

_SEARCHES = {
    "a rare name": "quixano",
    "a common name": "ana name12",
    "too common a name": "sample",
    "an MRN": "DEMO-0012345",
    "a date of birth": "4/2/1961",
}
_NARROWED: Mapping[str, Mapping[str, str]] = {
    "work": {
        "mine": "whose=mine",
        "my roles'": "whose=roles",
        "everybody's": "whose=all",
        "put aside": "whose=all&show=snoozed",
        "tier 3": "whose=all&tier=3",
        "a role": "whose=all&role=scheduler",
        "a program": "whose=all&program=program-3",
        "a rare program": "whose=all&program=rare",
        "a stage": "whose=all&stage=review",
        "program and stage": "whose=all&program=program-3&stage=closure",
    },
    "gaps": {
        "neither booked nor held": "",
        "all": "show=all",
        "on hold": "show=on-hold",
        "my roles'": "whose=roles",
        "tier 4": "tier=4",
        "a role": "role=provider",
        "a program": "program=program-3",
        "a rare program": "program=rare",
        "no program": "program=-",
        "a stage": "stage=review",
        "program and stage": "program=program-3&stage=closure",
    },
    "patients": {
        "everybody": "",
        "with something late": "show=todo",
        "nothing late": "tier=0",
        "a program": "program=program-3",
        "a rare program": "program=rare",
        "a stage": "stage=review",
        "program and stage": "program=program-3&stage=closure",
    },
}
_AUDIT = {"everything": "", "a person": "who=user:7", "a patient": "record=bench/Patient/77"}


@dataclass(frozen=True)
class ListFigures:
    """How long each page took, in the order of asking; in a database of so many plans and audit rows. ``after_claim`` is the
    page that follows one's own act: its sums are counted anew, and it says what became of the act."""

    plans: int
    audit_rows: int
    ms: Mapping[str, Sequence[float]]
    after_claim: Sequence[float]

    @property
    def p95_ms(self) -> float:
        """Of the page that takes longest."""
        return max(percentile(values, 95) for values in self.ms.values())

    @property
    def slowest(self) -> str:
        """Which page that is."""
        return max(self.ms, key=lambda name: percentile(self.ms[name], 95))


def measure_lists(installation: Installation, *, plans: int, audit_rows: int, repetitions: int) -> ListFigures:
    """Every list with its commonest filters, first page and one in the middle, asked in turn."""
    now = datetime.now(UTC)  # noqa: TID251 - the pages are drawn by the clock of the web process
    today = now.astimezone(ZoneInfo(ZONE)).date()
    late = patient_rows(installation, today - timedelta(days=12), now, is_assessed=True)
    quiet = patient_rows(installation, today + timedelta(days=30), now, is_assessed=True)
    with installation.fresh() as milepost, redis_server() as redis:
        fill(milepost, late, quiet, plans=plans, audit_rows=audit_rows, today=today)
        chosen = {**installation.variables(milepost.url), "MILEPOST_REDIS_URL": redis.url()}
        services = bootstrap.connected(settings(chosen))
        try:
            with _desk(services) as desk:
                return ListFigures(plans, audit_rows, *desk.measured(repetitions))
        finally:
            services.database.close()


# ------------------------------------------------------------------------------------------------------------ the rows
def fill(milepost: Milepost, late: Template, quiet: Template, *, plans: int, audit_rows: int, today: date) -> None:
    """So many patients, each with one plan of four steps."""
    with psycopg.connect(milepost.url.replace("+psycopg", "")) as connection:
        first_quiet = int(plans * OF_LATE) + 1
        multiply(connection, _slim(late, effects=True), range(1, first_quiet))
        multiply(connection, _slim(quiet, effects=False), range(first_quiet, plans + 1))
        for statement in (*_spread(today), *_work()):
            connection.execute(statement)
        _audit(connection, audit_rows)
        refresh(connection, _TABLES)


def _slim(template: Template, *, effects: bool) -> Template:
    """Of the facts only the one about the patient: no list reads another."""
    of_patient = b"".join(
        line
        for line in template.lines["fact"].splitlines(keepends=True)
        if line.split(b"\t")[2].startswith(b"Patient/")
    )
    tables = _LATE_TABLES if effects else _LATE_TABLES[:-1]
    lines = {**template.lines, "fact": of_patient}
    return Template({table: template.columns[table] for table in tables}, {table: lines[table] for table in tables})


_TIER = "(1 + {id} % 4)"
_DUE = "('{today}'::date - (ARRAY[4, 11, 22, 40])[1 + {id} % 4] - ({id} % 5)::int)"
_RANK = (
    f"((({HIGHEST} - {{tier}}) * 100 + 99 - {{risk}}) * {OF_TIER // 100} + extract(epoch FROM {{due}})::bigint / 60)"
)
_PROGRAM = "CASE WHEN {id} % 997 = 0 THEN 'rare' WHEN {id} % 7 < 6 THEN 'program-' || {id} % 7 END"
_STAGE = "(ARRAY['intake', 'creation', 'assignment', 'follow-ups', 'closure', 'review'])[1 + ({id} / 7) % 6]"


_PATIENTS = "UPDATE patient SET risk = id % 3, tier = {tier}, due = {due}, rank = {rank} WHERE gaps > 0"
_MILESTONES = (
    "UPDATE milestone SET tier = {tier}, due = {due}, rank = {rank}, program = {program}, stage = {stage},"
    " owner_role = (ARRAY['coordinator', 'provider', 'coach'])[1 + patient_id % 3],"
    " owner_ref = CASE WHEN patient_id % 4 = 0 THEN 'Practitioner/bench-coordinator' END WHERE rank IS NOT NULL"
)
_PLANS = "UPDATE plan SET program = {program}, stage = {stage}, tier = CASE WHEN plan.tier > 0 THEN {tier} ELSE 0 END"


def _spread(today: date) -> Iterator[str]:
    """Tiers, alerts, due days, programs, stages, owners and names, by the patient's number."""
    of_patient = {part: text.format(id="id", today=today) for part, text in (("tier", _TIER), ("due", _DUE))}
    ranked = _RANK.format(tier=of_patient["tier"], risk="(id % 3)", due=of_patient["due"])
    yield _PATIENTS.format(**of_patient, rank=ranked)
    yield (
        "UPDATE patient SET found_by = (ARRAY['ana', 'ken', 'eva', 'ines', 'omar'])[1 + id % 5] || ' '"
        " || CASE WHEN id % 9973 = 0 THEN 'quixano' ELSE (ARRAY['sample', 'test', 'demo'])[1 + id % 3] END"
        " || ' name' || id % 5000 || ' demo ' || lpad(id::text, 7, '0') || ' demo' || lpad(id::text, 7, '0') || ' '"
        " || to_char('1930-01-01'::date + (id % 30000)::int, 'YYYYMMDD')"
    )
    yield (
        "INSERT INTO patient_word (practice_id, word, patient_id)"
        " SELECT DISTINCT practice_id, word, id FROM patient, string_to_table(found_by, ' ') word"
    )
    by_patient = {
        part: text.format(id="patient_id", today=today)
        for part, text in (("tier", _TIER), ("due", _DUE), ("program", _PROGRAM), ("stage", _STAGE))
    }
    ranked = _RANK.format(tier=by_patient["tier"], risk="(patient_id % 3)", due=by_patient["due"])
    yield _MILESTONES.format(**by_patient, rank=ranked)
    yield _PLANS.format(**by_patient)


def _work() -> Iterator[str]:
    """For every second gap; a tenth of it is in hand, a tenth put aside."""
    yield (
        "INSERT INTO work_item (practice_id, patient_id, key, turn, kind, role, owner, due_at, priority, state, opened_at,"
        " changed_at, rank, program, stage, until)"
        " SELECT practice_id, patient_id, 'bench-' || patient_id, 1,"
        " (ARRAY['overdue', 'rebook', 'confirm-evidence'])[1 + patient_id % 3],"
        " (ARRAY['coordinator', 'scheduler', 'provider'])[1 + patient_id % 3],"
        " CASE WHEN patient_id % 10 = 0 THEN 'user:1' END, due + interval '14 hours', tier,"
        " CASE patient_id % 10 WHEN 0 THEN 'claimed' WHEN 2 THEN 'snoozed' ELSE 'open' END, due, due, rank, program, stage,"
        " CASE WHEN patient_id % 10 = 2 THEN due + 90 END"
        " FROM milestone WHERE rank IS NOT NULL AND patient_id % 2 = 0"
    )
    yield (
        "INSERT INTO work_item_step (practice_id, work_item_id, milestone, place, title)"
        " SELECT w.practice_id, w.id, m.key, 1, m.title FROM work_item w JOIN milestone m"
        " ON m.patient_id = w.patient_id AND m.rank IS NOT NULL"
    )


def _audit(connection: psycopg.Connection, rows: int) -> None:
    """As the product wrote the first one, again and again, of other people at other moments."""
    connection.execute(
        "INSERT INTO audit (practice_id, at, who, action, record, content, hash)"
        " SELECT practice_id, at - n * interval '20 seconds', 'user:' || n %% 40, action, 'bench/Patient/' || n %% 100000,"
        " content, hash FROM (SELECT * FROM audit ORDER BY id LIMIT 1) one, generate_series(1, %s) n",
        (rows,),
    )


# ------------------------------------------------------------------------------------------------- somebody at a screen
@dataclass(frozen=True)
class _Desk:
    """A coordinator who is signed in, and may look into the audit log, too."""

    client: FlaskClient
    csrf: str
    to_claim: Iterator[int]
    """Work that nobody has."""

    def measured(self, repetitions: int) -> tuple[Mapping[str, Sequence[float]], Sequence[float]]:
        """All pages in turn, so that whatever disturbs one of them disturbs all; at the end of each turn the page that
        follows a claim."""
        pages = dict(self._pages())
        for _ in range(WARMING):
            for url in (*pages.values(), self._claimed()):
                self._ms(url)
        found: dict[str, list[float]] = {name: [] for name in pages}
        after_claim: list[float] = []
        for _ in range(repetitions):
            for name, url in pages.items():
                found[name].append(self._ms(url))
            after_claim.append(self._ms(self._claimed()))
        return found, after_claim

    def _pages(self) -> Iterator[tuple[str, str]]:
        for listing, narrowed in _NARROWED.items():
            for words, query in narrowed.items():
                yield f"{listing}: {words}", f"/admin/{listing}?{query}"
            for words, text in _SEARCHES.items():
                yield f"{listing}: {words}", self._found(listing, text)
            whose = "whose=all&" if listing == "work" else ""
            yield f"{listing}: in the middle", f"/admin/{listing}?{whose}at={self._middle(listing)}"
        for words, query in _AUDIT.items():
            yield f"audit: {words}", f"/admin/audit?{query}"

    def _found(self, listing: str, text: str) -> str:
        return self._sent(f"/admin/{listing}/search", {"q": text, "whose": "all"})

    def _claimed(self) -> str:
        return self._sent(f"/admin/work/{next(self.to_claim)}/claim", {}).partition("#")[0]

    def _sent(self, url: str, form: Mapping[str, str]) -> str:
        """Where it leads."""
        answer = self.client.post(url, data={"csrf": self.csrf, **form}, headers={"Origin": _OURS})
        if answer.status_code != SEE_OTHER:
            raise BenchFailure(f"{url} was answered with {answer.status_code}.")
        return answer.headers["Location"]

    def _middle(self, listing: str) -> str:
        """A place in the middle of the highest tier but one, where many lines stand."""
        return f"a{(HIGHEST - 3) * OF_TIER + OF_TIER // 100 * 98}.1" + (".000000000000" if listing == "gaps" else "")

    def _ms(self, url: str) -> float:
        seconds, answer = timed(lambda: self.client.get(url))
        if answer.status_code != OK:
            raise BenchFailure(f"{url.partition('?')[0]} was answered with {answer.status_code}.")
        return seconds * 1000


@contextmanager
def _desk(services: Services) -> Iterator[_Desk]:
    now = services.clock()
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with services.database.begin() as uow:
        new = Account(person_id=0, name="bench", password_hash=_NONE, totp_secret=_NONE, must_change=False)
        person = uow.accounts.add(new, "Sample Coordinator", now, "the benchmark")
        uow.people.grant(person, ["coordinator", "practice-lead", "auditor"], now, "the benchmark")
        uow.commit()
    later = now + timedelta(hours=8)
    session = OpenSession(id="bench", person_id=person.id, csrf=csrf, signed_in_at=now, proven_at=now, ends_at=later)
    services.sign_ins.open(token, session)
    client = create_app(services).test_client()
    client.set_cookie(COOKIE, token, domain="localhost", secure=False)
    yield _Desk(client, csrf, _free_work(services))


def _free_work(services: Services) -> Iterator[int]:
    wanted = Wanted(who="", roles=(), today=services.practice.day(services.clock()), show=Show.FREE, role="coordinator")
    with services.database.begin(reading=True) as uow:
        lines, _ = uow.queues.work(wanted, None, MOST_CLAIMS)
    return iter([line.item.id for line in lines])
