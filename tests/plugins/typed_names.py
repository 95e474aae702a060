"""A plugin of mypy: names that stand where it looks at no types.

* Templates: each attribute that a template takes of a value is one that the value's type has. The types are those of
  the call of ``render_template`` (or of publish's ``render``), through loops, macros and included templates.
* Rows of untyped queries: an attribute that is read is that of a model, or a label of a query.
* ``scalars`` of a statement whose type does not name what it selects.
* Models: a constructor's keywords, and those of ``insert(Model).values(…)`` and ``update(Model).values(…)``.

Where mypy knows no type (``Any``, a dictionary's values), this knows none either.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes
from mypy.errorcodes import ATTR_DEFINED, CALL_ARG
from mypy.expandtype import expand_type_by_instance
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import (
    CallExpr,
    Decorator,
    FuncBase,
    MemberExpr,
    NameExpr,
    RefExpr,
    StrExpr,
    TypeInfo,
    Var,
)
from mypy.options import Options
from mypy.plugin import (
    AttributeContext,
    CheckerPluginInterface,
    FunctionContext,
    MethodContext,
    Plugin,
    ReportConfigContext,
)
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    NoneType,
    Overloaded,
    TupleType,
    Type,
    TypedDictType,
    UnionType,
    get_proper_type,
)

ROOT = Path(__file__).parents[2]
BASE = "reporter.database.engine.Base"
FOLDERS = {
    "flask.templating.render_template": ROOT / "kiosk" / "templates",
    "publish.rendering.html.render": ROOT / "publish" / "templates",
}
_MODELS = ("reporter.models.", "reporter.hub.models")
# Attributes of SQLAlchemy's rows themselves.
_OF_ROWS = {"count", "index", "t", "tuple"}
_SCALARS = {
    f"sqlalchemy.orm.{owner}.{name}"
    for owner in ("session.Session", "scoping.scoped_session")
    for name in ("scalar", "scalars")
}
_VALUES = (".Insert.values", ".Update.values")
Scope = dict[str, Type | None]


class TypedNames(Plugin):
    """The hooks of the plugin."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._known: frozenset[str] | None = None

    def report_config_data(self, ctx: ReportConfigContext) -> Any:
        """Have a module with pages checked again once a template has changed."""
        text = Path(ctx.path).read_text(encoding="utf-8") if ctx.path.endswith(".py") else ""
        if "render" not in text or ROOT not in Path(ctx.path).resolve().parents:
            return None
        return templates_digest()

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """Check the values of a template, and the keywords of a model."""
        if fullname in FOLDERS:
            return lambda context: check_page(context, FOLDERS[fullname])
        return check_model if fullname.startswith(_MODELS) else None

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        """Check the columns of a statement."""
        if fullname in _SCALARS:
            return check_scalars
        is_change = fullname.startswith("sqlalchemy.") and fullname.endswith(_VALUES)
        return check_values if is_change else None

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        """Check what is read of a row."""
        owner, _, name = fullname.rpartition(".")
        is_row = owner.startswith("sqlalchemy.engine.") and owner.endswith(("Row", "BaseRow"))
        if not is_row or name.startswith("_") or name in _OF_ROWS | delivered():
            return None
        return lambda context: _refuse_name(context, name)


def _refuse_name(context: AttributeContext, name: str) -> Type:
    context.api.fail(
        f'No model has the attribute "{name}" and no query labels anything so',
        context.context,
        code=ATTR_DEFINED,
    )
    return context.default_attr_type


