"""A register of people who do not exist (测量用的人口表): one file for our import and for its peers, with 4 % bad rows.

ID numbers carry the area code 999999, which was never given out, with a fitting check sign; phones begin with 198.
"""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import xlsxwriter

from hezhi.ground.identifiers import id_check_sign

HEADINGS = (
    "姓名", "人口类别", "证件种类", "证件号码", "性别", "出生日期", "联系电话", "户籍地行政区划", "户籍地详址", "现住房屋", "与户主关系",
    "服务标签",
)  # fmt: skip
SURNAMES = "林江沈苏顾陆程叶温黎卓简池楚岑艾柏洛安"
GIVEN = "".join(chr(0x4E00 + 37 * n) for n in range(199))
DAYS, FIRST_DAY = 24_989, date(1940, 1, 1)
A_HOME_HOLDS = 3
KNOWN_EVERY = 5_000
"""One row in so many is somebody who stands in the register already."""


def card(n: int) -> str:
    """The ID number of the n-th person."""
    born = FIRST_DAY + timedelta(days=n % DAYS)
    head = f"999999{born:%Y%m%d}{n // DAYS * 2 % 1000 + n % 2:03d}"
    return head + id_check_sign(head)


def name(n: int) -> str:
    """An invented name; no two of one birthday share it."""
    return SURNAMES[n % 19] + GIVEN[n // 19 % 199] + GIVEN[n * 7 // 5 % 197]


def row(n: int, home: str) -> list[str]:
    """The n-th row, good or with its fault."""
    number, kind, street = card(n), "户籍人口", f"样例路{n % 997}号{n % 31}单元{n % 1201}室"
    told, born = name(n), FIRST_DAY + timedelta(days=n % DAYS)
    fault = n % 1000
    if fault < 10:
        number = number[:17] + ("0" if number[17] != "0" else "1")
    elif fault < 15:
        number = number[:10] + "1332" + number[14:]
    elif fault < 20:
        kind = "没有的类别"
    elif fault < 25:
        street = "样例" * 41
    elif fault < 30:
        number, born = card(n - 5), FIRST_DAY + timedelta(days=(n - 5) % DAYS)
    elif fault < 35:
        home = f"无此房{n}"
    elif fault < 40:
        told = ""
    relation = "户主" if n % A_HOME_HOLDS == 0 else "配偶" if n % A_HOME_HOLDS == 1 else "子"
    return [
        told, kind, "111", number, "", str(born) if n % 4 else "", f"198{n % 100_000_000:08d}", "999999", street, home,
        relation, "01" if n % 20 == 0 else "",
    ]  # fmt: skip


def rows(many: int, homes: list[str]) -> Iterator[list[str]]:
    """So many rows, three to a home."""
    for n in range(many):
        yield row(n, homes[n // A_HOME_HOLDS % len(homes)])


def known(many: int, homes: list[str]) -> Iterator[list[str]]:
    """Those of them who are registered before the measurement begins; the file brings other phones."""
    for n in range(KNOWN_EVERY - 1, many, KNOWN_EVERY):
        told = row(n, homes[n // A_HOME_HOLDS % len(homes)])
        told[6] = f"197{n % 100_000_000:08d}"
        yield told


def write_csv(path: Path, lines: Iterator[list[str]]) -> None:
    """As an office machine writes it: UTF-8 with the mark."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADINGS)
        writer.writerows(lines)


def write_xlsx(path: Path, lines: Iterator[list[str]]) -> None:
    """As a workbook whose texts stand in one shared list, as Excel and WPS write them."""
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("数据")
        for number, line in enumerate([list(HEADINGS), *lines]):
            for place, text in enumerate(line):
                if text:
                    sheet.write_string(number, place, text)
