"""The phone without a line, with a bad line, and in other hands (离线上报)."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.ui.tests.site import Site

pytestmark = pytest.mark.browser

READY = "() => document.documentElement.dataset.ready"
TYPED = "() => Object.entries(sessionStorage).map(([key, value]) => key + value).join()"
PHONE_AND_OUTCOME = """() => document.querySelector('form[data-report] .send-bar').insertAdjacentHTML('beforebegin',
  `<label>手机号<input name="phone"></label>
   <label><input type="radio" name="outcome" value="up" checked>请上级处理</label>
   <label><input type="radio" name="outcome" value="done">已当场处理</label>
   <label>怎么处理的<input name="spot_result" data-needed-when="outcome=done" data-needed="请写一句怎么处理的。"></label>`)"""


@pytest.fixture
def form(pocket: Page) -> Page:
    pocket.goto("/gallery/phone-report")
    pocket.wait_for_function(READY)
    return pocket


def photo_with_place(width: int = 4000, height: int = 3000) -> bytes:
    """A large photo that carries the camera's place in its EXIF."""
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (36.0, 3.0, 12.0), 3: "E", 4: (120.0, 10.0, 30.0)}
    exif[0x010F] = "ExampleCamera"
    held = io.BytesIO()
    Image.effect_noise((width // 8, height // 8), 60).resize((width, height)).convert("RGB").save(
        held, "JPEG", exif=exif
    )
    return held.getvalue()


def fill(page: Page, text: str, kind: str = "公共设施") -> None:
    page.locator("textarea[name=text]").fill(text)
    page.locator("input[name=address]").fill("长江路与平江路路口")
    page.get_by_label(kind, exact=True).check()


def submit(page: Page) -> None:
    page.get_by_role("button", name="提交", exact=True).click()


def receipt(page: Page):
    return page.locator("[data-receipt]")


def again(page: Page) -> None:
    """From the receipt back to the form; the report stands in its list then."""
    page.get_by_role("button", name="再报一件").click()
    expect(page.locator("form[data-report]")).to_be_visible()


def send(page: Page, text: str) -> None:
    fill(page, text)
    submit(page)
    expect(receipt(page)).to_be_visible()
    again(page)
    expect(row(page, text)).to_be_visible()


def until(page: Page, true) -> None:
    """Let the page go on until the server has seen something."""
    for _ in range(100):
        if true():
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not come to pass in five seconds")


def row(page: Page, text: str):
    return page.locator(".outbox-row", has_text=text)


def test_a_report_arrives_and_its_receipt_takes_the_place_of_the_form(form: Page, site: Site) -> None:
    fill(form, "路灯不亮")
    submit(form)
    expect(receipt(form)).to_contain_text("SJ26112200001")
    expect(receipt(form)).to_contain_text("7K3MXQ2A")
    expect(receipt(form)).to_contain_text("随时查进度")
    expect(receipt(form)).to_be_focused()
    expect(form.locator("form[data-report]")).to_be_hidden()
    expect(form.locator(".outbox-row")).to_have_count(0)
    assert form.evaluate("scrollY") == 0
    assert accessibility_findings(form) == []
    expect(receipt(form).get_by_role("link", name="查看进度")).to_have_attribute("href", "/gallery/phone-detail")
    again(form)
    expect(row(form, "路灯不亮")).to_contain_text("已送达")
    expect(row(form, "路灯不亮")).to_contain_text("7K3MXQ2A")
    expect(form.locator("textarea[name=text]")).to_have_value("")
    [report] = site.inbox.reports.values()
    assert report["kind"] == "公共设施"
    assert report["address"] == "长江路与平江路路口"
    assert report["crs"] == "EPSG:4326"
    assert "csrfmiddlewaretoken" not in report


def wrong(page: Page, name: str):
    return page.locator(f"#wrong-{name}")


def test_what_is_missing_is_told_beside_its_field_before_anything_is_saved(form: Page, site: Site) -> None:
    form.evaluate(PHONE_AND_OUTCOME)
    form.locator("textarea[name=text]").fill("路灯不亮")
    form.locator("input[name=phone]").fill("１３８００００")
    form.get_by_label("已当场处理").check()
    form.context.set_offline(True)
    submit(form)
    expect(wrong(form, "kind")).to_contain_text("什么事")
    expect(wrong(form, "address")).to_contain_text("在哪里")
    expect(wrong(form, "phone")).to_have_text("手机号应为 11 位数字，现在是 7 位。")
    expect(wrong(form, "spot_result")).to_have_text("请写一句怎么处理的。")
    expect(form.locator("input[name=address]")).to_be_focused()
    expect(form.locator("input[name=address]")).to_have_attribute("aria-describedby", "wrong-address")
    assert accessibility_findings(form) == []
    form.locator("input[name=address]").fill("长江路")
    form.get_by_label("公共设施", exact=True).check()
    expect(wrong(form, "address")).to_have_count(0)
    expect(wrong(form, "kind")).to_have_count(0)
    form.get_by_label("请上级处理").check()
    expect(wrong(form, "spot_result")).to_have_count(0)
    form.locator("input[name=phone]").fill("１３８ ００００－１２３４")
    submit(form)
    expect(receipt(form)).to_contain_text("已保存在本机，联网后自动送出")
    assert site.inbox.puts == []


def test_what_the_server_refuses_stays_in_the_form_with_its_photos(form: Page, site: Site) -> None:
    with_photo(form)
    fill(form, "界外")
    site.inbox.answers, site.inbox.faults = {"界外": 422}, {"place": ["地点不在本区。"], "other": ["另有一处。"]}
    submit(form)
    expect(wrong(form, "address")).to_have_text("地点不在本区。")
    expect(form.locator("input[name=address]")).to_be_focused()
    expect(form.locator("[data-told]")).to_have_text("另有一处。")
    expect(form.locator("textarea[name=text]")).to_have_value("界外")
    expect(form.get_by_label("公共设施", exact=True)).to_be_checked()
    expect(form.locator(".photo img")).to_have_count(1)
    expect(form.locator(".outbox-row")).to_have_count(0)
    expect(receipt(form)).to_be_hidden()
    site.inbox.answers = {}
    form.locator("input[name=address]").fill("长江路")
    expect(wrong(form, "address")).to_have_count(0)
    submit(form)
    expect(receipt(form)).to_contain_text("SJ26112200001")
    until(form, lambda: len(site.inbox.photos) == 1)


def test_the_end_of_what_was_pasted_is_not_lost_in_silence(form: Page) -> None:
    field = form.locator("textarea[name=text]")
    field.fill("字" * 1990)
    note = form.locator("textarea[name=text] + [role=status]")
    expect(note).to_have_text("已写 1990 字，最多 2000 字。")
    field.evaluate(
        """(field) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData('text/plain', '多'.repeat(25));
          field.setSelectionRange(1990, 1990);
          field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
        }"""
    )
    expect(note).to_contain_text("粘贴的文字最后 15 字没有放进来")
    field.fill("短")
    expect(note).to_be_hidden()


def test_reports_wait_without_a_line_and_survive_the_closing_of_the_page(form: Page, site: Site) -> None:
    form.context.set_offline(True)
    send(form, "第一件")
    send(form, "第二件")
    expect(row(form, "第一件")).to_contain_text("待发送")
    expect(form.locator(".phone-line")).to_have_text("离线，可照常填写")
    context = form.context
    form.close()
    context.set_offline(False)
    later = context.new_page()
    later.goto("/gallery/phone-list")
    until(later, lambda: len(site.inbox.reports) == 2)
    expect(later.locator("[data-outbox]")).to_be_hidden()  # what has arrived takes no room above other work
    later.goto("/gallery/phone-report")
    expect(row(later, "第一件")).to_contain_text("已送达")
    expect(row(later, "第二件")).to_contain_text("已送达")


def test_the_form_opens_without_a_line(form: Page, site: Site) -> None:
    form.wait_for_function("() => document.documentElement.dataset.kept")
    form.context.set_offline(True)
    form.reload()
    form.wait_for_function(READY)
    send(form, "没有信号时上报")
    expect(row(form, "没有信号时上报")).to_contain_text("待发送")
    form.goto("/gallery/phone-detail")
    expect(form.locator("h1")).to_have_text("现在没有网络")
    form.context.set_offline(False)
    form.goto("/gallery/phone-report")
    expect(row(form, "没有信号时上报")).to_contain_text("已送达")


def test_a_lost_answer_makes_no_second_report(form: Page, site: Site) -> None:
    site.inbox.lose_answers = 1000
    send(form, "答复丢失")
    expect(row(form, "答复丢失")).to_contain_text("待发送")
    until(form, lambda: site.inbox.puts)
    site.inbox.lose_answers = 0
    form.evaluate("window.dispatchEvent(new Event('online'))")
    expect(row(form, "答复丢失")).to_contain_text("已送达")
    assert len(site.inbox.puts) >= 2
    assert len(site.inbox.reports) == 1
    proofs = {report["proof"] for _, report in site.inbox.puts}
    assert len(proofs) == 1 and len(proofs.pop()) == 36, "what shows that the same phone asks again"
    assert set(site.inbox.reports) != {report["proof"] for _, report in site.inbox.puts}


def test_a_refused_report_keeps_its_text_and_does_not_hold_up_the_others(form: Page, site: Site) -> None:
    form.context.set_offline(True)
    site.inbox.answers = {"界外": 422}
    send(form, "界外")
    send(form, "界内")
    form.context.set_offline(False)
    expect(row(form, "界内")).to_contain_text("已送达")
    expect(row(form, "界外")).to_contain_text("需修改")
    expect(row(form, "界外")).to_contain_text("地点不在本区范围内。 请核对位置后再提交。")
    site.inbox.answers = {}
    fill(form, "又写到一半")
    form.wait_for_timeout(500)
    form.goto("/gallery/phone-list")
    tools = row(form, "界外").locator(".outbox-tools > *")
    expect(tools).to_have_text(["修改", "删除"])
    tools.first.click()
    form.wait_for_url("**/gallery/phone-report")
    expect(form.locator("textarea[name=text]")).to_have_value("界外")
    expect(form.locator("[data-told]")).to_contain_text("地点不在本区范围内。")
    form.locator("textarea[name=text]").fill("已更正")
    submit(form)
    expect(receipt(form)).to_contain_text("SJ26112200001")
    again(form)
    expect(row(form, "已更正")).to_contain_text("已送达")
    expect(form.locator("textarea[name=text]")).to_have_value("又写到一半")


def test_a_busy_server_is_tried_again(form: Page, site: Site) -> None:
    site.inbox.answer = 503
    send(form, "服务器忙")
    expect(row(form, "服务器忙")).to_contain_text("稍后自动再发")
    site.inbox.answer = 201
    form.get_by_role("button", name="立即发送").click()
    expect(row(form, "服务器忙")).to_contain_text("已送达")


def test_signed_out_the_report_waits_for_its_writer(form: Page, site: Site) -> None:
    site.inbox.account = None
    send(form, "已退出登录")
    expect(row(form, "已退出登录")).to_contain_text("待登录")
    assert site.inbox.puts == []
    site.inbox.account = "example-account"
    form.reload()
    expect(row(form, "已退出登录")).to_contain_text("已送达")


def test_another_person_never_sends_it(form: Page, site: Site) -> None:
    site.inbox.account = "somebody-else"
    send(form, "我的上报")
    expect(row(form, "我的上报")).to_contain_text("待发送")
    form.evaluate("window.dispatchEvent(new Event('online'))")
    form.wait_for_timeout(500)
    assert site.inbox.puts == []


def test_a_stranger_sees_that_something_waits_but_not_what(form: Page, site: Site) -> None:
    site.inbox.account = None
    send(form, "别人的事")
    form.evaluate("document.body.dataset.account = 'somebody-else'; window.dispatchEvent(new Event('hezhi:outbox'))")
    expect(form.locator("[data-outbox]")).to_contain_text("另一账号有 1 条未发送")
    expect(form.locator("[data-outbox]")).not_to_contain_text("别人的事")


def test_a_photo_arrives_small_and_without_the_cameras_place(form: Page, site: Site) -> None:
    form.locator("[data-photo-input]").set_input_files(
        [{"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": photo_with_place()}]
    )
    expect(form.locator(".photo img")).to_be_visible()
    send(form, "有照片")
    expect(row(form, "有照片")).to_contain_text("照片 1 张")
    expect(row(form, "有照片")).to_contain_text("已送达")
    [(report, number, content)] = site.inbox.photos
    assert report in site.inbox.reports
    assert number == "1"
    picture = Image.open(io.BytesIO(content))
    assert max(picture.size) == 1600
    assert not picture.getexif()


def test_what_is_no_picture_is_told(form: Page) -> None:
    form.locator("[data-photo-input]").set_input_files(
        [{"name": "说明.jpg", "mimeType": "image/jpeg", "buffer": b"no picture at all"}]
    )
    expect(form.locator("[data-photo-list] + .field-error")).to_contain_text("说明.jpg”打不开")


def test_a_half_filled_form_is_there_again(form: Page) -> None:
    fill(form, "写到一半")
    form.wait_for_timeout(500)
    form.reload()
    expect(form.locator("textarea[name=text]")).to_have_value("写到一半")
    expect(form.locator("[data-told]")).to_contain_text("已恢复")
    expect(form.locator("[data-told]")).to_be_in_viewport()
    assert form.evaluate("scrollY") == 0


def test_the_place_is_read_only_when_asked_for(form: Page, site: Site) -> None:
    form.evaluate(
        """() => {
          const old = navigator.geolocation.watchPosition.bind(navigator.geolocation);
          window.asked = 0;
          navigator.geolocation.watchPosition = (...all) => { window.asked += 1; return old(...all); };
        }"""
    )
    form.context.grant_permissions(["geolocation"])
    form.context.set_geolocation({"longitude": 120.1931, "latitude": 35.9562, "accuracy": 12})
    assert form.evaluate("window.asked") == 0
    form.get_by_role("button", name="用我的位置").click()
    expect(form.locator("[data-place-told]")).to_contain_text("长江路街道 · 平江路社区第4网格")
    expect(form.locator("[data-place-told]")).to_contain_text("约 12 米内")
    assert form.evaluate("window.asked") == 1
    form.get_by_label("公共设施", exact=True).check()
    expect(form.locator(".near")).to_contain_text("是同一件事吗")
    submit(form)
    expect(receipt(form)).to_contain_text("SJ26112200001")
    [report] = site.inbox.reports.values()
    assert report["lng"] == "120.193100"
    assert report["accuracy"] == "12"


def test_a_refused_permission_never_blocks_a_report(form: Page) -> None:
    form.context.clear_permissions()
    form.get_by_role("button", name="用我的位置").click()
    expect(form.locator("[data-place-told]")).to_contain_text("不影响上报")
    send(form, "没有定位")
    expect(row(form, "没有定位")).to_contain_text("已送达")


def test_what_arrived_leaves_no_text_on_the_phone(form: Page) -> None:
    send(form, "内容不留在手机上")
    expect(row(form, "内容不留在手机上")).to_contain_text("已送达")
    left = form.evaluate(
        """() => new Promise((done) => {
          const open = indexedDB.open('hezhi');
          open.onsuccess = () => {
            const all = open.result.transaction('reports').objectStore('reports').getAll();
            all.onsuccess = () => done(all.result.map((item) => item.form));
          };
        })"""
    )
    assert left == [{}]


# -- a phone that many hands use -------------------------------------------------------------------

CITIZEN = """new MutationObserver(() => { if (document.body) document.body.dataset.account = ''; })
  .observe(document, { childList: true, subtree: true })"""
KEPT = """(name) => new Promise((done) => {
  const open = indexedDB.open('hezhi');
  open.onsuccess = () => {
    const all = open.result.transaction(name).objectStore(name).getAll();
    all.onsuccess = () => done(all.result.map((row) => JSON.stringify(row)));
  };
})"""
FORGET = """() => document.querySelector('main').insertAdjacentHTML('afterbegin',
  '<form method="post" action="/posted" data-forget><button>清除本机记录</button></form>')"""
SECRET = """() => document.querySelector('form[data-report] textarea').insertAdjacentHTML('afterend',
  '<label><input type="checkbox" name="secret" value="1">请为我保密</label>')"""


@pytest.fixture
def shared(pocket: Page, site: Site) -> Page:
    """The report form as a citizen sees it: nobody is signed in; the clock can be put forward."""
    site.inbox.account = ""
    pocket.clock.install()
    pocket.add_init_script(CITIZEN)
    pocket.goto("/gallery/phone-report")
    pocket.wait_for_function(READY)
    return pocket


def with_photo(page: Page) -> None:
    page.locator("[data-photo-input]").set_input_files(
        [{"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": photo_with_place(400, 300)}]
    )
    expect(page.locator(".photo img")).to_be_visible()


def kept(page: Page) -> list[str]:
    """Whatever of a report and its photos the phone holds."""
    return [*page.evaluate(KEPT, "reports"), *page.evaluate(KEPT, "photos")]


def test_a_citizens_draft_ends_after_half_an_hour_on_the_screen_and_in_the_phone(shared: Page, site: Site) -> None:
    fill(shared, "写到一半走开了")
    with_photo(shared)
    shared.clock.run_for(1000)
    until(shared, lambda: len(kept(shared)) == 2)
    shared.clock.run_for("20:00")
    assert len(kept(shared)) == 2, "twenty minutes are not half an hour"
    shared.locator("textarea[name=text]").fill("写到一半走开了，又写几个字")
    shared.clock.run_for("20:00")
    assert len(kept(shared)) == 2, "it counts from the last touch"
    shared.clock.run_for("11:00")
    expect(shared.locator("[data-told]")).to_contain_text("没有提交的内容已从本机清除")
    expect(shared.locator("textarea[name=text]")).to_have_value("")
    expect(shared.locator(".photo img")).to_have_count(0)
    until(shared, lambda: kept(shared) == [])


def test_a_draft_left_with_the_page_closed_is_not_brought_back_to_the_next_hands(shared: Page) -> None:
    fill(shared, "关了页面走开")
    with_photo(shared)
    shared.clock.run_for(1000)
    until(shared, lambda: len(kept(shared)) == 2)
    shared.goto("about:blank")
    shared.clock.fast_forward("31:00")
    shared.goto("/gallery/phone-report")
    shared.wait_for_function(READY)
    expect(shared.locator("textarea[name=text]")).to_have_value("")
    expect(shared.locator("[data-told]")).to_be_hidden()
    until(shared, lambda: kept(shared) == [])


def test_a_report_that_waits_for_a_line_is_no_draft_and_waits_on(shared: Page, site: Site) -> None:
    shared.context.set_offline(True)
    send(shared, "没有信号的上报")
    shared.clock.run_for("45:00")
    expect(row(shared, "没有信号的上报")).to_contain_text("待发送")
    shared.context.set_offline(False)
    expect(row(shared, "没有信号的上报")).to_contain_text("已送达")
    assert len(site.inbox.reports) == 1


def test_a_grid_workers_draft_stays_for_its_writer(form: Page) -> None:
    fill(form, "巡查中写的")
    form.wait_for_timeout(500)
    form.evaluate("Date.now = ((old) => () => old() + 3600e3)(Date.now)")
    form.evaluate("window.dispatchEvent(new Event('online'))")
    form.wait_for_timeout(300)
    assert len(kept(form)) == 1
    expect(form.locator("textarea[name=text]")).to_have_value("巡查中写的")


def secret_waiting(page: Page) -> None:
    page.evaluate(SECRET)
    fill(page, "反映科长收礼")
    page.get_by_label("请为我保密").check()
    page.context.set_offline(True)
    submit(page)
    expect(receipt(page)).to_contain_text("已保存在本机，联网后自动送出")
    expect(page.locator("body")).not_to_contain_text("收礼")


def test_of_a_secret_report_nothing_is_kept_after_its_receipt_was_left(shared: Page) -> None:
    secret_waiting(shared)
    shared.context.set_offline(False)
    expect(receipt(shared)).to_contain_text("7K3MXQ2A")
    expect(receipt(shared)).to_contain_text("编号和查询码只在这里显示一次，离开后不再显示")
    shared.clock.run_for("05:00")
    expect(receipt(shared)).to_contain_text("7K3MXQ2A")
    shared.reload()
    shared.wait_for_function(READY)
    until(shared, lambda: kept(shared) == [])
    expect(shared.locator(".outbox:visible, .receipt:visible")).to_have_count(0)


@pytest.mark.parametrize("noted", [True, False])
def test_a_secret_report_sent_later_on_waits_to_be_noted_but_half_an_hour_at_most(shared: Page, noted: bool) -> None:
    secret_waiting(shared)
    context = shared.context
    shared.goto("about:blank")
    context.set_offline(False)
    shared.goto("/gallery/phone-list")  # sent from here, and nothing of it shown
    until(shared, lambda: "7K3MXQ2A" in "".join(kept(shared)))
    expect(shared.locator("[data-outbox]")).to_be_hidden()
    for _ in range(2):
        shared.goto("/gallery/phone-report")
        expect(shared.locator("#outbox")).to_contain_text("7K3MXQ2A")
        expect(shared.locator("#outbox")).to_contain_text("最多保留 30 分钟")
    if noted:
        shared.get_by_role("button", name="我已记下").click()
    else:
        shared.clock.run_for("32:00")
    until(shared, lambda: kept(shared) == [])
    expect(shared.locator("#outbox")).to_be_hidden()


def test_a_delivered_report_can_be_taken_off_the_phone_alone(shared: Page) -> None:
    send(shared, "路灯不亮")
    send(shared, "井盖松动")
    for text in ("路灯不亮", "井盖松动"):
        expect(row(shared, text)).to_contain_text("已送达")
    shared.on("dialog", lambda dialog: dialog.accept())
    row(shared, "路灯不亮").get_by_role("button", name="删除").click()
    expect(row(shared, "路灯不亮")).to_have_count(0)
    expect(row(shared, "井盖松动")).to_contain_text("7K3MXQ2A")


def test_one_press_clears_the_phone_of_everything_a_citizen_left(shared: Page, site: Site) -> None:
    send(shared, "路灯不亮")
    expect(row(shared, "路灯不亮")).to_contain_text("已送达")
    shared.evaluate(FORGET)
    fill(shared, "又写到一半")
    with_photo(shared)
    asked: list[str] = []
    shared.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    shared.context.set_offline(True)
    shared.get_by_role("button", name="清除本机记录").click()
    until(shared, lambda: len(asked) == 2)
    assert "不再有您写的内容、编号和查询码" in asked[0] and "联网后请再按一次" in asked[1]
    expect(shared.locator("textarea[name=text]")).to_have_value("")
    shared.clock.run_for(2000)
    until(shared, lambda: kept(shared) == [])
    shared.context.set_offline(False)
    shared.get_by_role("button", name="清除本机记录").click()
    expect(shared.locator("body")).to_have_text("posted")


# -- plain forms: a step on an order, a visit, a rating ---------------------------------------------

PHOTO = {"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": b"any picture"}


@pytest.fixture
def step(pocket: Page) -> Page:
    """A step on an order, sent by an ordinary POST; its address can be asked for again."""
    pocket.goto("/gallery/phone-list")
    pocket.goto("/gallery/phone-step")
    pocket.wait_for_function(READY)
    return pocket


def filled(page: Page) -> None:
    page.get_by_label("办理情况").fill("阀门已关，路面撒了融雪剂")
    page.get_by_label("处置后照片").set_input_files([PHOTO])
    page.get_by_label("是", exact=True).check()


def chosen(page: Page) -> int:
    return int(page.get_by_label("处置后照片").evaluate("field => field.files.length"))


def test_without_a_line_a_plain_form_stays_and_goes_out_once_when_pressed_again(step: Page, site: Site) -> None:
    filled(step)
    step.context.set_offline(True)
    expect(step.locator(".phone-line")).to_have_text("离线，提交要等有网络")
    step.get_by_role("button", name="提交反馈").click()
    expect(step.get_by_role("alert")).to_have_text("现在没有网络，内容还在这一页，请不要关闭；联网后点“提交反馈”。")
    expect(step.get_by_label("办理情况")).to_have_value("阀门已关，路面撒了融雪剂")
    assert chosen(step) == 1, "the photo waits with the words"
    step.context.set_offline(False)
    expect(step.locator("[data-told]")).to_have_text("网络已恢复，请再提交一次。")
    expect(step.locator(".phone-line")).to_have_text("")
    step.get_by_role("button", name="提交反馈").dblclick()
    expect(step.locator("h1")).to_have_text("我的待办")
    assert site.inbox.posts == 1


def test_a_line_that_only_seems_to_be_there_takes_nothing_either(step: Page, site: Site) -> None:
    filled(step)
    step.route("**/*", lambda route: route.abort() if route.request.method == "HEAD" else route.continue_())
    step.get_by_role("button", name="提交反馈").click()
    expect(step.get_by_role("alert")).to_contain_text("现在没有网络")
    assert site.inbox.posts == 0 and chosen(step) == 1


def test_what_was_typed_outlasts_a_reload_until_it_is_taken_in(step: Page, site: Site) -> None:
    filled(step)
    step.reload()
    expect(step.get_by_label("办理情况")).to_have_value("阀门已关，路面撒了融雪剂")
    expect(step.get_by_label("是", exact=True)).to_be_checked()
    expect(step.locator("[data-told]")).to_have_text("已恢复上次没有提交的内容。")
    step.route("**/*", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    with step.expect_event("requestfailed"):
        step.get_by_role("button", name="提交反馈").click()
    until(step, lambda: step.url.startswith("chrome-error:"))
    step.unroute("**/*")
    step.goto("/gallery/phone-step")
    expect(step.get_by_label("办理情况")).to_have_value("阀门已关，路面撒了融雪剂")  # the line broke after all
    step.get_by_role("button", name="提交反馈").click()
    expect(step.locator("h1")).to_have_text("我的待办")  # taken in, and led on
    step.wait_for_function(READY)
    step.goto("/gallery/phone-step")
    step.wait_for_function(READY)
    expect(step.get_by_label("办理情况")).to_have_value("")
    assert step.evaluate(TYPED) == ""


def test_what_was_typed_is_nobody_elses_and_goes_with_its_writer(step: Page) -> None:
    filled(step)
    step.add_init_script(CITIZEN)
    step.reload()
    step.wait_for_function(READY)
    expect(step.get_by_label("办理情况")).to_have_value("")
    assert step.evaluate(TYPED) == "", "another account finds nothing, and nothing is left"
    filled(step)
    step.evaluate("window.dispatchEvent(new Event('hezhi:forget'))")
    assert step.evaluate(TYPED) == ""
    filled(step)
    step.evaluate("Date.now = ((old) => () => old() + 31 * 60e3)(Date.now)")
    step.evaluate(
        "() => document.querySelector('main').insertAdjacentHTML('afterbegin', '<form data-logout action=/posted method=post><button>退出</button></form>')"
    )
    step.get_by_role("button", name="退出").click()
    expect(step.locator("body")).to_have_text("posted")
    step.goto("/gallery/phone-step")
    assert step.evaluate(TYPED) == ""


def test_what_is_missing_is_told_before_the_server_is_asked_and_the_photo_stays(step: Page, site: Site) -> None:
    step.get_by_label("处置后照片").set_input_files([PHOTO])
    step.get_by_label("否", exact=True).check()
    step.get_by_role("button", name="提交反馈").click()
    expect(step.locator(".field-error")).to_have_text(["请填写办理情况。", "请填写未解决原因。"])
    expect(step.get_by_label("办理情况")).to_be_focused()
    assert accessibility_findings(step) == []
    assert site.inbox.posts == 0 and chosen(step) == 1
    step.get_by_label("办理情况").fill("等配件")
    step.get_by_label("是", exact=True).check()
    step.get_by_role("button", name="提交反馈").click()
    expect(step.locator("h1")).to_have_text("我的待办")


@pytest.mark.parametrize("width", [320, 412])
def test_the_title_keeps_one_line_and_the_rest_of_the_header_stays_in_sight(width: int, step: Page) -> None:
    step.set_viewport_size({"width": width, "height": 800})
    step.evaluate("document.documentElement.classList.add('elder')")
    step.evaluate(
        "document.querySelector('.elder-form').insertAdjacentHTML('beforebegin', '<button class=elder-switch>English</button>')"
    )
    step.context.set_offline(True)
    expect(step.locator(".phone-line")).to_have_text("离线，提交要等有网络")
    told = step.evaluate(
        """() => ({
          wide: document.documentElement.scrollWidth - innerWidth,
          lines: (box => box.height / parseFloat(getComputedStyle(document.querySelector('h1')).lineHeight))(document.querySelector('h1').getBoundingClientRect()),
          title: document.querySelector('h1').scrollWidth - document.querySelector('h1').clientWidth,
          out: [...document.querySelectorAll('.phone-head *')].filter(one => one.getBoundingClientRect().right > innerWidth + .5).length,
        })"""
    )
    assert told["wide"] <= 0 and told["out"] == 0 and told["title"] == 0 and told["lines"] < 1.5, told


def test_a_field_reached_by_tab_is_not_under_the_bar(form: Page) -> None:
    """The last field of a long page, which Tab brings into sight from below."""
    form.evaluate(
        """() => document.querySelector('.send-bar').insertAdjacentHTML('beforebegin',
          '<section class="card"><a href="#main">详细说明</a></section>'.repeat(30))"""
    )
    form.locator("textarea[name=text]").focus()
    told = "one => one.getBoundingClientRect().bottom - document.querySelector('.send-bar').getBoundingClientRect().top"
    for _ in range(12):
        form.keyboard.press("Tab")
        assert form.locator(":focus").evaluate(told) <= 0
