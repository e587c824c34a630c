"""The process apart that unfolds a sheet (隔离读取): standard input a workbook, standard output its rows.

Not imported: run by `reading.py` as a program, with limits of memory and time set on itself before it
looks at the first byte. A sheet that asks for more than there is ends this process and no other. What
it says is JSON, a line each: first `{"sheet": …}` or `{"fault": …}`, then `[number, [cell, …]]`, with a
third list of places where a number has lost its last digits.

Most sheets are small, and the start of Python is most of the work: it is started without its site, the folder of
the reader of sheets is told (third word), and what only few sheets need is fetched when it is met.
"""

import resource
import sys

try:  # a text in JSON, without the rest of `json`, whose start takes as long as all else here
    from _json import encode_basestring as quoted
except ImportError:
    from json.encoder import encode_basestring as quoted  # type: ignore[assignment,unused-ignore]

MOST_COLUMNS = 500
LOSSY_FROM = 1e15


def limit(megabytes: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def text(cell: object) -> str:
    """What the person sees in the cell, as far as the sheet tells."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{cell:.15g}"
    return other(cell)


def other(cell: object) -> str:
    """A day, a time of day, or whatever else a sheet may hold."""
    import datetime

    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time.min else cell.isoformat(" ", "seconds")
    if isinstance(cell, datetime.time):
        return cell.isoformat("seconds")
    return str(cell)


def is_lossy(cell: object) -> bool:
    """Spreadsheets keep 15 digits: an ID number typed as a number has zeros at its end."""
    return isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= LOSSY_FROM


def say(line: str) -> None:
    sys.stdout.buffer.write(line.encode() + b"\n")


def say_fault(name: str, told: str = "") -> None:
    say(f'{{"fault":{quoted(name)}{told}}}')


def main() -> None:
    limit(int(sys.argv[1]), int(sys.argv[2]))
    sys.path += sys.argv[3:]
    import python_calamine as calamine

    try:
        book = calamine.load_workbook(sys.stdin.buffer)
        unfold(book, calamine)
    except calamine.PasswordError:
        say_fault("locked")
    except (calamine.CalamineError, OSError, ValueError):
        say_fault("damaged")
    sys.stdout.buffer.flush()


def unfold(book, calamine) -> None:  # type: ignore[no-untyped-def]
    for number, about in enumerate(book.sheets_metadata):
        if about.visible != calamine.SheetVisibleEnum.Visible or about.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_index(number)
        if sheet.end is None:
            continue
        if sheet.width > MOST_COLUMNS:
            return say_fault("wide", f',"columns":{sheet.width}')
        say(f'{{"sheet":{quoted(about.name)}}}')
        return rows(sheet)
    return say_fault("empty")


def rows(sheet) -> None:  # type: ignore[no-untyped-def]
    for number, cells in enumerate(sheet.iter_rows(), 1):
        texts = [text(cell) for cell in cells]
        if any(texts):
            lossy = [place for place, cell in enumerate(cells) if is_lossy(cell)]
            say(f"[{number},[{','.join(map(quoted, texts))}]{f',{lossy}' if lossy else ''}]")


main()
