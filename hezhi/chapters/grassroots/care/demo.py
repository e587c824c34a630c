"""A few invented files, matters and requests for the demonstration (演示数据): clearly so, and few."""

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from hezhi.chapters.grassroots.care import actions
from hezhi.chapters.grassroots.care.models import PetitionMatter, Programme
from hezhi.chapters.grassroots.registers.models import Resident
from hezhi.engines.org.actions import create_post
from hezhi.engines.org.api import Actor, Holding, Post, Role, Unit, User, actor_of, system
from hezhi.engines.records.acting import acting
from hezhi.engines.records.files import LookedThrough, look_through
from hezhi.ground import time

SECOND_POSTS = (
    ("supervisor1", "care_supervisor", "D09"), ("acceptor2", "care_protector", "centre"), ("caller1", "petition_officer", "D18"),
)  # fmt: skip
"""People of the demonstration who hold a post of this room as well: login name, role, unit."""
OPEN = ("alone", "left_behind", "veterans", "mental")
PEOPLE = (("示例甲", 1941), ("示例乙", 1948), ("示例丙", 1975), ("示例丁", 1952))
MATTERS = (
    ("XF-示例-001", "楼道照明多次报修未果", "letter", "D02"), ("XF-示例-002", "公交站点调整后出行不便", "net", None),
    ("XF-示例-003", "小区二次供水水质反映", "visit", None),
)  # fmt: skip


def load() -> None:
    """Load them; a second call changes nothing, and without the demo district nothing is done."""
    people = {user.login_name: user for user in User.objects.filter(is_demo=True)}
    if Programme.objects.filter(enabled=True).exists() or "grid_worker1" not in people:
        return
    by = system("演示数据")
    with acting(by, verb="demo.care", reason="建立演示帮扶"):
        posts = {login: _second_post(people[login], role, unit) for login, role, unit in SECOND_POSTS}
        residents = _residents(people["grid_worker1"])
    supervisor, protector, petitions = (posts[login] for login, _, _ in SECOND_POSTS)
    for code in OPEN:
        programme = Programme.objects.get(code=code)
        today = time.today()
        actions.assess(
            programme.pk, by=protector, number=f"PIA-示例-{code}", on=today, until=today + timedelta(days=300), paper=_paper()
        )  # fmt: skip
        actions.enable(programme.pk, by=protector)
    _files(supervisor, people, residents)
    _matters(petitions)
    actions.take_request(by=protector, kind="see", person_name="示例甲", text="想知道登记了哪些信息（示例）")


def _paper() -> LookedThrough:
    """A page that says that it is an example (示例评估报告)."""
    words = b"BT /F1 18 Tf 72 720 Td (Example of an impact assessment, demonstration data) Tj ET"
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(words), words), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]  # fmt: skip
    out, places = b"%PDF-1.4\n", []
    for n, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (n, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(out),
    )
    return look_through([SimpleUploadedFile("影响评估报告（示例）.pdf", out, "application/pdf")])[0]


def _second_post(user: User, role: str, unit: str) -> Actor:
    home = Unit.objects.get(code=unit)
    held = Role.objects.get(code=role)
    post = Post.objects.filter(unit=home, role=held).first() or create_post(home, held)
    Holding.objects.get_or_create(post=post, user=user, defaults={"valid_from": time.now(), "reason": "演示任职"})
    return actor_of(user, post.pk)


def _residents(worker: User) -> list[Resident]:
    """Invented people of the first grid; names that read as examples."""
    area: Any = actor_of(worker).scope.area
    from hezhi.engines.geo.models import Area

    grid, moment = Area.objects.get(pk=area), time.now()
    place = {f"{level}_id": key for level, key in grid.ancestors().items()}
    return [
        Resident.objects.create(
            person_name=name, number=f"示例-{n}", birth_date=f"{year}-03-0{n}", phone=f"1990000110{n}", live_address=f"示例路 {n} 号",
            created_at=moment, changed_at=moment, **place,
        )
        for n, (name, year) in enumerate(PEOPLE, 1)
    ]  # fmt: skip


def _files(supervisor: Actor, people: dict[str, User], residents: list[Resident]) -> None:
    worker, deputy = people["grid_worker1"], people["grid_worker2"]
    told = (
        ("alone", residents[0], "独居，行动不便，子女在外地", "三餐有着落，每两周有人上门", False),
        ("left_behind", residents[1], "子女外出，与孙辈同住", "每月联系一次，冬季检查取暖", False),
        ("mental", residents[2], "由关爱帮扶小组跟进", "按约定走访，家属随时能找到人", True),
        ("veterans", residents[3], "享受优待", "八一、春节走访", False),
    )  # fmt: skip
    for n, (code, person, summary, goal, two_go) in enumerate(told):
        programme = Programme.objects.get(code=code)
        file = actions.open_file(
            programme.pk, by=supervisor, resident_id=person.pk, worker_id=worker.pk, deputy_id=deputy.pk,
            basis_kind="authority" if programme.mirror else "duty", basis=f"示例文书〔2026〕{n + 1} 号", summary=summary, goal=goal,
            visit_every=14, two_go=two_go,
        )  # fmt: skip
        mine = actor_of(worker)
        actions.agree_visit(file.pk, by=mine, on=time.today() + timedelta(days=n), doer_id=worker.pk)
        if code in ("alone", "left_behind"):
            actions.tell_need(file.pk, by=mine, kind="company", text="希望有人陪着去买菜（示例）")
            actions.plan_step(
                file.pk, by=mine, text="联系助餐点送餐（示例）", doer="社区", due_on=time.today() + timedelta(days=20)
            )
            actions.add_tie(
                file.pk, by=mine, kind="contact", person_name="示例亲属", phone="19900001199", source="本人提供", purpose="走失时联系"
            )  # fmt: skip


def _matters(by: Actor) -> None:
    from hezhi.chapters.grassroots.care.actions.petitions import limit_of

    with acting(by, verb="demo.petitions"):
        moment, today = time.now(), time.today()
        for n, (number, title, way, against) in enumerate(MATTERS):
            since = today - timedelta(days=3 * n)
            PetitionMatter.objects.create(
                number=number, title=title, way=way, received_on=since, stage_since=since, due_on=limit_of("register", since),
                text=f"{title}（示例）", complained_unit=Unit.objects.get(code=against) if against else None, unit_id=by.unit_id,
                created_at=moment, changed_at=moment,
            )  # fmt: skip
    second = PetitionMatter.objects.get(number=MATTERS[1][0])
    actions.assign_matter(second.pk, by=by, office=Unit.objects.get(code="D03"), text="请答复信访人（示例）")
