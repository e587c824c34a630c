"""What the parts of the dossier promise (档案部件契约): held on every declaration that has them, by themselves.

A promise follows what a registry can do and asserts what it cannot: a neighbour sees nothing of it, nobody does
it without the right. `tests/test_contract.py` runs each on every declaration of the house.
"""

# ruff: noqa: S101 (a contract is made of assertions)

from __future__ import annotations

import io
from typing import Any, TypeVar

from hezhi.engines.dossier.changes import ChangeRequests, reaches
from hezhi.engines.dossier.duplicates import Duplicates
from hezhi.engines.dossier.extra import ExtraFields, forget
from hezhi.engines.dossier.lifecycle import Lifecycle
from hezhi.engines.dossier.merging import Merges
from hezhi.engines.dossier.models import ChangeRequest, ExtraField, Merging, Visit
from hezhi.engines.dossier.tags import Tags
from hezhi.engines.dossier.visits import Visits
from hezhi.engines.org.testkit import traced
from hezhi.engines.registry import actions, exports
from hezhi.engines.registry.contract import Promise, World, _draft, _faults, _text, _upload
from hezhi.ground import time
from hezhi.ground.ids import new_id
from hezhi.ground.tables import plain_rows

PROMISES: list[Promise] = []
P = TypeVar("P")


def promise(function: Promise) -> Promise:
    """Add to the contract of the parts."""
    PROMISES.append(function)
    return function


def part_of(world: World, kind: type[P]) -> P | None:
    """The registry's part of a kind, or None."""
    return next((part for part in world.registry.parts if isinstance(part, kind)), None)


# -- every part ------------------------------------------------------------------------------------


@promise
def every_tab_opens_for_its_readers_and_for_nobody_else(world: World) -> None:
    registry = world.registry
    panels = [panel for part in registry.parts for panel in part.panels(registry)]
    if not panels or registry.pages.get("detail", "") is None:
        return
    row = world.rows()[0]
    for panel in panels:
        url = f"{registry.url(row.pk)}?tab={panel.code}"
        assert world.get(url).status_code == 200, panel.code
        assert world.status(url, world.stranger) == 403, panel.code
        if not world.is_public:
            assert world.status(url, world.neighbour) == 404, panel.code
            answer = world.client(world.neighbour).post(url, {"text": "x", "name": "x"})
            assert answer.status_code == 404, panel.code


@promise
def every_page_of_a_part_is_shut_to_neighbours_and_strangers(world: World) -> None:
    registry = world.registry
    pages = [below for part in registry.parts for below in part.pages(registry) if below.startswith("<uuid:id>/")]
    if not pages:
        return
    row = world.rows()[0]
    for below in pages:
        url = registry.url(row.pk, *_filled(below))
        for method in ("get", "post"):
            assert world.status(url, world.stranger, method) in (403, 405), url
            if not world.is_public:
                assert world.status(url, world.neighbour, method) in (404, 405), url


def _filled(below: str) -> list[str]:
    """The steps of a part's path behind the row, with something in each gap."""
    steps = below.strip("/").split("/")[1:]
    return [str(new_id()) if step.startswith("<uuid") else "x" if step.startswith("<") else step for step in steps]


@promise
def each_filter_and_column_of_a_part_answers(world: World) -> None:
    registry = world.registry
    columns = [name for part in registry.parts for name in part.columns(registry) if name in registry.columns]
    filters = [(n, made) for part in registry.parts for n, made in part.filters(registry).items()]
    if not columns and not filters:
        return
    world.rows(2)
    if columns:
        query = "&".join(f"columns={name}" for name in (*registry.list[:1], *columns))
        assert world.get(f"{registry.url()}?{query}").status_code == 200
    for name, made in filters:
        choices = [code for code, _ in (made.extra.get("choices") or ()) if code not in ("", None)]
        value = choices[0] if choices else new_id()
        assert world.get(f"{registry.url()}?{name}={value}").status_code == 200, name


# -- merging ---------------------------------------------------------------------------------------


