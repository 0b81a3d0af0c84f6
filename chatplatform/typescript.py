"""TypeScript declarations of everything that crosses the wire.

In: the structs of the socket and of HTTP answers, and ninja's request schemas, all as JSON schema.
Out: the text of one declarations file, the same bytes for the same types. Nothing is written here.
"""

from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import msgspec

from chatplatform.kernel import http

Schema = dict[str, Any]

HEADER = """// Made by `python manage.py export_schema` from the server's own types. Do not edit.
// An optional field that is absent has the default named beside it.

"""
NAMES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def declarations() -> str:
    """The whole file."""
    from chatplatform.api import api
    from messaging import protocol
    from messaging.protocol.commands import AnyCommand, Command
    from messaging.protocol.events import AnyEvent
    from messaging.protocol.frames import AnyFrame
    from messaging.protocol.news import AnyNews

    unions = {"AnyCommand": AnyCommand, "AnyEvent": AnyEvent, "AnyNews": AnyNews, "AnyFrame": AnyFrame}
    structs = {kind.__name__: kind for kind in _structs(unions.values())}
    _, schemas = msgspec.json.schema_components(structs.values(), ref_template="{name}")
    for kind in _all_structs(msgspec.Struct):
        if kind.__name__ in schemas and not issubclass(kind, Command):
            _say_what_is_always_sent(schemas[kind.__name__], kind)
    requests = api.get_openapi_schema(path_prefix="/api")["components"]["schemas"]
    schemas.update((name, schema) for name, schema in requests.items() if name not in schemas)

    schemas["Events"]["properties"]["events"]["items"] = {"$ref": "AnyEvent"}
    schemas["News"]["properties"]["item"] = {"$ref": "AnyNews"}

    parts = [HEADER]
    constants = ("PROTOCOL_VERSION", "MAX_FRAME_BYTES", "MAX_BODY_BYTES")
    parts.extend(f"export const {name} = {getattr(protocol, name)}\n" for name in constants)
    parts.extend("\n" + _declaration(name, schemas[name]) for name in sorted(schemas))
    for name, union in unions.items():
        members = sorted(member.__name__ for member in union.__args__)
        parts.append(f"\nexport type {name} =\n" + "".join(f"  | {member}\n" for member in members))
    return "".join(parts)


def _structs(unions: Iterable[Any]) -> Iterator[type[msgspec.Struct]]:
    """Every struct that a client may meet: on the socket, in an answer, or in the areas' types."""
    for union in unions:
        yield from union.__args__
    yield from http.documented.values()
    for module in _type_modules():
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__module__ == module.__name__:
                yield value


def _type_modules() -> list[ModuleType]:
    from projects import types as projects
    from threads import types as threads

    return [projects, threads]


def _all_structs(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _all_structs(kind)


def _say_what_is_always_sent(schema: Schema, kind: type[msgspec.Struct]) -> None:
    """A field is left out only at its default, and only where the struct says `omit_defaults`.

    msgspec leaves out no default that is made anew for each value, but for empty lists and maps.
    """
    fields = msgspec.structs.fields(kind)
    if kind.__struct_config__.omit_defaults:
        always = [f.encode_name for f in fields if f.default_factory not in (msgspec.NODEFAULT, list, dict, set)]
        schema["required"] = [*schema.get("required", ()), *always]
    else:
        schema["required"] = list(schema.get("properties", ()))


def _declaration(name: str, schema: Schema) -> str:
    doc = _comment(schema.get("description", ""))
    if schema.get("type") != "object" or "properties" not in schema:
        return f"{doc}export type {name} = {_type(schema)}\n"
    required = set(schema.get("required", ()))
    lines = [_field(key, field, key in required) for key, field in schema["properties"].items()]
    return f"{doc}export interface {name} {{\n{''.join(lines)}}}\n"


def _field(key: str, schema: Schema, is_required: bool) -> str:
    if is_required:
        return f"  {key}: {_type(schema)}\n"
    default = schema.get("default")
    note = f" // {msgspec.json.encode(default).decode()}" if "default" in schema else ""
    return f"  {key}?: {_type(schema)}{note}\n"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for key, sign in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if key in schema:
            return sign.join(dict.fromkeys(_type(one) for one in schema[key]))
    if "enum" in schema or "const" in schema:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        return " | ".join(msgspec.json.encode(value).decode() for value in values)
    kind = schema.get("type")
    if kind == "array":
        return _array(schema)
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"Record<string, {_type(values) if isinstance(values, dict) else 'unknown'}>"
    kinds = kind if isinstance(kind, list) else [kind or "unknown"]
    return " | ".join(NAMES.get(one, "unknown") for one in kinds)


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(one) for one in schema['prefixItems'])}]"
    inner = _type(schema.get("items") or {})
    return f"({inner})[]" if " " in inner else f"{inner}[]"


def _comment(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines()]
    if not lines:
        return ""
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"
