"""Contracts for import-linter that its own kinds cannot say."""

from typing import Any

import grimp
from importlinter import Contract, ContractCheck, fields, output


class DoorsContract(Contract):
    """Children of `container` import from each other only the modules named `door`; tests a `testkit` as well.

    import-linter's own `protected` kind would need a list of every room's files, and would miss a
    room built tomorrow; this one reads the rooms from the graph.
    """

    type_name = "doors"

    container = fields.StringField()
    door = fields.StringField()

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        found = []
        for importer in sorted(graph.find_descendants(self.container)):
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                if self._breaks_in(importer, imported):
                    found.append((importer, imported, self._line(graph, importer, imported)))
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported, line in check.metadata["found"]:
            output.print_error(f"- {importer} (l.{line}) imports {imported}: only its `{self.door}` is open")
        output.new_line()

    def _breaks_in(self, importer: str, imported: str) -> bool:
        room, other = self._child(importer), self._child(imported)
        open_ = (self.door, "testkit") if ".tests." in importer else (self.door,)
        return bool(other) and room != other and imported.rpartition(".")[2] not in open_

    def _child(self, module: str) -> str:
        prefix = f"{self.container}."
        return module.removeprefix(prefix).partition(".")[0] if module.startswith(prefix) else ""

    @staticmethod
    def _line(graph: grimp.ImportGraph, importer: str, imported: str) -> Any:
        details = graph.get_import_details(importer=importer, imported=imported)
        return details[0]["line_number"] if details else "?"