@promise
def two_rows_become_one_and_two_again(world: World) -> None:
    registry = world.registry
    if part_of(world, Merges) is None:
        return
    kept, gone = world.rows(2)
    url = registry.url(kept.pk, "merge")
    page = world.get(f"{url}?with={gone.pk}")
    assert page.status_code == 200 and page.context["lines"]
    masked = [getattr(gone, name) for name in registry.mask_kinds if len(str(getattr(gone, name) or "")) > 6]
    assert not [value for value in masked if str(value) in _text(page)]
    answer = world.client().post(url, {"with": str(gone.pk), "reason": "契约测试"})
    assert answer.status_code == 302, getattr(answer.context["refusal"], "fields", answer.status_code)
    seen = registry.visible(world.by(world.officer))
    assert actions.is_removed(registry, seen.get(pk=gone.pk)) and not actions.is_removed(registry, seen.get(pk=kept.pk))
    made = Merging.objects.get(object_id=kept.pk)
    undone = world.client().post(registry.url(kept.pk, "unmerge", made.pk), {"reason": "契约测试"})
    assert undone.status_code == 302, _faults(undone)
    assert not actions.is_removed(registry, seen.get(pk=gone.pk))


@promise
def a_neighbours_row_is_merged_by_nobody(world: World) -> None:
    registry = world.registry
    if part_of(world, Merges) is None or world.is_public:
        return
    mine, theirs = world.rows()[0], world.rows(1, world.theirs)[0]
    answer = world.client().post(registry.url(mine.pk, "merge"), {"with": str(theirs.pk), "reason": "契约测试"})
    assert answer.status_code == 422 and not Merging.objects.exists()


# -- what hangs on a row ---------------------------------------------------------------------------


@promise
def a_visit_is_written_sealed_and_read_only_with_its_row(world: World) -> None:
    part = part_of(world, Visits)
    if part is None:
        return
    registry, row = world.registry, world.rows()[0]
    url = f"{registry.url(row.pk)}?tab=visits"
    purpose = part.purposes[0] if part.purposes else "例行走访"
    data = {"visited_on": str(time.today()), "visitor": "样例", "purpose": purpose, "finding": "契约走访情况"}
    if not world.by(world.officer).may(registry.permission(part.right)):
        assert world.client().post(url, data).status_code == 403
        return
    assert 'name="finding"' in _text(world.get(url)), "who may write a visit is shown the form"
    assert world.client().post(url, data).status_code == 302
    assert "契约走访情况" in _text(world.get(url))
    assert "契约走访情况" not in _text(world.get(registry.url(), world.neighbour))
    assert world.client(world.neighbour).post(url, data).status_code in (404, 302 if world.is_public else 404)
    ahead = world.client().post(url, data | {"visited_on": "2199-01-01"})
    assert ahead.status_code == 422 and Visit.of(row).count() <= 2


@promise
def a_label_is_its_units_own(world: World) -> None:
    if part_of(world, Tags) is None or not world.registry.offers_to(world.by(world.officer), "edit"):
        return
    registry, row = world.registry, world.rows()[0]
    assert world.client().post(f"{registry.url(row.pk)}?tab=tags", {"name": "契约标签"}).status_code == 302
    page = world.get(f"{registry.url(row.pk)}?tab=tags")
    assert "契约标签" in _text(page)
    tag = page.context["tagged"][0][0].tag_id
    assert str(row.pk) in _text(world.get(f"{registry.url()}?tag={tag}"))
    assert "契约标签" not in _text(world.get(registry.url(), world.neighbour))
    assert str(row.pk) not in _text(world.get(f"{registry.url()}?tag={tag}", world.neighbour))


@promise
def a_state_changes_only_by_its_verbs(world: World) -> None:
    part = part_of(world, Lifecycle)
    if part is None:
        return
    registry, row = world.registry, world.rows()[0]
    for verb in part.verbs:
        may = world.by(world.officer).may(registry.permission(verb.right))
        fits = getattr(row, part.field) in verb.before
        data = {"since": str(time.today()), "reason": verb.reasons[0] if verb.reasons else "契约测试"}
        answer = world.client().post(registry.url(row.pk, "state", verb.code), data)
        assert answer.status_code == (403 if not may else 302 if fits else 409), (verb.code, _faults(answer))
        row.refresh_from_db()
        assert not (may and fits) or getattr(row, part.field) == verb.after


