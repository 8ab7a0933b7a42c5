"""The record of one resident: everything their page shows, read in a dozen small statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, load_only, selectinload

from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.audit import AuditEvent
from familydoc.models.contacts import ContactAttempt
from familydoc.models.contracts import Contract
from familydoc.models.enrolments import Enrolment
from familydoc.models.referrals import Referral
from familydoc.models.residents import ON_ROSTER, Resident, ResidentState
from familydoc.models.visits import Visit
from familydoc.queries import scope
from familydoc.queries.care import Care, class_words, list_care, reading_of
from familydoc.queries.chains import list_chains
from familydoc.queries.enrolments import list_enrolments
from familydoc.queries.programmes import list_effective
from familydoc.queries.readings import ReadingChart, list_charts
from familydoc.queries.referrals import list_referrals_of
from familydoc.queries.states import find_pending
from familydoc.queries.tasks import list_open_tasks
from familydoc.rules.chains import Chain
from familydoc.rules.definitions import Programme
from familydoc.rules.populations import groups_of

SHOWN_VISITS, SHOWN_CONTACTS, SHOWN_EVENTS = 12, 5, 20
#: Visits that a chart may look back on.
CHARTED_VISITS = 40
#: What the history tells of the trail; looking and tasks would drown the rest.
TOLD = (
    *("create_resident", "edit_resident", "change_tags", "hand_over"),
    *("ask_state", "set_state", "refuse_state", "undo_state"),
)


@dataclass(frozen=True)
class Seen:
    """One visit in the history: its readings and classes in words."""

    visit: Visit
    readings: str
    classes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Record:
    """What a resident's page shows beside the resident."""

    tags: tuple[str, ...]
    family: Sequence[Resident]
    care: tuple[Care, ...]
    chains: Mapping[str, Chain]
    ended: tuple[Enrolment, ...]
    proposals: tuple[str, ...]
    tasks: Sequence[Any]
    charts: Sequence[ReadingChart]
    visits: tuple[Seen, ...]
    contacts: Sequence[ContactAttempt]
    referrals: Sequence[Referral]
    contracts: Sequence[Contract]
    events: Sequence[AuditEvent]
    pending: ResidentState | None

    @property
    def contract(self) -> Contract | None:
        """The contract in force or the newest one."""
        active = (one for one in self.contracts if one.state == "active")
        return next(active, self.contracts[0] if self.contracts else None)


def get_record(viewer: Account, resident: Resident, on: date) -> Record:
    """Read the whole record of a resident whom the viewer may see."""
    programmes = list_effective(on)
    enrolments, visits = list_enrolments(resident.id), _visits(resident.id)
    live = [one for one in enrolments if one.state != "ended"]
    tags = groups_of([row.tag for row in resident.tags], resident.birth, on)
    return Record(
        tags=tags,
        family=list_family(viewer, resident),
        care=list_care(live, visits, programmes),
        chains=list_chains(resident.id, on),
        ended=tuple(one for one in enrolments if one.state == "ended"),
        proposals=_proposals(resident, tags, live, programmes),
        tasks=list_open_tasks(resident.id),
        charts=list_charts(resident, visits, programmes, on),
        visits=tuple(_seen(visit, programmes) for visit in visits[:SHOWN_VISITS]),
        contacts=_newest(ContactAttempt, resident.id, ContactAttempt.at, SHOWN_CONTACTS),
        referrals=list_referrals_of(resident.id, SHOWN_VISITS),
        contracts=_newest(Contract, resident.id, Contract.start_on, SHOWN_VISITS),
        events=_events(resident.id),
        pending=find_pending(resident.id),
    )


def list_family(viewer: Account, resident: Resident) -> Sequence[Resident]:
    """Give the others of the household who are on the roster and in the viewer's scope."""
    if resident.household_id is None:
        return ()
    query = (
        select(Resident)
        .where(
            Resident.household_id == resident.household_id,
            Resident.id != resident.id,
            Resident.state.in_(ON_ROSTER),
            scope.residents(viewer),
        )
        .options(load_only(Resident.uid, Resident.name))
    )
    return db.session.scalars(query.order_by(Resident.birth, Resident.id)).all()


def _proposals(
    resident: Resident,
    tags: tuple[str, ...],
    live: Sequence[Enrolment],
    programmes: Mapping[str, Programme],
) -> tuple[str, ...]:
    """Name the programmes a key group speaks for, where nobody manages the person yet; those
    that follow from age alone are the night's."""
    managed = {one.programme for one in live}
    if not resident.on_roster:
        return ()
    return tuple(
        code
        for code, programme in programmes.items()
        if code in tags and code not in managed and not programme.intake.automatic
    )


def _visits(resident_id: int) -> Sequence[Visit]:
    query = (
        select(Visit)
        .where(Visit.resident_id == resident_id, Visit.replaced_at.is_(None))
        .options(selectinload(Visit.assessments), joinedload(Visit.staff))
        .order_by(Visit.visit_date.desc(), Visit.id.desc())
        .limit(CHARTED_VISITS)
    )
    return db.session.scalars(query).all()


def _seen(visit: Visit, programmes: Mapping[str, Programme]) -> Seen:
    known = [(one, programmes.get(one.programme)) for one in visit.assessments]
    readings = dict.fromkeys(reading_of(programme, visit) for _, programme in known if programme)
    classes = tuple((one.programme, *class_words(programme, one)) for one, programme in known)
    return Seen(visit, " · ".join(text for text in readings if text), classes)


def _newest(model: Any, resident_id: int, order: Any, limit: int) -> Sequence[Any]:
    query: Select[Any] = select(model).where(model.resident_id == resident_id)
    return db.session.scalars(query.order_by(order.desc(), model.id.desc()).limit(limit)).all()


def _events(resident_id: int) -> Sequence[AuditEvent]:
    query = (
        select(AuditEvent)
        .where(AuditEvent.resident_id == resident_id, AuditEvent.verb.in_(TOLD))
        .options(joinedload(AuditEvent.account).joinedload(Account.staff))
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
        .limit(SHOWN_EVENTS)
    )
    return db.session.scalars(query).all()
