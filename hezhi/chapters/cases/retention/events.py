"""What retention listens to and shows: its request on the approvals page, and a word beside a case that was erased."""

from hezhi.chapters.cases.handling.pages.beside import contribute
from hezhi.chapters.cases.retention.actions import register_kind
from hezhi.chapters.cases.retention.pages.beside_case import beside_case

contribute(beside_case)
register_kind()
