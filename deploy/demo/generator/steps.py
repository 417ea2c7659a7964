"""The words of a plan: what a step is about, in which form it stands in the chart, and where it is in time."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from deploy.demo.generator.fhir import CVX, LOINC, RXNORM, SNOMED, TERMINOLOGY, Json, coding, concept


class Kind(StrEnum):
    """What sort of thing a step is; it decides what can be evidence for it."""

    LAB = "lab"
    VISIT = "visit"
    REFERRAL = "referral"
    THERAPY = "therapy"
    EXAM = "exam"
    EDUCATION = "education"
    SHOT = "shot"
    QUESTIONNAIRE = "questionnaire"
    MEDICATION = "medication"
    DIET = "diet"
    DEVICE = "device"
    GLASSES = "glasses"
    CALL = "call"


class Form(StrEnum):
    """The forms in which a step can stand in an EHR."""

    INLINE_PERIOD = "activity.detail, scheduledPeriod"
    INLINE_PARTIAL = "activity.detail, scheduledPeriod of months"
    INLINE_START = "activity.detail, scheduledPeriod without end"
    INLINE_EVENTS = "activity.detail, scheduledTiming events"
    INLINE_BOUNDS = "activity.detail, scheduledTiming repeat"
    INLINE_DATED_STRING = "activity.detail, scheduledString with date"
    INLINE_FREE_STRING = "activity.detail, scheduledString in words"
    INLINE_UNSCHEDULED = "activity.detail, not scheduled"
    INLINE_FORBIDDEN = "activity.detail, doNotPerform"
    TASK = "activity.reference Task"
    TASK_BASED_ON = "Task.basedOn plan"
    ORDER_PERIOD = "activity.reference ServiceRequest, occurrencePeriod"
    ORDER_DATE = "activity.reference ServiceRequest, occurrenceDateTime"
    ORDER_TIMING = "activity.reference ServiceRequest, occurrenceTiming"
    NAMED_TWICE = "activity.detail and activity.reference, one step"
    APPOINTMENT = "activity.reference Appointment"
    COMMUNICATION = "activity.reference CommunicationRequest"
    MEDICATION = "activity.reference MedicationRequest"
    NUTRITION = "activity.reference NutritionOrder"
    DEVICE = "activity.reference DeviceRequest"
    VISION = "activity.reference VisionPrescription"
    GROUP = "activity.reference RequestGroup"
    UNREAD = "activity.reference that cannot be read"
    PROGRAM = "step of a program"


INLINE = frozenset(
    {
        Form.INLINE_PERIOD,
        Form.INLINE_PARTIAL,
        Form.INLINE_START,
        Form.INLINE_EVENTS,
        Form.INLINE_BOUNDS,
        Form.INLINE_DATED_STRING,
        Form.INLINE_FREE_STRING,
        Form.INLINE_UNSCHEDULED,
    }
)
TASKS = frozenset({Form.TASK, Form.TASK_BASED_ON})
ORDERED = frozenset({Form.ORDER_PERIOD, Form.ORDER_DATE, Form.ORDER_TIMING, Form.NAMED_TWICE, Form.TASK, Form.GROUP})
REPEATING = frozenset({Form.INLINE_EVENTS, Form.INLINE_BOUNDS})


class Source(StrEnum):
    """What the source itself says of a step, before it is put into the words of its resource."""

    ACTIVE = "active"
    DRAFT = "draft"
    HELD = "held"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


class State(StrEnum):
    """Where a step is on the day for which the practice is made."""

    DONE = "done"
    OVERDUE = "past due, not done"
    OPEN = "window open"
    AHEAD = "window not open"


@dataclass(frozen=True)
class Item:
    """A care step of the practice, with the code by which chart and evidence know it."""

    title: str
    kind: Kind
    system: str
    code: str
    display: str

    @property
    def coding(self) -> Json:
        """The one coding that order, activity and evidence share."""
        return coding(self.system, self.code, self.display)

    @property
    def concept(self) -> Json:
        """The coding under the name that the practice gives it."""
        return concept(self.coding, text=self.title)


A1C = Item("HbA1c", Kind.LAB, LOINC, "4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood")
LIPIDS = Item("Lipid panel", Kind.LAB, LOINC, "24331-1", "Lipid 1996 panel - Serum or Plasma")
KIDNEY = Item("Urine albumin/creatinine", Kind.LAB, LOINC, "9318-7", "Albumin/Creatinine [Mass Ratio] in Urine")
PHQ9 = Item(
    "PHQ-9",
    Kind.QUESTIONNAIRE,
    LOINC,
    "44261-6",
    "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]",
)
THERAPY = Item("Physical therapy", Kind.THERAPY, SNOMED, "91251008", "Physical therapy procedure")
EYES = Item("Ophthalmology referral", Kind.REFERRAL, SNOMED, "308479007", "Referral to ophthalmologist")
MEDICATION_CHECK = Item("Medication check", Kind.VISIT, SNOMED, "182836005", "Review of medication")
FOLLOW_UP = Item("Follow-up visit", Kind.VISIT, SNOMED, "390906007", "Follow-up encounter")
FOOT_EXAM = Item("Diabetic foot exam", Kind.EXAM, SNOMED, "401191002", "Diabetic foot examination")
EDUCATION = Item("Diabetes education", Kind.EDUCATION, SNOMED, "385805005", "Diabetic education")
FLU_SHOT = Item("Influenza vaccination", Kind.SHOT, CVX, "158", "influenza, injectable, quadrivalent")
METFORMIN = Item(
    "Metformin",
    Kind.MEDICATION,
    RXNORM,
    "860975",
    "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet",
)
DIET = Item("Diabetic diet", Kind.DIET, SNOMED, "160670007", "Diabetic diet")
METER = Item("Blood glucose meter", Kind.DEVICE, SNOMED, "337414009", "Blood glucose meter")
GLASSES = Item("Reading glasses", Kind.GLASSES, f"{TERMINOLOGY}/ex-visionprescriptionproduct", "lens", "Lens")
CHECK_IN_CALL = Item("Check-in call", Kind.CALL, SNOMED, "185317003", "Telephone encounter")


@dataclass(frozen=True)
class Slot:
    """A step of a layout: due so many days after the plan's start, its window so many days long."""

    item: Item
    form: Form
    offset: int = 0
    window: int = 21


@dataclass(frozen=True)
class Step:
    """One step, or one turn of a repeating one, of one patient's plan."""

    slot: Slot
    opens: date
    due: date | None
    state: State
    turn: int = 1

    @property
    def item(self) -> Item:
        """What it is about."""
        return self.slot.item

    @property
    def form(self) -> Form:
        """How it stands in the chart."""
        return self.slot.form
