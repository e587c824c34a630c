"""录音和视频附件 (9.1.2-1): from the citizen's page, the grid worker's and the desk to the player on the page of the case."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.org.actor import system
from hezhi.engines.org.testkit import enter, traced
from hezhi.engines.records.erasure import erase
from hezhi.engines.records.files import open_file
from hezhi.engines.records.models import Attachment, AuditEntry
from hezhi.ground.ids import new_id
from hezhi.ground.uploads.tests.test_sounds import PLACE, amr, m4a, mvhd, sensing_mov, voice_webm
from hezhi.ground.uploads.tests.test_videos import box, track

pytestmark = pytest.mark.clause("9.1.2-1")


@pytest.fixture
def district(db: None) -> District:
    return build()


def put(phone: Client, case: str, n: int, content: bytes, kind: str, door: str = "c") -> int:
    url = f"/{door}/reports/{case}/photos/{n}/"
    return phone.put(url, content, content_type=kind).status_code


def reported(phone: Client, **more: object) -> str:
    case = str(new_id())
    given = {"text": "路灯不亮", "address": "长江路", "phone": "19900001111"} | more
    assert phone.put(f"/c/reports/{case}/", given, content_type="application/json").status_code == 201
    return case


def officer(district: District, name: str) -> Client:
    return enter(Client(), district.people[name])


def test_a_voice_and_a_video_come_with_a_report_and_play_in_parts_on_its_page(district: District) -> None:
    phone = Client()
    case = reported(phone)
    assert put(phone, case, 51, voice_webm(), "audio/webm;codecs=opus") == 201
    assert put(phone, case, 51, voice_webm(), "audio/webm;codecs=opus") == 201, "a lost answer doubles nothing"
    assert put(phone, case, 52, sensing_mov(), "video/quicktime") == 201
    voice, film = Attachment.objects.order_by("uploaded_at")
    assert (voice.plays, film.plays, voice.visibility, film.name) == ("audio", "video", "reporter", "视频2.mov")
    assert PLACE not in open_film(film) and b"GPS" not in open_film(film)

    desk = officer(district, "centre.acceptor")
    page = desk.get(f"/cases/{case}/").content.decode()
    assert f'<audio controls preload="none" src="/files/{voice.pk}/"' in page and f'<video controls preload="none" playsinline src="/files/{film.pk}/"' in page  # fmt: skip
    part = desk.get(f"/files/{film.pk}/", headers={"range": "bytes=4-7"})
    assert (part.status_code, part.getvalue(), part["Content-Range"]) == (206, b"ftyp", f"bytes 4-7/{film.size}")
    assert part["Content-Type"] == "video/quicktime" and part["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in part["Content-Security-Policy"] and part["Cache-Control"] == "no-store"
    assert AuditEntry.objects.filter(event="records.open_file", object_id=case).count() == 1
    assert "attachment" in desk.get(f"/files/{voice.pk}/?save=1")["Content-Disposition"]
    for stranger in (Client(), officer(district, "grid21.grid_worker")):
        assert stranger.get(f"/files/{film.pk}/", headers={"range": "bytes=0-"}).status_code in (302, 401, 403, 404)

    traced()
    erase(Case.objects.get(pk=case), by=system("测试"), reason="测试")
    assert desk.get(f"/files/{film.pk}/").status_code == 404 and not Attachment.objects.exclude(sealed_key=b"").exists()


def open_film(film: Attachment) -> bytes:
    return open_file(film)[0]


def test_a_voice_with_a_secret_report_opens_to_the_acceptor_of_record_and_the_duty_chief_alone(
    district: District,
) -> None:
    phone = Client()
    case = reported(phone, secret="1")
    assert put(phone, case, 51, m4a(), "audio/mp4") == 201
    (voice,) = Attachment.objects.all()
    assert voice.visibility == "secret"
    actions.accept(case, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(case, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    everybody = ("centre.acceptor", "centre.duty_chief", "centre.dispatcher", "light.handler", "light.reviewer")
    for name in everybody:
        client = officer(district, name)
        assert client.get(f"/files/{voice.pk}/").status_code == 404, f"{name}: the veil is down"
        assert str(voice.pk) not in client.get(f"/cases/{case}/").content.decode()
        lifted = client.post(f"/cases/{case}/lift/", {"purpose": "核实录音内容"})
        may = name in ("centre.acceptor", "centre.duty_chief")
        assert (client.get(f"/files/{voice.pk}/").status_code == 200) == may == (f"/files/{voice.pk}/" in lifted.content.decode()), name  # fmt: skip


def test_too_many_too_long_too_large_and_disguised_ones_are_refused_and_the_words_are_kept(district: District) -> None:
    phone = Client()
    case = reported(phone)
    for n in range(3):
        assert put(phone, case, 51 + n, amr() + amr()[6:] * n, "audio/amr") == 201
    assert put(phone, case, 60, m4a(), "audio/mp4") == 422, "the fourth recording"
    long = box(b"ftyp", b"isom", bytes(4)) + box(b"moov", mvhd(125), track(b"vide")) + box(b"mdat", b"p")
    assert put(phone, case, 61, long, "video/mp4") == 422
    assert put(phone, case, 62, b"MZ" + bytes(500), "video/mp4") == 422
    assert put(phone, case, 63, b"<html>" * 20, "text/html") == 422
    assert Attachment.objects.count() == 3

    plain = {"text": "路灯不亮两天", "address": "长江路", "media": SimpleUploadedFile("说明.m4a", b"MZ" + bytes(99))}
    refused = phone.post("/c/report/", plain)
    assert refused.status_code == 422 and "路灯不亮两天" in refused.content.decode() and "可执行程序" in refused.content.decode()  # fmt: skip
    assert Case.objects.count() == 1, "nothing half done"
    plain["media"] = SimpleUploadedFile("说明.m4a", m4a())
    assert phone.post("/c/report/", plain).status_code == 302 and Attachment.objects.count() == 4


def test_grid_worker_and_desk_bring_them_too_and_the_limits_are_said_before(district: District) -> None:
    grid = officer(district, "grid11.grid_worker")
    case = str(new_id())
    given = {"text": "井盖缺失", "kind": "01", "lng": 120.005, "lat": 36.005, "crs": "EPSG:4326"}
    assert grid.put(f"/g/reports/{case}/", given, content_type="application/json").status_code in (200, 201)
    assert put(grid, case, 51, m4a(), "audio/mp4", "g") == 201
    desk = officer(district, "centre.acceptor")
    assert 'data-needed-when="outcome=done"' in grid.get("/g/report/").content.decode(), (
        "how, for what was done on the spot"
    )
    form = desk.get("/cases/new/").content.decode()
    token = form.split('name="token" value="')[1].split('"')[0]
    told = {"source": "hotline", "appeal": "help", "text": "来电反映噪声", "token": token}
    refused = desk.post("/cases/new/", told | {"files": SimpleUploadedFile("来电.mp3", b"MZ" + bytes(99))})
    assert refused.status_code == 422 and "来电反映噪声" in refused.content.decode() and Case.objects.count() == 1
    sent = desk.post("/cases/new/", told | {"files": [SimpleUploadedFile("来电.amr", amr()), SimpleUploadedFile("现场.mov", sensing_mov())]})  # fmt: skip
    assert sent.status_code == 302
    called = Case.objects.get(source="hotline").pk
    kept = Attachment.objects.filter(object_id=called)
    assert sorted(kept.values_list("kind", flat=True)) == ["amr", "mov"]
    assert "下载后听" in desk.get(f"/cases/{called}/").content.decode()
    for client, url in ((Client(), "/c/report/"), (grid, "/g/report/"), (desk, "/cases/new/")):
        answer = client.get(url)
        assert "每段 10 分钟、20 MB 以内；视频 1 段，2 分钟、50 MB 以内" in answer.content.decode(), url
        assert ("microphone=(self)" in answer["Permissions-Policy"]) == (url != "/cases/new/")
    assert "microphone=()" in Client().get("/c/")["Permissions-Policy"], "only where the button stands"
