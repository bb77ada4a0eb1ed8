"""The public surface of the SDK as a stub: names, signatures, fields and hooks, without bodies."""

import ast
import inspect
from importlib import import_module

from threatweaver import hookspecs, sdk

KEPT = ("dataclass", "deprecated", "property", "cached_property", "classmethod", "staticmethod")


def text():
    """The whole surface; whoever changes a line of it changes what plugins build on."""
    parts = [f"# threatweaver.sdk, kernel API {sdk.KERNEL_API}\n"]
    parts += [_rendered(*definition(name)) for name in sdk.__all__]
    parts.append("# hooks\n")
    parts += [_rendered(name, node) for name, node in hooks()]
    return "\n".join(parts)


def definition(name):
    """(name, syntax tree) of a public name, from the module that defines it."""
    imports = ast.parse(inspect.getsource(sdk)).body
    home, there = next(
        (node.module, item.name)
        for node in imports
        if isinstance(node, ast.ImportFrom)
        for item in node.names
        if (item.asname or item.name) == name
    )
    return name, _defined(import_module(home), there)


def hooks():
    body = ast.parse(inspect.getsource(hookspecs)).body
    return [(node.name, node) for node in body if isinstance(node, ast.FunctionDef)]


def description(name):
    """What stands beside a public name: its docstring, or the string after a constant."""
    node = definition(name)[1]
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return getattr(node, "said", None)
    return ast.get_docstring(node)


def methods(name):
    """The public methods and properties of a class: (name, docstring)."""
    node = definition(name)[1]
    if not isinstance(node, ast.ClassDef):
        return []
    functions = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(item.name, ast.get_docstring(item)) for item in functions if not item.name.startswith("_")]


def _defined(module, name):
    body = ast.parse(inspect.getsource(module)).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return node
        if isinstance(node, ast.Assign) and [ast.unparse(item) for item in node.targets] == [name]:
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                node.said = after.value.value
            return node
    raise LookupError(f"{module.__name__} defines no {name} of its own")


def _rendered(name, node):
    return ast.unparse(ast.fix_missing_locations(_bare(node))) + "\n"


def _bare(node):
    """The node without what no caller depends on: bodies, docstrings, private members."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        node.decorator_list = [item for item in node.decorator_list if _name(item) in KEPT]
        node.body = [ast.Expr(ast.Constant(...))]
    elif isinstance(node, ast.ClassDef):
        node.decorator_list = [item for item in node.decorator_list if _name(item) in KEPT]
        node.body = [_bare(item) for item in node.body if _public(item)] or [ast.Expr(ast.Constant(...))]
    return node


def _name(decorator):
    return ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)


def _public(node):
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return not node.name.startswith("_") or node.name == "__init__"
    if isinstance(node, ast.AnnAssign):
        return not ast.unparse(node.target).startswith("_")
    return isinstance(node, ast.Assign)
