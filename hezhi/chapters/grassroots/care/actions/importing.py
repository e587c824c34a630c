"""Files from a sheet (批量导入): all rows or none; each is checked as if it were typed, and waits to be accepted."""

from collections.abc import Sequence
from datetime import date

from hezhi.chapters.grassroots.care import queries
from hezhi.chapters.grassroots.care.actions.files import open_file
from hezhi.chapters.grassroots.care.models import CareFile, Consent
from hezhi.chapters.grassroots.registers.api import resident_by_id_number
from hezhi.engines.org.api import Actor, User
from hezhi.engines.records.acting import acting, verb
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.tables import Column, Row

COLUMNS = (
    Column("programme", "项目", required=True), Column("id_number", "证件号码", required=True),
    Column("basis_kind", "依据", required=True), Column("basis", "文书编号", required=True), Column("consent_by", "由谁同意"),
    Column("worker", "帮扶人登录名", required=True), Column("deputy", "替补人登录名"), Column("ends_on", "期限届满"),
)  # fmt: skip
MOST = 500
TITLES = {column.name: column.title for column in COLUMNS} | {"resident": "证件号码", "": "整行"}


class RowsRefused(BadInput):
    """Some rows cannot be taken, so none was (整批未写入): `rows` tells number, column and sentence."""

    def __init__(self, rows: Sequence[tuple[int, str, str]]) -> None:
        super().__init__({"file": f"有 {len(rows)} 处需要更正，整批没有写入。"}, code="care.rows_refused")
        self.rows = list(rows)


@clause("9.1.3-2-7")
@verb("care.import_files")
def import_files(rows: Sequence[Row], *, by: Actor) -> list[CareFile]:
    """Open a file for each row, waiting to be accepted (导入到待受理). Raises RowsRefused and writes nothing."""
    by.must("care.supervise")
    made, refused = [], []
    for row in rows:
        try:
            with acting(by, verb="care.import_row"):
                made.append(_opened(row, by))
        except (BadInput, NotFound) as refusal:
            refused += _told(row.number, refusal)
    if refused:
        raise RowsRefused(refused)
    return made


def _opened(row: Row, by: Actor) -> CareFile:
    told, faults = row.values, dict(row.faults)
    programme = next((p for p in queries.programmes_open_to(by) if told.get("programme") in (p.name, p.code)), None)
    person = resident_by_id_number(told.get("id_number", ""), by=by)
    kinds = {name: code for code, name in CareFile.BasisKind.choices}
    givers = {name: code for code, name in Consent.GivenBy.choices}
    people = {n: _user(told.get(n, ""), n, faults) for n in ("worker", "deputy")}
    if programme is None:
        faults["programme"] = "没有这个项目，或不在您的办理范围内。"
    if person is None:
        faults["id_number"] = "没有找到，请核对证件号码。"
    if people["worker"] is None and "worker" not in faults:
        faults["worker"] = "请填写帮扶人的登录名。"
    ends_on = _day(told.get("ends_on", ""), faults)
    if faults or programme is None or person is None or people["worker"] is None:
        raise BadInput(faults)
    return open_file(
        programme.pk, by=by, resident_id=person.pk, worker_id=people["worker"].pk,
        deputy_id=people["deputy"].pk if people["deputy"] else None, basis_kind=kinds.get(told.get("basis_kind", ""), ""),
        basis=told.get("basis", ""), consent_by=givers.get(told.get("consent_by", ""), ""), ends_on=ends_on, state="waiting",
    )  # fmt: skip


def _user(login_name: str, field: str, faults: dict[str, str]) -> User | None:
    if not login_name:
        return None
    found = User.objects.filter(login_name=login_name.lower(), is_active=True).first()
    if found is None:
        faults[field] = "没有这个登录名。"
    return found


def _day(told: str, faults: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(told) if told else None
    except ValueError:
        faults["ends_on"] = "日期应写成 2026-11-26。"
        return None


def _told(number: int, refusal: BadInput | NotFound) -> list[tuple[int, str, str]]:
    if isinstance(refusal, NotFound):
        return [(number, TITLES[""], refusal.what)]
    return [(number, TITLES.get(name, name), said) for name, all_ in refusal.fields.items() for said in all_]
