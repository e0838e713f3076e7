"""Cloud functions called by multipart forms: fields, files, and forms that are broken."""

from collections.abc import Mapping

from tests.differential.scenario import Scenario, Step, post, sign_up

BOUNDARY = "----frontier"
KIND = f"multipart/form-data; boundary={BOUNDARY}"
END = f"--{BOUNDARY}--\r\n"


def part(disposition: str, content: str, *headers: str) -> str:
    """Write one part of a form."""
    lines = [f"--{BOUNDARY}", f"Content-Disposition: {disposition}", *headers, "", content]
    return "\r\n".join(lines) + "\r\n"


def field(name: str, value: str, *headers: str) -> str:
    """Write a field of a form."""
    return part(f'form-data; name="{name}"', value, *headers)


def file(name: str, file_name: str, content: str, kind: str | None = "text/plain") -> str:
    """Write a file of a form."""
    headers = [f"Content-Type: {kind}"] if kind else []
    return part(f'form-data; name="{name}"; filename="{file_name}"', content, *headers)


def form(
    name: str,
    content: str | bytes,
    *,
    kind: str = KIND,
    headers: Mapping[str, str] = {},
    who: str | None = None,
    function: str = "form",
    query: Mapping[str, str] = {},
) -> Step:
    """Call a function with a form."""
    body = content if isinstance(content, bytes) else content.encode()
    given = {"Content-Type": kind, **headers}
    return Step("POST", f"/functions/{function}", body, query, who, given, name=name)


STEPS = [
    form("a field", field("a", "1") + END),
    form("two fields", field("a", "1") + field("b", "two words") + END),
    form("a field twice", field("a", "1") + field("a", "2") + END),
    form("an empty field", field("a", "") + END),
    form("a field without a name", part("form-data", "1") + field("b", "2") + END),
    form("a field with an empty name", field("", "1") + END),
    form("a field beyond ASCII", field("größe", "süß ☕") + END),
    form("a field of JSON", field("a", '{"b":1}', "Content-Type: application/json") + END),
    form("a field that is a date in JSON", field("a", '{"__type":"Date"}') + END),
    form(
        "a field of another charset",
        field("a", "x", "Content-Type: text/plain; charset=utf-8") + END,
    ),
    form("a field of lines", field("a", "1\r\n2\n3") + END),
    form("a file", file("f", "a.txt", "hello") + END),
    form("a file of its type", file("f", "a.png", "png", "image/png") + END),
    form("a file of a type with more", file("f", "a.txt", "x", "text/plain; charset=latin1") + END),
    form("a file of a type in capitals", file("f", "a.txt", "x", "Image/PNG") + END),
    form("a file without a type", file("f", "a.bin", "x", None) + END),
    form("an empty file", file("f", "a.txt", "") + END),
    form("a file without a name", file("f", "", "x") + END),
    form("a file with a path", file("f", "/etc/passwd", "x") + END),
    form("a file with an old path", file("f", "C:\\\\docs\\\\a.txt", "x") + END),
    form(
        "octets without a file's name",
        field("f", "x", "Content-Type: application/octet-stream") + END,
    ),
    form("a file beyond ASCII", file("f", "größe.txt", "x") + END),
    form(
        "a file of bytes",
        file("f", "a.bin", "*", "a/b").encode().replace(b"*", bytes(range(256))) + END.encode(),
    ),
    form("a file and fields", field("a", "1") + file("f", "a.txt", "x") + field("b", "2") + END),
    form("two files", file("f", "a.txt", "x") + file("g", "b.txt", "y") + END),
    form("a file twice", file("f", "a.txt", "x") + file("f", "b.txt", "y") + END),
    form("and a query", field("a", "1") + field("b", "1") + END, query={"b": "2", "c": "3"}),
    form("nothing", END),
    form("no content", ""),
    form("text that is no form", "hello"),
    form("no end", field("a", "1")),
    form("cut in a part", field("a", "1")[:-12]),
    form("no boundary", field("a", "1") + END, kind="multipart/form-data"),
    form("another boundary", field("a", "1") + END, kind="multipart/form-data; boundary=other"),
    form(
        "a quoted boundary",
        field("a", "1") + END,
        kind=f'multipart/form-data; boundary="{BOUNDARY}"',
    ),
    form(
        "a type in capitals",
        field("a", "1") + END,
        kind=KIND.replace("multipart/form-data", "Multipart/Form-Data"),
    ),
    form(
        "credentials in a form",
        field("_ApplicationId", "shop") + field("a", "1") + END,
        headers={"X-Parse-Application-Id": ""},
    ),
    form("a master key in a form", field("_MasterKey", "master") + END, function="masters"),
    form("a method in a form", field("_method", "GET") + END),
    form("with the master key", field("a", "1") + END, who="master", function="masters"),
    sign_up("former", "former", kind="b2b"),
    form("by a user", field("a", "1") + END, who="former", function="users"),
    form("by nobody", field("a", "1") + END, function="users"),
    form(
        "of a function with fields",
        field("name", "x") + field("count", "3") + END,
        function="fields",
    ),
    form("of a function with too few fields", field("kind", "a") + END, function="fields"),
    form("of no function", field("a", "1") + END, function="nosuch"),
    form("of no function and no form", "hello", function="nosuch"),
    post(
        "/classes/Formed", field("a", "1") + END, headers={"Content-Type": KIND}, name="of a class"
    ),
]

SCENARIOS = [Scenario("forms", STEPS, "cloud")]
