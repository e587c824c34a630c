"""The officer's desk under the hands of an officer."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.ui.tests.site import Site, event

pytestmark = pytest.mark.browser


def mark(page: Page, selector: str) -> None:
    page.evaluate("(selector) => { document.querySelector(selector).marked = true; }", selector)


def kept(page: Page, selector: str) -> bool:
    return page.evaluate("(selector) => document.querySelector(selector).marked === true", selector)


# --- list ---------------------------------------------------------------------------------


def test_a_filter_changes_the_table_and_the_url_and_nothing_else(officer: Page) -> None:
    officer.goto("/gallery/list")
    mark(officer, ".desk-head")
    mark(officer, "#listing-filters")
    mark(officer, ".list-table")
    officer.get_by_label("镇街", exact=True).select_option("滨海街道")
    officer.wait_for_url(re.compile("town="))
    officer.wait_for_function("() => !document.querySelector('.list-table').marked")
    assert kept(officer, ".desk-head")
    assert kept(officer, "#listing-filters")
    assert "sort=-at" in officer.url, "the state that no field shows stays in the url"
    assert "source=" not in officer.url, "an empty field does not litter the url"
    assert "columns=" not in officer.url, "the usual columns do not litter the url"


def test_back_leads_to_the_list_as_it_was(officer: Page) -> None:
    officer.goto("/gallery/list")
    officer.get_by_label("镇街", exact=True).select_option("滨海街道")
    officer.wait_for_url(re.compile("town="))
    officer.go_back()
    officer.wait_for_url(lambda url: "town=" not in url)
    expect(officer.locator("html.desk")).to_be_visible()
    expect(officer.locator(".list-table")).to_be_visible()


def test_nothing_of_a_list_is_left_in_the_browser(officer: Page) -> None:
    officer.goto("/gallery/list")
    officer.get_by_role("link", name="下一页").click()
    officer.wait_for_url(re.compile("after=50"))
    kept = officer.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")
    assert "SJ26" not in kept
    assert "社区" not in kept


def test_searching_waits_for_the_end_of_typing_and_keeps_the_cursor(officer: Page) -> None:
    officer.goto("/gallery/list")
    asked: list[str] = []
    officer.on("request", lambda request: asked.append(request.url) if "q=" in request.url else None)
    officer.keyboard.press("/")
    officer.keyboard.type("路灯", delay=30)
    officer.wait_for_url(re.compile("q="))
    assert len(asked) == 1
    expect(officer.locator("[data-search]")).to_be_focused()


def test_chosen_columns_and_the_filter_live_in_the_url_together(officer: Page) -> None:
    officer.goto("/gallery/list?town=滨海街道")
    officer.get_by_text("显示列").click()
    officer.get_by_label("诉求人").check()
    officer.get_by_role("button", name="应用").click()
    officer.wait_for_url(re.compile("columns=reporter"))


def test_keys_move_tick_and_open(officer: Page) -> None:
    officer.goto("/gallery/list")
    officer.keyboard.press("j")
    officer.keyboard.press("j")
    officer.keyboard.press("k")
    expect(officer.locator("tr.is-here")).to_have_attribute("data-row", "0")
    officer.keyboard.press("x")
    expect(officer.locator("[data-bulk-bar]")).to_contain_text("已选 1 条")
    officer.keyboard.press("Enter")
    officer.wait_for_url(re.compile("#case-0"))


def test_in_a_queue_one_key_opens_the_next(officer: Page) -> None:
    officer.goto("/gallery/list")
    officer.evaluate("() => { document.querySelector('[data-rows]').dataset.rows = 'open'; }")
    officer.keyboard.press("J")
    officer.wait_for_url(re.compile("#case-0"))
    officer.keyboard.press("j")
    officer.wait_for_url(re.compile("#case-1"))


def test_the_keys_tell_themselves(officer: Page) -> None:
    officer.goto("/gallery/detail")
    officer.keyboard.press("?")
    expect(officer.locator("dialog[open]")).to_contain_text("审签通过")


def test_the_bulk_bar_comes_with_the_first_tick_and_goes_with_the_last(officer: Page) -> None:
    officer.goto("/gallery/list")
    bar = officer.locator("[data-bulk-bar]")
    expect(bar).to_be_hidden()
    officer.get_by_label("选择本页全部").check()
    expect(bar).to_contain_text("已选 50 条")
    officer.get_by_role("button", name="取消选择").click()
    expect(bar).to_be_hidden()


def test_a_grave_bulk_step_asks_first(officer: Page) -> None:
    officer.goto("/gallery/list")
    officer.locator("input[name=chosen]").first.check()
    officer.get_by_role("button", name="作废").click()
    question = officer.get_by_role("dialog").filter(has_text="需值班长审批")
    expect(question).to_be_visible()
    question.get_by_role("button", name="取消").click()
    assert "/gallery/list" in officer.url


def test_an_empty_list_says_why_and_offers_one_thing(officer: Page) -> None:
    officer.goto("/gallery/list-empty")
    expect(officer.locator(".empty")).to_contain_text("没有符合条件的事件")
    expect(officer.locator(".empty a")).to_have_count(1)


def test_a_list_works_without_any_script(chromium, site: Site) -> None:
    context = chromium.new_context(base_url=site.origin, java_script_enabled=False)
    page = context.new_page()
    page.goto("/gallery/list")
    page.get_by_label("镇街", exact=True).select_option("滨海街道")
    page.get_by_role("button", name="查询").click()
    assert "town=" in page.url
    assert "sort=-at" in page.url
    page.get_by_role("link", name="下一页").click()
    assert "after=50" in page.url
    context.close()


# --- forms and dialogs --------------------------------------------------------------------


def test_two_quick_presses_send_once(officer: Page) -> None:
    officer.goto("/gallery/form")
    sent: list[str] = []
    officer.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    officer.evaluate(
        """() => {
          const button = document.querySelector('.form-bar [type=submit]');
          button.click();
          button.click();
        }"""
    )
    officer.get_by_text("posted").wait_for()
    assert len(sent) == 1


def test_typed_text_is_not_lost_unseen(officer: Page) -> None:
    officer.goto("/gallery/form")
    officer.get_by_label("诉求内容").type("路灯不亮")
    asked: list[str] = []

    def stay(dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    officer.on("dialog", stay)
    officer.goto("/gallery/list")
    assert asked == ["beforeunload"]


def test_a_wrong_form_leads_to_its_faults(officer: Page) -> None:
    officer.goto("/gallery/form")
    expect(officer.locator("[data-error-summary]")).to_be_focused()
    officer.locator("[data-error-summary] a", has_text="诉求内容").click()
    expect(officer.get_by_label("诉求内容")).to_be_focused()


def test_a_long_group_of_choices_is_narrowed_by_a_word_and_keeps_what_is_ticked(officer: Page) -> None:
    officer.goto("/gallery/form")
    group, field = officer.get_by_role("group", name="协办单位"), officer.get_by_role("searchbox", name="筛选协办单位")
    group.get_by_label("滨海社区第2网格").check()
    field.fill("山前 第3")
    expect(group.get_by_role("checkbox")).to_have_count(2)
    expect(group.get_by_role("status")).to_have_text("符合 1 项")
    expect(group.get_by_text("山前街道")).to_be_visible()
    expect(group.get_by_text("河东街道")).to_be_hidden()
    field.press("Enter")
    expect(group.get_by_label("山前社区第3网格")).to_be_checked()
    field.fill("没有的")
    expect(group.get_by_role("status")).to_have_text("没有符合的，请换个词。")
    field.fill("")
    expect(group.get_by_role("checkbox")).to_have_count(24)
    assert "form" in officer.url, "the Enter key did not send the form"
    expect(officer.get_by_role("searchbox", name="筛选紧急程度")).to_have_count(0)


def test_looking_for_a_choice_is_no_change_that_could_be_lost(officer: Page) -> None:
    officer.goto("/gallery/form")
    officer.get_by_role("searchbox", name="筛选协办单位").click()
    officer.keyboard.type("山前")
    asked: list[str] = []
    officer.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    officer.goto("/gallery/list")
    assert asked == []


def test_an_action_opens_its_form_in_a_dialog_and_shows_what_is_wrong(officer: Page) -> None:
    officer.goto("/gallery/detail")
    officer.keyboard.press("a")
    text = officer.locator("dialog[open] textarea")
    expect(text).to_be_focused()
    officer.get_by_role("button", name="通过", exact=True).click()
    officer.wait_for_function("() => !document.querySelector('dialog[open] [data-sent]')")
    expect(officer.locator("dialog[open] textarea")).to_be_visible()


def test_a_dialog_with_typed_text_does_not_close_by_itself(officer: Page) -> None:
    officer.goto("/gallery/detail")
    officer.get_by_role("link", name="延期").click()
    officer.locator("dialog[open] textarea").type("需要外购配件")
    officer.once("dialog", lambda dialog: dialog.dismiss())
    officer.keyboard.press("Escape")
    expect(officer.locator("dialog[open] textarea")).to_have_value("需要外购配件")


@pytest.fixture
def papers(tmp_path: Path) -> dict[str, Path]:
    """Files as they lie on an officer's disk, by name."""
    found = {name: tmp_path / f"{name}.png" for name in ("井盖", "路面", "签收单")}
    for name, path in found.items():
        path.write_text(name * 9, encoding="utf-8")
    return found


