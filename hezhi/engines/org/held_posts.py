"""The posts a person holds now (现任岗位), as every request asks for them: one statement, written out.

Each request of each officer begins with this question. Put to the database through model objects it was a quarter of
the work of a page, most of it spent on wording the statement anew; here it is worded once, and the database plans it once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS

from hezhi.engines.org.models import Role, User
from hezhi.ground import time
from hezhi.ground.prepared import prepared, typed


@dataclass(frozen=True, slots=True)
class HeldPost:
    """One post a person holds now, with what his rights and his data scope follow from.

    `tree` are the units below the post's own, itself included, where its role reaches so far; `above` are its unit
    and those above it.
    """

    post_id: UUID
    title: str
    unit_id: UUID
    unit_name: str
    unit_kind: str
    area_id: UUID | None
    area_level: str
    role_code: str
    role_kind: str
    reach: str
    permissions: tuple[str, ...]
    matter_kinds: tuple[str, ...]
    clearance: int
    tree: tuple[UUID, ...]
    above: tuple[UUID, ...]


_FAR = (Role.Reach.UNIT_TREE.value, Role.Reach.AREA.value)
_COLUMNS = tuple(HeldPost.__slots__)

_OWN = [field.attname for field in User._meta.concrete_fields]

# A post or a unit that has been closed gives nothing any more. Main posts come first, stand-ins after.
_STATEMENT = typed(
    """
SELECT <own>, <held>
FROM org_user u
LEFT JOIN LATERAL (
    SELECT h.deputy_of_id IS NOT NULL AS held_for_another, h.valid_from AS held_since,
        p.id AS held_post_id, p.title AS held_title,
        n.id AS held_unit_id, n.name AS held_unit_name, n.kind AS held_unit_kind,
        a.id AS held_area_id, coalesce(a.level, '') AS held_area_level,
        r.code AS held_role_code, r.kind AS held_role_kind, r.reach AS held_reach,
        r.permissions AS held_permissions, r.matter_kinds AS held_matter_kinds, r.clearance AS held_clearance,
        CASE WHEN r.reach = ANY(%(far)s)
            THEN ARRAY(SELECT b.id FROM org_unit b WHERE starts_with(b.path, n.path)) ELSE '{}' END AS held_tree,
        ARRAY(SELECT b.id FROM org_unit b WHERE b.code = ANY(string_to_array(n.path, '/'))) AS held_above
    FROM org_holding h
    JOIN org_post p ON p.id = h.post_id
    JOIN org_unit n ON n.id = p.unit_id
    JOIN org_role r ON r.id = p.role_id
    LEFT JOIN geo_area a ON a.id = n.area_id
    WHERE h.user_id = u.id
        AND h.valid_from <= %(moment)s AND (h.valid_to IS NULL OR h.valid_to > %(moment)s)
        AND p.valid_from <= %(day)s AND (p.valid_to IS NULL OR p.valid_to > %(day)s)
        AND n.valid_from <= %(day)s AND (n.valid_to IS NULL OR n.valid_to > %(day)s)
) held ON true
WHERE u.id = %(user)s
ORDER BY held_for_another, held_since
""".replace("<own>", ", ".join(f"u.{name}" for name in _OWN)).replace(
        "<held>", ", ".join(f"held_{name}" for name in _COLUMNS)
    ),
    "timestamptz: moment; date: day; uuid: user; text[]: far",
)


def account_with_posts(user_id: UUID | str) -> tuple[User | None, list[HeldPost]]:
    """An account and the posts it holds now, main posts first; None and nothing where there is no such account."""
    asked = {"user": user_id, "moment": time.now(), "day": time.today(), "far": _FAR}
    with prepared(_STATEMENT, asked) as cursor:
        rows = cursor.fetchall()
    found = User.from_db(DEFAULT_DB_ALIAS, _OWN, rows[0][: len(_OWN)]) if rows else None
    return found, list(_held(row[len(_OWN) :] for row in rows))


def posts_of(user: User) -> list[HeldPost]:
    """The posts a person holds now; not asked again where the sign-in has read them with the account."""
    known: list[HeldPost] | None = getattr(user, "current_posts", None)
    return account_with_posts(user.pk)[1] if known is None else known


def _held(rows: Iterable[Sequence[Any]]) -> Iterable[HeldPost]:
    for told in rows:
        if told[0] is not None:
            values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in told]
            yield HeldPost(*values)
