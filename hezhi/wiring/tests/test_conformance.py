"""/conformance shows every row of the standard as it stands, and the owner's table of deviations."""

import io

import pytest
from django.test import Client
from docx import Document

from hezhi.engines.org.testkit import enter, make_officer
from hezhi.wiring import clauses
from hezhi.wiring.conformance import DEVIATING, lines


@pytest.fixture
def client(db: None) -> Client:
    return enter(Client(), make_officer("reader"))


def test_every_row_is_shown_with_its_state_in_words(client: Client) -> None:
    page = client.get("/conformance/").content.decode()
    rows = clauses.rows().values()
    assert len(rows) == 100
    assert all(row.title in page and row.state_title in page for row in rows)


def test_the_rows_can_be_chosen_by_state(client: Client) -> None:
    page = client.get("/conformance/?state=part").content.decode()
    wanted = [row for row in clauses.rows().values() if row.state == "part"]
    assert wanted and page.count('<td class="is-code"') == len(wanted)
    assert client.get("/conformance/?state=nonsense").content.decode().count('<td class="is-code"') == 100


def test_a_begun_row_says_what_is_missing_and_opens_what_works(client: Client) -> None:
    for line in lines("part"):
        assert line.row.built and line.row.note and line.tests, line.row.id
        if line.url:
            assert client.get(line.url).status_code in (200, 403), line.url


def test_the_table_of_deviations_is_a_word_file_with_a_line_to_sign(client: Client) -> None:
    answer = client.get("/conformance/deviations.docx")
    (table,) = Document(io.BytesIO(answer.content)).tables
    told = [row.cells[0].text for row in table.rows[1:]]
    assert told == [row.id for row in clauses.rows().values() if row.state in DEVIATING]
    assert table.rows[0].cells[-1].text == "业主意见（签字）"


def test_strangers_are_sent_to_sign_in() -> None:
    assert "/accounts/login/" in Client().get("/conformance/")["Location"]


def test_the_ledger_is_in_order() -> None:
    assert clauses.problems() == []
