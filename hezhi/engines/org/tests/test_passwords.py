"""A password is checked with sentences a person can follow."""

import pytest
from django.core.exceptions import ValidationError

from hezhi.engines.org import passwords
from hezhi.engines.org.models import User
from hezhi.engines.org.testkit import PASSWORD

RULES = (passwords.Shape(), passwords.NothingOfOneself(), passwords.NotCommon())


def said(password: str, **person: str) -> str:
    user = User(login_name="wangxiaoming", work_phone="0532-8698 1234", **person)
    for rule in RULES:
        try:
            rule.validate(password, user)
        except ValidationError as refusal:
            return refusal.messages[0]
    return ""


@pytest.mark.clause("12.3")
@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("Xk9!mP2#vL", "至少 12 位"),
        ("kqzvmpwhtrbx", "三种"),
        ("kqzvmp9hXrbbbx", "三个相同"),
        ("kqzvmp9hX123-x", "顺序相连"),
        ("kqzvmp9hXcba-x", "顺序相连"),
        ("Qwax-xiao-7392", "登录名"),
        ("Zk!tRmvq86981", "电话号码"),
        ("+Football75+!-", "太常见"),
    ],
)
def test_each_fault_of_a_password_is_named(password, sentence):
    assert sentence in said(password)


def test_a_good_password_is_taken():
    assert said(PASSWORD) == ""


def test_a_short_login_name_forbids_nothing():
    passwords.NothingOfOneself().validate(PASSWORD, User(login_name="li"))


def test_the_help_says_every_rule_in_chinese():
    for rule in (*RULES, passwords.NotUsedBefore()):
        assert any("一" <= sign <= "鿿" for sign in rule.get_help_text())


def test_first_passwords_have_four_kinds_of_sign_and_are_never_the_same():
    made = {passwords.first_password() for _ in range(200)}
    assert len(made) == 200
    assert all(len(p) == 16 and passwords.kinds_of(p) == 4 for p in made)
    assert not any(sign in p for p in made for sign in "0O1lI8B")