@cache
def delivered() -> frozenset[str]:
    """Names under which queries deliver something: attributes of models, and labels."""
    found: set[str] = set()
    for package in ("reporter", "capture", "publish", "kiosk"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            found |= set(re.findall(r"\.label\(\s*\"(\w+)\"", text))
            if "models" in path.parts or path.name == "models.py":
                found |= set(re.findall(r"(?m)^    (\w+): Mapped\[", text))
    return frozenset(found)


# --- Models ------------------------------------------------------------------------------------------


def check_model(context: FunctionContext) -> Type:
    """Complain about a keyword of a constructor that the model does not have."""
    made = get_proper_type(context.default_return_type)
    if isinstance(made, Instance) and made.type.has_base(BASE):
        _check_keywords(made.type, context.arg_names, context)
    return context.default_return_type


def check_values(context: MethodContext) -> Type:
    """Complain about a column that the statement's table does not have."""
    made = _table_of(context.context)
    if made is not None:
        _check_keywords(made, context.arg_names, context)
    return context.default_return_type


def check_scalars(context: MethodContext) -> Type:
    """Complain about objects of which nothing is known: whatever was read of them would pass."""
    statement = get_proper_type(context.arg_types[0][0]) if context.arg_types[0] else None
    if isinstance(statement, Instance) and len(statement.args) == 1:
        statement = get_proper_type(statement.args[0])
    if isinstance(statement, AnyType):
        context.api.fail(
            "The statement does not say what it selects: annotate it as Select[Model]",
            context.context,
            code=ATTR_DEFINED,
        )
    return context.default_return_type


def _table_of(expression: Any) -> TypeInfo | None:
    """The model of ``update(Model).where(…).values(…)``."""
    while isinstance(expression, CallExpr):
        callee = expression.callee
        if isinstance(callee, MemberExpr):
            expression = callee.expr
            continue
        is_statement = isinstance(callee, NameExpr) and callee.name in ("update", "insert")
        model = expression.args[0] if is_statement and expression.args else None
        node = model.node if isinstance(model, RefExpr) else None
        return node if isinstance(node, TypeInfo) and node.has_base(BASE) else None
    return None


def _check_keywords(
    made: TypeInfo, names: list[list[str | None]], context: FunctionContext | MethodContext
) -> None:
    for name in (one for group in names for one in group if one):
        if made.get(name) is None:
            context.api.fail(
                f'"{made.name}" has no attribute "{name}"', context.context, code=CALL_ARG
            )


# --- Templates ---------------------------------------------------------------------------------------


def templates_digest() -> str:
    """A digest of all templates."""
    files = [path for folder in FOLDERS.values() for path in sorted(folder.rglob("*.*"))]
    return sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


@cache
def parsed(path: Path) -> nodes.Template | None:
    """A template's syntax tree; None if there is no such file, or no template in it."""
    env = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    try:
        return env.parse(path.read_text(encoding="utf-8"))
    except (OSError, TemplateSyntaxError, UnicodeDecodeError):
        return None


def check_page(context: FunctionContext, folder: Path) -> Type:
    """Complain about attributes that the template takes of values whose types don't have them."""
    name = context.args[0][0] if context.args and context.args[0] else None
    if isinstance(name, StrExpr):
        scope: Scope = {
            keyword: found
            for keywords, types in zip(context.arg_names[1:], context.arg_types[1:], strict=True)
            for keyword, found in zip(keywords, types, strict=True)
            if keyword
        }
        for problem in sorted(set(PageTypes(folder, context.api).problems(name.value, scope))):
            context.api.fail(problem, context.context, code=ATTR_DEFINED)
    return context.default_return_type


class PageTypes:
    """The types of a template's expressions."""

    def __init__(self, folder: Path, api: CheckerPluginInterface) -> None:
        self._folder, self._api = folder, api
        self._file = ""
        self._macros: dict[str, tuple[str, nodes.Macro]] = {}
        self._modules: dict[str, str] = {}
        self._depth = 0
        self._found: list[str] = []

    def problems(self, name: str, scope: Scope) -> list[str]:
        """What the template takes of values that do not have it."""
        self._template(name, scope)
        return self._found

    def _template(self, name: str, scope: Scope) -> None:
        tree = parsed(self._folder / name)
        if tree is None or self._depth > 8:
            return
        before, self._file = self._file, name
        self._depth += 1
        for macro in tree.find_all(nodes.Macro):
            self._macros[macro.name] = (name, macro)
        self._body(tree.body, scope)
        self._depth -= 1
        self._file = before

    def _body(self, body: list[Any], scope: Scope) -> None:
        for node in body:
            self._statement(node, scope)

    def _statement(self, node: nodes.Node, scope: Scope) -> None:
        match node:
            case nodes.For():
                inner = self._assigned(node.target, self._item(self._type(node.iter, scope)), scope)
                if node.test is not None:
                    self._type(node.test, inner)
                self._body(node.body, inner)
                self._body(node.else_, scope)
            case nodes.Assign():
                scope.update(self._assigned(node.target, self._type(node.node, scope), scope))
            case nodes.With():
                inner = dict(scope)
                for target, value in zip(node.targets, node.values, strict=True):
                    inner = self._assigned(target, self._type(value, scope), inner)
                self._body(node.body, inner)
            case nodes.Macro():
                pass
            case nodes.Include(template=nodes.Const(value=str(name))):
                self._template(name, dict(scope))
            case nodes.Extends(template=nodes.Const(value=str(name))):
                self._template(name, scope)
            case nodes.Import(template=nodes.Const(value=str(name))):
                self._load(name)
                self._modules[node.target] = name
            case nodes.FromImport(template=nodes.Const(value=str(name))):
                self._load(name)
            case nodes.Block():
                self._body(node.body, dict(scope))
            case nodes.If():
                self._type(node.test, scope)
                self._body([*node.body, *node.elif_, *node.else_], scope)
            case nodes.Expr():
                self._type(node, scope)
            case _:
                self._body(list(node.iter_child_nodes()), scope)

    def _load(self, name: str) -> None:
        tree = parsed(self._folder / name)
        for macro in tree.find_all(nodes.Macro) if tree is not None else ():
            self._macros[macro.name] = (name, macro)

    def _assigned(self, target: nodes.Node, value: Type | None, scope: Scope) -> Scope:
        inner = dict(scope)
        if isinstance(target, nodes.Name):
            inner[target.name] = value
        elif isinstance(target, nodes.Tuple):
            found = get_proper_type(value) if value is not None else None
            parts: list[Type | None] = [None] * len(target.items)
            if isinstance(found, TupleType) and len(found.items) == len(parts):
                parts = list(found.items)
            for one, part in zip(target.items, parts, strict=True):
                inner = self._assigned(one, part, inner)
        return inner

    def _type(self, node: nodes.Node, scope: Scope) -> Type | None:
        """The type of an expression; None if it is not known. Notes what is wrong within it."""
        match node:
            case nodes.Name():
                return scope.get(node.name)
            case nodes.Getattr():
                return self._attribute(node, self._type(node.node, scope))
            case nodes.Getitem():
                self._type(node.arg, scope)
                return self._subscript(node, self._type(node.node, scope))
            case nodes.CondExpr():
                self._type(node.test, scope)
                return self._type(node.expr1, scope) or (
                    self._type(node.expr2, scope) if node.expr2 is not None else None
                )
            case nodes.Filter(name="list" | "sort" | "reverse" | "unique"):
                return self._type(node.node, scope) if node.node is not None else None
            case nodes.Filter(name="first" | "last"):
                return self._item(self._type(node.node, scope)) if node.node is not None else None
            case nodes.Call(node=nodes.Name(name=name)) if name in self._macros:
                self._macro(name, node, scope)
                return None
            case nodes.Call(node=nodes.Getattr(node=nodes.Name(name=module), attr=name)) if (
                module in self._modules and name in self._macros
            ):
                self._macro(name, node, scope)
                return None
            case nodes.Call():
                callee = self._type(node.node, scope)
                for one in node.iter_child_nodes(exclude=("node",)):
                    self._type(one, scope)
                return self._returned(callee)
        for one in node.iter_child_nodes():
            self._type(one, scope)
        return None

    def _macro(self, name: str, call: nodes.Call, scope: Scope) -> None:
        file, macro = self._macros[name]
        given: Scope = {}
        for argument, value in zip(macro.args, call.args, strict=False):
            given[argument.name] = self._type(value, scope)
        for keyword in call.kwargs:
            given[keyword.key] = self._type(keyword.value, scope)
        if self._depth > 8:
            return
        before, self._file = self._file, file
        self._depth += 1
        # A macro of the page itself sees the page's values too.
        around = scope if file == before else {}
        names = {one.name for one in macro.args}
        inner = {key: value for key, value in around.items() if key not in names} | given
        self._body(macro.body, inner)
        self._depth -= 1
        self._file = before

    # --- Types ---------------------------------------------------------------------------------------

    def _returned(self, callee: Type | None) -> Type | None:
        proper = get_proper_type(callee) if callee is not None else None
        if isinstance(proper, Overloaded):
            return None
        return proper.ret_type if isinstance(proper, CallableType) else None

    def _item(self, value: Type | None) -> Type | None:
        """What a loop over a value gives."""
        proper = get_proper_type(value) if value is not None else None
        if isinstance(proper, UnionType):
            return next((one for part in proper.items if (one := self._item(part))), None)
        if isinstance(proper, TupleType):
            return proper.items[0] if len({str(one) for one in proper.items}) == 1 else None
        if isinstance(proper, Instance):
            return _argument(proper, "typing.Iterable", 0)
        return None

    def _subscript(self, node: nodes.Getitem, value: Type | None) -> Type | None:
        proper = get_proper_type(value) if value is not None else None
        if isinstance(proper, TupleType) and isinstance(node.arg, nodes.Const):
            at = node.arg.value
            return proper.items[at] if isinstance(at, int) and at < len(proper.items) else None
        if isinstance(proper, Instance):
            return _argument(proper, "typing.Mapping", 1) or _argument(proper, "typing.Sequence", 0)
        return None

    def _attribute(self, node: nodes.Getattr, value: Type | None) -> Type | None:
        proper = get_proper_type(value) if value is not None else None
        if isinstance(proper, UnionType):
            parts = [one for one in proper.items if not isinstance(get_proper_type(one), NoneType)]
        else:
            parts = [value] if value is not None else []
        has: list[tuple[bool, Type | None]] = [_member(part, node.attr) for part in parts]
        if has and not any(known for known, _type in has):
            shown = " | ".join(str(part).replace("builtins.", "") for part in parts)
            self._found.append(f'{self._file}:{node.lineno}: {shown} has no "{node.attr}"')
        return next((found for _known, found in has if found is not None), None)


def _argument(value: Instance, base: str, at: int) -> Type | None:
    """What a value is a ``base`` of: the items of an iterable, the values of a mapping."""
    info = next((one for one in value.type.mro if one.fullname == base), None)
    return map_instance_to_supertype(value, info).args[at] if info is not None else None


def _member(value: Type, name: str) -> tuple[bool, Type | None]:
    """Whether a value has an attribute (or a key: Jinja looks for both), and the attribute's type."""
    proper = get_proper_type(value)
    if isinstance(proper, TupleType):
        proper = proper.partial_fallback
    if isinstance(proper, TypedDictType):
        return name in proper.items or proper.fallback.type.get(name) is not None, None
    if not isinstance(proper, Instance) or proper.type.fullname == "builtins.object":
        return True, None
    symbol = proper.type.get(name)
    if symbol is not None:
        return True, _declared(proper, symbol.node, name)
    if proper.type.has_base("typing.Mapping"):
        return True, _argument(proper, "typing.Mapping", 1)
    return proper.type.get("__getattr__") is not None or proper.type.fallback_to_any, None


def _declared(owner: Instance, node: Any, name: str) -> Type | None:
    """The type of an attribute, of a property's value or of a method."""
    found: Type | None = None
    if isinstance(node, Decorator):
        found = node.var.type
        if node.var.is_property and isinstance(get_proper_type(node.func.type), CallableType):
            found = get_proper_type(node.func.type).ret_type  # type: ignore[union-attr]
    elif isinstance(node, Var | FuncBase):
        found = node.type
    if found is None:
        return None
    home = next((one for one in owner.type.mro if name in one.names), owner.type)
    if home in owner.type.mro:
        found = expand_type_by_instance(found, map_instance_to_supertype(owner, home))
    proper = get_proper_type(found)
    if isinstance(proper, Instance) and proper.type.fullname == "sqlalchemy.orm.base.Mapped":
        return proper.args[0]
    return found


def plugin(_version: str) -> type[Plugin]:
    """What mypy calls."""
    return TypedNames
