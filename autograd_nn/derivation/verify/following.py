"""A program's statements rewritten: they keep what calls return, and tell what they leave.

A line that assigns is followed by a call of ``_left_`` with the names, and the attributes of
objects, that it may have changed; a function begins with one of ``_scope_``.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence

_OF_FRAMES = ("super", "locals", "globals", "vars", "dir", "eval", "exec")


def _call_of(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


class Kept(ast.NodeTransformer):
    """What calls return is recorded from there on."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Return the call, made by ``_called_``."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in _OF_FRAMES:
            return node
        call = ast.Call(ast.Name("_called_", ast.Load()), [node.func, *node.args], node.keywords)
        return ast.copy_location(call, node)


def followed(body: list[ast.stmt], within: str = "") -> list[ast.stmt]:
    """Return statements that keep what they assign and tell what they leave."""
    made: list[ast.stmt] = []
    for statement in body:
        inner = f"{within}{statement.name}." if isinstance(statement, ast.ClassDef) else within
        parts = [(held, part) for part in ("body", "orelse", "finalbody") for held in
                 (statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ()))
                 if isinstance(getattr(held, part, None), list)]  # fmt: skip
        bound: list[ast.expr] = [
            x.target
            for part in ast.iter_child_nodes(statement)
            for x in (ast.walk(part) if isinstance(part, ast.expr) else ())
            if isinstance(x, ast.NamedExpr)
        ]
        for held, part in parts:
            setattr(held, part, followed(getattr(held, part), inner))
        if isinstance(statement, ast.Assert):
            continue  # the learner's own checks do not stop what is judged
        made.append(statement)
        if isinstance(statement, ast.FunctionDef):
            here = _call_of("_scope_", ast.Constant(f"{within}{statement.name}"))
            statement.body.insert(0, ast.Assign([ast.Name("_here_", ast.Store())], here))
        elif parts and not isinstance(statement, ast.ClassDef):
            if isinstance(statement, ast.For):
                bound.append(statement.target)
            bound += [x for item in getattr(statement, "items", ()) if (x := item.optional_vars)]
            for held, part in parts[: 2 if bound else 0]:
                getattr(held, part).insert(0, _told(statement, bound, "="))
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            targets = getattr(statement, "targets", None) or [statement.target]  # type: ignore[union-attr]
            if isinstance(statement.value, (ast.Name, ast.Subscript, ast.Attribute)):
                statement.value = _call_of("_alias_", statement.value)
            whole = not any(isinstance(x, ast.Subscript) for t in targets for x in ast.walk(t))
            made.append(_told(statement, [*bound, *targets], "=" if whole else ""))
        elif isinstance(statement, ast.AugAssign):
            how = type(statement.op).__name__ if isinstance(statement.target, ast.Name) else ""
            made.append(_told(statement, [*bound, statement.target], how))
        elif isinstance(statement, ast.Expr):
            made.append(_told(statement, bound, "="))
            if isinstance(statement.value, ast.Call):
                made.append(_told(statement, [statement.value], ""))
    return made


def _told(statement: ast.stmt, targets: Sequence[ast.AST], how: str) -> ast.stmt:
    """Return the statement that tells what stands under the names in `targets`."""
    inside = [x for target in targets for x in ast.walk(target)]
    roots = dict.fromkeys(x.id for x in inside if isinstance(x, ast.Name))
    owners: list[ast.expr] = [ast.Tuple([copy.deepcopy(x.value), ast.Constant(x.attr)], ast.Load())
              for x in inside if isinstance(x, ast.Attribute) and _is_plain(x.value)]  # fmt: skip
    told = _call_of(
        "_left_",
        ast.Constant(statement.lineno),
        ast.Tuple([ast.Constant(root) for root in roots], ast.Load()),
        _call_of("locals"),
        ast.Constant(how),
        ast.Name("_here_", ast.Load()),
        ast.Tuple(owners, ast.Load()),
    )
    return ast.copy_location(ast.Expr(told), statement)


def _is_plain(e: ast.expr) -> bool:
    """Whether an expression may be computed a second time: names, attributes and places."""
    plain = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Load)
    return all(isinstance(x, plain) for x in ast.walk(e))