def test_chosen_files_add_up_and_each_can_be_taken_away(officer: Page, papers: dict[str, Path]) -> None:
    officer.goto("/gallery/detail")
    officer.get_by_role("link", name="延期").click()
    field = officer.get_by_label("照片或附件")
    field.set_input_files([papers["井盖"], papers["路面"]])
    field.set_input_files([papers["路面"], papers["签收单"]])
    chosen = officer.get_by_role("list", name="已选文件").get_by_role("listitem")
    expect(chosen).to_contain_text(["井盖.png", "路面.png", "签收单.png"])
    officer.get_by_role("button", name="移除 路面.png").click()
    assert field.evaluate("field => [...field.files].map((file) => file.name)") == ["井盖.png", "签收单.png"]


def test_chosen_files_outlive_a_refused_dialog(officer: Page, papers: dict[str, Path]) -> None:
    officer.goto("/gallery/detail")
    officer.get_by_role("link", name="延期").click()
    officer.get_by_label("照片或附件").set_input_files([papers["井盖"], papers["路面"]])
    officer.evaluate("() => { document.querySelector('dialog[open] form').earlier = true; }")
    officer.get_by_role("button", name="通过", exact=True).click()
    officer.wait_for_function("() => !document.querySelector('dialog[open] form').earlier")
    field = officer.get_by_label("照片或附件")
    assert field.evaluate("field => [...field.files].map((file) => file.name)") == ["井盖.png", "路面.png"]
    expect(officer.get_by_role("list", name="已选文件").get_by_role("listitem")).to_have_count(2)