@promise
def a_possible_duplicate_is_asked_about_once_and_only_within_ones_own(world: World) -> None:
    part, registry = part_of(world, Duplicates), world.registry
    if part is None or "add" not in registry.offers:
        return
    row, data = world.rows()[0], world.typed()
    like = world.typed(row)
    same = {name: like[name] for group in part.by for name in group if name in like}
    whole = [group for group in part.by if all(name in same for name in group)]
    if not whole or any(name in registry.mask_kinds for name in same):
        return
    form = data | same
    asked = world.client().post(registry.url("new"), form | {"form_token": _token(world)})
    assert asked.status_code == 422 and "还是新增" in _text(asked) and str(row.pk) in _text(asked)
    if not world.is_public:
        token = world.get(registry.url("new"), world.neighbour).context["form_token"]
        told = world.client(world.neighbour).post(registry.url("new"), form | {"form_token": token})
        assert str(row.pk) not in _text(told)


def _token(world: World) -> str:
    return str(world.get(world.registry.url("new")).context["form_token"])


@promise
def an_added_field_goes_wherever_a_field_goes(world: World) -> None:
    registry = world.registry
    if part_of(world, ExtraFields) is None or "edit" not in registry.offers:
        return
    traced()
    forget()
    ExtraField.objects.create(registry=registry.slug, code="pact", label="契约字段", valid_from=time.today())
    row = world.rows()[0]
    page = world.get(registry.url(row.pk, "edit"))
    data = world.typed(row) | {
        n: str(registry.column(n).plain(row)) for n in registry.mask_kinds if n in registry.form_fields
    }
    sent = data | {"extra_pact": "契约内容", "row_version": page.context["row_version"]}
    answer = world.client().post(registry.url(row.pk, "edit"), sent)
    assert answer.status_code == 302, _faults(answer)
    assert "契约内容" in _text(world.get(registry.url(row.pk)))
    assert "契约内容" in _text(world.get(f"{registry.url()}?columns={registry.list[0]}&columns=extra_pact"))
    assert str(row.pk) in _text(world.get(f"{registry.url()}?extra_pact=契约"))
    if "api" in registry.offers:
        assert world.api("get", registry.rest_url(row.pk)).json()["extra"] == {"pact": "契约内容"}
    content, _, _ = exports.content_of(registry, _draft(world), world.by(world.officer))
    assert any("契约内容" in cells for _, cells in plain_rows(io.BytesIO(content), "xlsx"))
    if "import" in registry.offers:
        run = _upload(world, content)
        assert (run.new, run.changed, run.refused) == (0, 0, 0), run.report


@promise
def a_field_owned_above_is_changed_by_asking(world: World) -> None:
    part, registry = part_of(world, ChangeRequests), world.registry
    by = world.by(world.officer)
    name = next((n for n, level in part.owned.items() if not reaches(by, level)), "") if part else ""
    if not name:
        return
    row = world.rows()[0]
    before = getattr(row, name)
    value = _another(world, row, name)
    if value is None:
        return
    page = world.get(registry.url(row.pk, "edit"))
    sent = world.typed(row) | {name: value, "row_version": page.context["row_version"]}
    assert world.client().post(registry.url(row.pk, "edit"), sent).status_code == 302
    row.refresh_from_db()
    request = ChangeRequest.objects.get(object_id=row.pk)
    assert getattr(row, name) == before and request.state == "waiting"
    decision = {"verb": "approve", "request": str(request.pk)}
    assert world.client().post(f"{registry.url(row.pk)}?tab=changes", decision).status_code == 403, "nobody his own"
    assert world.client(world.neighbour).post(f"{registry.url(row.pk)}?tab=changes", decision).status_code == 404


def _another(world: World, row: Any, name: str) -> str | None:
    """Another value for a field, taken from another row."""
    other = world.typed()
    return other.get(name) if other.get(name) != world.typed(row).get(name) else None
