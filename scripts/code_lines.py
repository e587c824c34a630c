"""Count the code lines of a folder: without blank lines, comments, docstrings, migrations and tests.

python scripts/code_lines.py hezhi/engines/registry
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from pathlib import Path

LEFT_OUT = {"migrations", "tests"}
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_lines(source: str) -> int:
    """How many lines of a Python source hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - _docstring_lines(ast.parse(source)))


def folder_lines(folder: Path) -> dict[Path, int]:
    """The code lines of each Python file under a folder, tests and migrations left out."""
    files = [file for file in sorted(folder.rglob("*.py")) if not LEFT_OUT & set(file.relative_to(folder).parts)]
    return {file: code_lines(file.read_text(encoding="utf-8")) for file in files}


def _docstring_lines(tree: ast.Module) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            said = node.body[0]
            found.update(range(said.lineno, (said.end_lineno or said.lineno) + 1))
    return found


if __name__ == "__main__":
    for given in sys.argv[1:] or ["hezhi/engines/registry"]:
        counted = folder_lines(Path(given))
        for file, count in counted.items():
            print(f"{count:6,}  {file}")
        print(f"{sum(counted.values()):6,}  {given}")
