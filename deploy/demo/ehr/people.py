"""The four people who work with the demo EHR. They have no passwords: it is for demonstration."""

from dataclasses import dataclass
from datetime import date

from deploy.demo.generator.chart import Run


@dataclass(frozen=True, slots=True)
class Person:
    """``login`` is the subject of the id_token. ``staff`` is the practice's key of the person's Practitioner; the clerk
    who bills has none, as in many practices."""

    login: str
    name: str
    role: str
    staff: str | None

    def practitioner(self, tag: str) -> str | None:
        """The reference to the Practitioner in the practice of that tag."""
        return f"Practitioner/{Run(date.min, 0, tag).id_of(self.staff)}" if self.staff else None


PEOPLE = (
    Person("samplewright", "Testa Samplewright", "provider", "provider-1"),
    Person("stubbins", "Exa Stubbins", "coordinator", "coordinator-1"),
    Person("specimen", "Proba Specimen", "scheduler", "scheduler-1"),
    Person("ledgerly", "Probo Ledgerly", "billing", None),
)


def person_of(login: str) -> Person | None:
    """By login."""
    return next((person for person in PEOPLE if person.login == login), None)