def test_a_refused_dialog_asks_before_it_closes(officer: Page) -> None:
    officer.goto("/gallery/detail")
    officer.get_by_role("link", name="延期").click()
    officer.locator("dialog[open] textarea").fill("需要外购配件")
    officer.evaluate("() => { document.querySelector('dialog[open] form').earlier = true; }")
    officer.get_by_role("button", name="通过", exact=True).click()
    officer.wait_for_function("() => !document.querySelector('dialog[open] form').earlier")
    asked: list[str] = []
    officer.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    officer.keyboard.press("Escape")
    expect(officer.locator("dialog[open] textarea")).to_be_visible()
    assert len(asked) == 1 and "还没有提交" in asked[0]


def test_a_masked_value_is_shown_in_its_place(officer: Page) -> None:
    officer.goto("/gallery/detail")
    officer.get_by_role("button", name="查看电话全文").click()
    expect(officer.locator(".detail-side .masked")).to_have_text("13800001234")


def test_a_cut_line_is_told_and_nothing_typed_is_lost(officer: Page) -> None:
    officer.goto("/gallery/detail")
    officer.get_by_role("link", name="延期").click()
    officer.locator("dialog[open] textarea").fill("需要外购配件")
    officer.context.set_offline(True)
    officer.locator("dialog[open] [type=submit]").click()
    expect(officer.locator("#toasts")).to_contain_text("没有连上服务器")
    expect(officer.locator("dialog[open] textarea")).to_have_value("需要外购配件")


# --- the shell ----------------------------------------------------------------------------


def test_counts_follow_the_stream_and_a_notice_appears(officer: Page, site: Site) -> None:
    site.inbox.stream += [
        event("counts", {"todo": 13, "unread": 0}),
        event("notice", {"text": "SJ26112201480 已超期", "url": "/gallery/detail"}),
    ]
    officer.goto("/gallery/list-live")
    expect(officer.locator('[data-count="todo"]')).to_have_text("13")
    expect(officer.locator('[data-count="unread"]')).to_be_hidden()
    expect(officer.locator("#toasts a")).to_have_text("SJ26112201480 已超期")


def test_menus_close_outside_and_by_escape(officer: Page) -> None:
    officer.goto("/gallery/list")
    officer.get_by_text("王海燕").click()
    expect(officer.get_by_role("button", name="退出登录")).to_be_visible()
    officer.keyboard.press("Escape")
    expect(officer.get_by_role("button", name="退出登录")).to_be_hidden()


def test_the_side_menu_opens_on_a_narrow_window(officer: Page) -> None:
    officer.set_viewport_size({"width": 800, "height": 700})
    officer.goto("/gallery/list")
    expect(officer.get_by_role("link", name="受理派遣台")).to_be_hidden()
    officer.get_by_role("button", name="菜单").click()
    expect(officer.get_by_role("link", name="受理派遣台")).to_be_visible()


def test_the_first_tab_leads_past_the_menu(officer: Page) -> None:
    officer.goto("/gallery/list")
    officer.keyboard.press("Tab")
    expect(officer.get_by_role("link", name="跳到正文")).to_be_focused()
    officer.keyboard.press("Enter")
    assert officer.evaluate("document.activeElement.id") == "main"
