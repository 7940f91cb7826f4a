"""What import-linter's layers cannot say about who may see what."""

from tests.architecture.tree import SOURCE, calls, imports, modules, where

IMPLEMENTATIONS = ("stores", "engines", "buses", "agents", "channels", "environments", "feeds", "importers")
# The composition root builds implementations; the test kit hands real ones to people who write their own, and the
# public surface hands out the decorator that makes an agent of a function.
MAY_SEE_IMPLEMENTATIONS = (SOURCE / "app.py", SOURCE / "deployment.py", SOURCE / "testing", SOURCE / "__init__.py")


def test_only_the_composition_root_sees_implementations():
    prefixes = tuple(f"laneway.{folder}." for folder in IMPLEMENTATIONS)

    seen = [
        f"{where(path, node)} {name}"
        for path in modules(SOURCE)
        if not any(path.is_relative_to(allowed) for allowed in MAY_SEE_IMPLEMENTATIONS)
        if path.relative_to(SOURCE).parts[0] not in IMPLEMENTATIONS
        for name, node in imports(path)
        if f"{name}.".startswith(prefixes)
    ]

    assert not seen, "take the contract in __init__; app.py passes the real one in"


def test_no_module_inside_imports_the_public_surface():
    packages = {path.stem for path in SOURCE.iterdir()}

    circular = [
        f"{where(path, node)} {name}"
        for path in modules(SOURCE)
        for name, node in imports(path)
        if name == "laneway" or (name.startswith("laneway.") and name.split(".")[1] not in packages)
    ]

    assert not circular, "import the module that defines the name: laneway/__init__.py sits above everything"


def test_only_the_command_line_prints():
    printing = [
        where(path, node)
        for path in modules(SOURCE)
        if not path.is_relative_to(SOURCE / "cli")
        for name, node in calls(path)
        if name == "print"
    ]

    assert not printing, "log a fact with fields, or return a value"


def test_only_the_wire_reads_values_of_a_type():
    reading = [
        where(path, node)
        for path in modules(SOURCE)
        if path != SOURCE / "wire.py"
        for name, node in calls(path)
        if name in ("msgspec.convert", "msgspec.json.decode", "msgspec.json.Decoder")
    ]

    assert not reading, "take wire.decode or wire.convert: threads that meet a type at once would end the process"
