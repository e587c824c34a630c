"""Commissions in the demo district (演示数据): one open, one said done with photos, one accepted; firms are invented."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from hezhi.chapters.cases.contractors import actions
from hezhi.chapters.cases.contractors.models import Commission
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.demo import Cast, cast
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.api import Actor, User

FIRMS = (
    ("示例市政养护队", "请到现场修复，修复前后各拍一张照片。", False, False),
    ("示例绿化养护公司", "请清理并恢复原样，完成后上传照片。", True, False),
    ("示例照明维修队", "请更换损坏部件，完成后试亮并拍照。", True, True),
)
"""Firm, what it is asked, whether it says done, whether the unit accepts."""


def load() -> None:
    """Load it; a second call changes nothing, and without orders at work nothing is done."""
    if Commission.objects.exists():
        return
    people = cast()
    orders = WorkOrder.objects.filter(matter_type="handling.case", state=WorkOrder.State.HANDLING, part="lead")
    able = [(order, by) for order in orders.order_by("number") if (by := _handler(people, order)) is not None]
    told = {user.pk for user in User.objects.filter(is_demo=True) if user.has_usable_password()}
    able.sort(key=lambda pair: pair[1].user_id not in told)  # first those whose desk a visitor can sit down at
    for (order, by), (firm, request, done, accepted) in zip(able, FIRMS, strict=False):
        row = actions.commission(order.pk, by=by, firm=firm, request=request, days=14, with_place=True).commission
        if done:
            hand = actions.hand(row, None)
            actions.bind(row.pk, address=None, by=hand)
            actions.show_work(row, [_photo()], address=None)
            actions.report_done(row.pk, by=hand, text="已修复，现场已清理。（示例）")
        if accepted:
            actions.decide(row.pk, by=by, accept=True)


def _handler(people: Cast, order: WorkOrder) -> Actor | None:
    """Who handles for the order's unit, where his right covers a commission and the case is no secret one."""
    by = people.of(order.unit_id, "handler")
    return by if by is not None and not _is_secret(order) else None


def _is_secret(order: WorkOrder) -> bool:
    return Case.objects.filter(pk=order.matter_id, secret=True).exists()


def _photo() -> SimpleUploadedFile:
    picture = Image.new("RGB", (640, 480), (196, 210, 190))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 300, 640, 480), fill=(120, 124, 128))
    pen.rectangle((300, 90, 316, 340), fill=(70, 74, 80))
    pen.ellipse((280, 60, 336, 116), fill=(250, 226, 140))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return SimpleUploadedFile("完成.png", out.getvalue(), content_type="image/png")
