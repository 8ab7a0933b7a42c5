"""Conventions as tests: floors, one place for commit, clock and htmx, closed endpoints, ratchets."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "familydoc"
TEMPLATES = ROOT / "templates"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
    if "migrations" not in path.parts
}
#: Floors from the ground up; a module may import its own floor and those below.
FLOORS = {
    "rules": 0,
    "formats": 0,
    "labels": 0,
    "clock": 0,
    "config": 0,
    "extensions": 1,
    "models": 1,
    "queries": 2,
    "transaction": 3,
    "actions": 3,
    "web": 4,
    "jobs": 4,
    "demo": 4,
    "bench": 4,
    "cli": 5,
    "serve": 5,
    "": 6,
}
PURE = ("familydoc.rules", "familydoc.formats", "familydoc.labels", "familydoc.clock")
LONGEST_FUNCTION, LONGEST_FILE, LONGEST_TEMPLATE = 40, 400, 150


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(module: str) -> set[str]:
    """Every module of ours that `module` imports, also inside its functions."""
    found = set()
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names} | {node.module}
    return {name for name in found if name in MODULES and name != module}


def floor(module: str) -> int:
    part = [*module.split("."), ""][1]
    return next((level for name, level in FLOORS.items() if part.split("_")[0] == name), 6)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_down_only(module):
    upward = {name for name in imports_of(module) if floor(name) > floor(module)}
    assert not upward - {"familydoc"}, f"{module} imports {upward}"


def test_web_and_jobs_leave_each_other_alone():
    for module in MODULES:
        parts = {"familydoc.web": "familydoc.jobs", "familydoc.jobs": "familydoc.web"}
        for mine, other in parts.items():
            if module.startswith(mine):
                assert not {n for n in imports_of(module) if n.startswith(other)}, module


def test_there_are_no_import_rings():
    """A package whose __init__ names its modules is no ring; modules in a circle are."""
    graph = {m: {n for n in imports_of(m) if not m.startswith(f"{n}.")} for m in MODULES}
    done: set[str] = set()

    def walk(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join([*trail, module])
        if module in done:
            return
        for name in graph[module]:
            walk(name, (*trail, module))
        done.add(module)

    for module in MODULES:
        walk(module, ())


def test_rules_and_formats_know_neither_web_nor_database():
    for module, path in MODULES.items():
        if not module.startswith(PURE):
            continue
        for node in ast.walk(tree(path)):
            names = []
            if isinstance(node, ast.Import):
                names = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {n.split(".")[0] for n in names} & {"flask", "sqlalchemy"}, module


def calls(path: Path, *names: str) -> list[str]:
    """Lines where a method or function of one of these names is called."""
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in names:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node.func)}")
    return found


def test_only_transaction_commits():
    found = [line for m, path in MODULES.items() for line in calls(path, "commit")]
    assert [line for line in found if not line.startswith("familydoc/transaction.py")] == []


def test_only_clock_reads_the_clock():
    wrong = []
    for path in MODULES.values():
        for line in calls(path, "now", "today", "utcnow", "time_ns"):
            called = line.split(" ")[1]
            if path.name != "clock.py" and called.startswith(("datetime.", "date.", "time.")):
                wrong.append(line)
    assert wrong == []


def test_only_one_module_knows_htmx_headers():
    wrong = [m for m, p in MODULES.items() if "HX-" in p.read_text() and m != "familydoc.web.htmx"]
    assert wrong == []


def public_functions(path: Path) -> list[ast.FunctionDef]:
    body = tree(path).body
    return [n for n in body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]


def test_every_action_takes_by_as_a_keyword():
    wrong = []
    for path in (PACKAGE / "actions").glob("*.py"):
        for function in public_functions(path):
            writes = "transaction()" in ast.unparse(function) and function.name not in UNAUDITED
            if writes and "by" not in {a.arg for a in function.args.kwonlyargs}:
                wrong.append(f"{path.name}:{function.name}")
    assert wrong == []


def test_every_writing_action_is_audited():
    """What opens a transaction records it, or calls a function of the floor that does."""
    bodies = {
        node.name: {
            n.func.id
            for n in ast.walk(node)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        for path in (PACKAGE / "actions").glob("*.py")
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
    }
    recording = {"record"}
    while more := {n for n, called in bodies.items() if called & recording} - recording:
        recording |= more
    opening = {name for name, called in bodies.items() if "transaction" in called}
    assert opening - recording - UNAUDITED == set()


#: Bookkeeping that is not an act of a person.
UNAUDITED = {"touch_session", "check_writing", "one_at_a_time", "count_figures"}


def test_every_endpoint_is_public_or_bound_to_a_permission(app):
    from familydoc.rules.permissions import PERMISSIONS

    known = frozenset().union(*PERMISSIONS.values())
    for endpoint, view in app.view_functions.items():
        if endpoint == "static":
            continue
        assert hasattr(view, "access"), f"{endpoint} is neither @public nor @requires"
        assert view.access is None or view.access in known, f"{endpoint}: {view.access}"


def test_every_template_compiles(app):
    for path in sorted(TEMPLATES.rglob("*.html")):
        app.jinja_env.get_template(str(path.relative_to(TEMPLATES)))


def test_fragments_have_one_root_and_extend_nothing():
    for path in TEMPLATES.rglob("_*.html"):
        text = path.read_text(encoding="utf-8")
        assert "{% extends" not in text, path
        assert "id=" in text, f"{path} has no root with an id"


def test_templates_have_no_inline_style_or_script():
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert ' style="' not in text and " onclick" not in text, path


def test_no_function_grows_long():
    wrong = []
    for path in MODULES.values():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef):
                size = (node.end_lineno or 0) - node.lineno + 1
                if size > LONGEST_FUNCTION:
                    wrong.append(f"{path.relative_to(ROOT)} {node.name} {size}")
    assert wrong == []


def test_no_file_grows_long():
    wrong = [p for p in MODULES.values() if p.read_text().count("\n") > LONGEST_FILE]
    wrong += [p for p in TEMPLATES.rglob("*.html") if p.read_text().count("\n") > LONGEST_TEMPLATE]
    assert wrong == []


def test_no_machine_path_or_foreign_host_in_the_tree():
    for folder in (PACKAGE, TEMPLATES, ROOT / "static" / "css", ROOT / "static" / "js"):
        for path in folder.rglob("*"):
            if path.suffix in (".py", ".html", ".css", ".js", ".toml"):
                text = path.read_text(encoding="utf-8")
                assert "/work/" not in text and "cdn." not in text, path
