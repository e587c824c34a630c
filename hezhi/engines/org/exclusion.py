"""The three administrators exclude one another and all business (三员分立), held by the database itself.

All posts that a person holds at the same time must be of one kind: business, system, security or audit.
Three triggers, because the kind can change in three places: a new holding, a post with another role, a
role of another kind. Each locks the row that the others read, so two people at once cannot slip through.
"""

import pgtrigger

_REFUSE = """
    RAISE EXCEPTION 'a person may not hold posts of two kinds at the same time'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'administrators_exclude',
              HINT = '三员分立：系统、安全、审计管理员互斥，也不得兼任业务岗位';
"""

_OVERLAP = "tstzrange({a}.valid_from, {a}.valid_to) && tstzrange({b}.valid_from, {b}.valid_to)"

_MIXED = f"""
    IF EXISTS (
        SELECT 1
        FROM org_holding mine
        JOIN org_post my_post ON my_post.id = mine.post_id
        JOIN org_role my_role ON my_role.id = my_post.role_id
        JOIN org_holding other ON other.user_id = mine.user_id AND other.id <> mine.id
        JOIN org_post other_post ON other_post.id = other.post_id
        JOIN org_role other_role ON other_role.id = other_post.role_id
        WHERE {{which}} AND other_role.kind <> my_role.kind
          AND {_OVERLAP.format(a="mine", b="other")}
    ) THEN {_REFUSE} END IF;
    RETURN NULL;
"""  # noqa: S608 - the parts are constants of this file

ON_HOLDING = pgtrigger.Trigger(
    name="administrators_exclude",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update,
    timing=pgtrigger.Immediate,
    func=(
        "PERFORM 1 FROM org_user WHERE id = NEW.user_id FOR NO KEY UPDATE;"
        " PERFORM 1 FROM org_post p JOIN org_role r ON r.id = p.role_id"
        " WHERE p.id = NEW.post_id FOR SHARE OF p, r;" + _MIXED.format(which="mine.id = NEW.id")
    ),
)

ON_POST = pgtrigger.Trigger(
    name="administrators_exclude",
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    timing=pgtrigger.Immediate,
    condition=pgtrigger.Q(old__role_id__df=pgtrigger.F("new__role_id")),
    func=_MIXED.format(which="my_post.id = NEW.id"),
)

ON_ROLE = pgtrigger.Trigger(
    name="administrators_exclude",
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    timing=pgtrigger.Immediate,
    condition=pgtrigger.Q(old__kind__df=pgtrigger.F("new__kind")),
    func=_MIXED.format(which="my_role.id = NEW.id"),
)
