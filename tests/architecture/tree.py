"""Tree: the repository's files, read the way the architecture tests look at them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "laneway"
TESTS = ROOT / "tests"


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def where(path: Path, node: ast.expr | ast.stmt | None = None) -> str:
    """A place as an editor opens it: path relative to the repository, and the line."""
    return str(path.relative_to(ROOT)) + (f":{node.lineno}" if node is not None else "")


def classes(path: Path) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(syntax(path)) if isinstance(node, ast.ClassDef))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the dotted name that is called; a call of a computed value has none and is left out."""
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Call) and (name := dotted(node.func)):
            yield name, node


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def imports(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    """Every absolute import as the dotted name of what is imported: `from a.b import c` gives `a.b.c`."""
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


@cache
def texts() -> dict[Path, str]:
    """Every text file that is, or would be, committed."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found: dict[Path, str] = {}
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            found[path] = content.decode("utf-8", errors="replace")
    return found
