"""Files: every form of upload and what is refused, download, ranges, metadata, deletion."""

import json
from typing import Any

from tests.differential.scenario import Scenario, Step, create, delete, get, post, sign_up

SAVED = {"file": "$.name", "url": "$.url"}
TEXT = {"Content-Type": "text/plain"}
STREAM = {"X-Parse-Upload-Mode": "stream"}
DATA = b"0123456789abcdefghij"


def raw(
    path: str,
    body: bytes = DATA,
    *,
    who: str | None = "master",
    kind: str = "text/plain",
    **more: Any,
) -> Step:
    """Upload bytes as they are."""
    headers = {"Content-Type": kind, **more.pop("headers", {})}
    name = more.pop("name", "") or f"{path} of {kind}"
    return Step("POST", f"/files/{path}", body, who=who, headers=headers, name=name, **more)


def encoded(path: str, name: str, *, bare: bool = True, **fields: Any) -> Step:
    """Upload base64 in JSON with the credentials in it, as the JavaScript SDK does."""
    body = {"_ApplicationId": "shop", "_MasterKey": "master", "base64": "aGVsbG8=", **fields}
    return post(f"/files/{path}", json.dumps(body), name=name, bare=bare, headers=TEXT)


def ranged(spec: str) -> Step:
    """Download a part of the saved file."""
    return get(
        "/files/shop/{file}",
        headers={"Range": spec},
        name=f"range {spec}",
        compare=("content-range", "accept-ranges", "content-length"),
    )


def streamed(path: str, name: str, body: bytes = DATA, **headers: Any) -> Step:
    """Upload in stream mode; underscores of the headers' names are hyphens."""
    return raw(
        path,
        body,
        name=name,
        headers={**STREAM, **{key.replace("_", "-"): value for key, value in headers.items()}},
    )


NAMES = (
    *(
        "a.txt",
        "_a.txt",
        "9.txt",
        "A-b_c~d@e.txt",
        "with%20blank.txt",
        "noext",
        "a.tar.gz",
        "a..txt",
    ),
    *(
        "-a.txt",
        ".a.txt",
        "a%2Fb.txt",
        "..%2Fa.txt",
        "a%5Cb.txt",
        "a%00.txt",
        "%C3%A4.txt",
        "a%0A.txt",
    ),
    *("a+b.txt", "a%3Bb.txt", "a%27.txt", "a(1).txt", "a%23.txt", "~a.txt", "@a.txt", "%20a.txt"),
    *("x" * 128, "x" * 129, "x" * 124 + ".txt", "x" * 125 + ".txt"),
)
REFUSED_TYPES = (
    *("a.html", "a.HTML", "a.htm", "a.xhtml", "a.shtml", "a.svg", "a.SvG", "a.svgz", "a.xml"),
    *("a.xsl", "a.xslt", "a.xsd", "a.rng", "a.rdf", "a.owl", "a.mathml", "a.xht", "a.x.svg"),
    *("a.txt", "a.png", "a.js", "a.html.txt", "a.unknown", "a.html~", "a.pdf", "a.HtMl"),
)
TYPES = (
    *("text/html", "TEXT/HTML", "text/html; charset=utf-8", "image/svg+xml"),
    *("image/svg+xml;x=1", "application/xhtml+xml", "text/xml", "application/xml", "svg"),
    *("image", "image/", "image//svg+xml", "text/plain,text/html", "html", "application/json"),
    *("application/vnd.api+json", "text/plain", "image/png", "image/jpeg", "application/pdf"),
    *("application/rdf+xml", "application/mathml+xml"),
)
DIRECTORIES = (
    *("2026", "2026/november", "a_b-c/d", "../x", "a/../b", "/a", "a/", "a//b", "metadata"),
    *("metadata/x", "-a", "a b", "a.b", "x" * 256, "x" * 257),
)

SCENARIOS = [
    Scenario(
        "a file there and back",
        [
            raw("mug.txt", save=SAVED),
            get("/files/shop/{file}", name="download", compare=("x-content-type-options",)),
            get("/files/shop/{file}", name="download without any header", bare=True),
            get("/files/other/{file}", name="download of another application"),
            get("/files/shop/nosuch.txt", name="download of nothing"),
            *(
                ranged(f"bytes={spec}")
                for spec in ("0-4", "5-9", "5-", "0-0", "19-19", "0-19", "0-100", "10-500", "-5")
            ),
            *(ranged(spec) for spec in ("bytes=20-30", "bytes=9-1", "bytes=0-1,3-4", "bytes=-0")),
            *(
                ranged(spec)
                for spec in ("bytes=", "bytes=-", "bytes=a-b", "items=0-4", "bytes=-100")
            ),
            get("/files/shop/metadata/{file}", name="metadata"),
            get("/files/shop/metadata/nosuch.txt", name="metadata of nothing"),
            get("/files/other/metadata/{file}", name="metadata of another application"),
            delete("/files/{file}", name="delete as nobody"),
            delete("/files/{file}", name="delete", who="master"),
            get("/files/shop/{file}", name="download after that"),
            delete("/files/{file}", name="delete again", who="master"),
            delete("/files/nosuch.txt", name="delete nothing", who="master"),
        ],
    ),
    Scenario(
        "names of files",
        [
            post("/files", "x", who="master", headers=TEXT, name="no name"),
            *(raw(name, name=f"the name {name}") for name in NAMES),
            raw("noext", kind="image/png", name="an extension by the type", save=SAVED),
            get("/files/shop/{file}", name="served by that type"),
            raw("noext.", kind="image/png", name="a dot at the end"),
            raw("noext", kind="no/such", name="an unknown type"),
        ],
    ),
    Scenario(
        "types of files",
        [
            sign_up("tina", "tina-of-files"),
            *(raw(name, who="tina", name=f"{name} as a user") for name in REFUSED_TYPES),
            *(raw("noext", who="tina", kind=kind, name=f"noext of {kind!r}") for kind in TYPES),
            *(raw("a.zzz", who="tina", kind=kind, name=f"a.zzz of {kind!r}") for kind in TYPES[:8]),
            raw("a.html", kind="text/html", name="a page, with the master key", save=SAVED),
            raw("dots.html.", who="tina", name="a dot behind the extension"),
            raw("blank.html%20", who="tina", name="a blank behind the extension"),
        ],
    ),
    Scenario(
        "who may upload",
        [
            sign_up("ursula", "ursula-of-files"),
            post(
                "/users",
                {"authData": {"anonymous": {"id": "files-anonymous"}}},
                name="anonymous",
                save={"anon": "$.sessionToken"},
            ),
            raw("a.txt", who="ursula", name="a user"),
            raw("a.txt", who="anon", name="an anonymous user"),
            raw("a.txt", who=None, name="nobody"),
            raw("a.txt", b"", name="nothing in it"),
            raw("a.txt", who=None, bare=True, name="no application"),
            raw("b%2F.txt", who=None, name="nobody, with a bad name"),
        ],
    ),
    Scenario(
        "base64 in JSON",
        [
            encoded("a.txt", "text"),
            encoded("noext", "its type", _ContentType="image/png"),
            encoded(
                "a.txt",
                "metadata and tags",
                fileData={"metadata": {"shelf": 7}, "tags": {"t": "1"}},
            ),
            encoded("a.txt", "a directory", fileData={"directory": "2026/x"}),
            encoded("a.txt", "a bad directory", fileData={"directory": "../x"}),
            encoded("a.txt", "a directory that is a number", fileData={"directory": 5}),
            encoded("a.txt", "an empty base64", base64=""),
            encoded("a.txt", "a wrong application", _ApplicationId="other"),
            encoded("a.txt", "a wrong master key", _MasterKey="wrong"),
            encoded("a.txt", "no master key", _MasterKey=None),
            encoded("a.txt", "a forbidden key", fileData={"metadata": {"__proto__": 1}}),
            encoded("a.txt", "a forbidden key of tags", fileData={"tags": {"constructor": "1"}}),
            encoded("a.txt", "a method", _method="DELETE"),
            encoded("a.txt", "a version", _ClientVersion="js8.6.2", _InstallationId="i"),
            post("/files/a.txt", "no json", bare=True, headers=TEXT, name="no JSON"),
            post("/files/a.txt", "[]", bare=True, headers=TEXT, name="an array"),
        ],
    ),
    Scenario(
        "streamed uploads",
        [
            streamed("a.txt", "plain"),
            streamed("a.txt", "empty", b""),
            streamed("a.txt", "metadata", X_Parse_File_Metadata='{"a":1}'),
            streamed("a.txt", "tags", X_Parse_File_Tags='{"a":"1"}'),
            *(
                streamed("a.txt", f"{header} {value}", b"x", **{f"X_Parse_File_{header}": value})
                for header in ("Metadata", "Tags")
                for value in ("{", "[]", "null", "5", '"x"')
            ),
            streamed("a.txt", "a forbidden key", X_Parse_File_Metadata='{"constructor":1}'),
            *(
                streamed("a.txt", f"the directory {name}", X_Parse_File_Directory=name)
                for name in DIRECTORIES
            ),
            streamed("a.txt", "just small enough", X_Parse_File_Max_Upload_Size="20b"),
            streamed("a.txt", "too large", X_Parse_File_Max_Upload_Size="19b"),
            streamed("a.txt", "no size", X_Parse_File_Max_Upload_Size="many"),
            raw(
                "a.txt",
                who=None,
                name="a size as nobody",
                headers={**STREAM, "X-Parse-File-Max-Upload-Size": "1mb"},
            ),
            sign_up("stella", "stella-of-files"),
            raw(
                "a.txt",
                who="stella",
                name="a directory as a user",
                headers={**STREAM, "X-Parse-File-Directory": "x"},
            ),
            raw("a.txt", who="stella", name="streamed by a user", headers=STREAM),
        ],
    ),
    Scenario(
        "files in objects",
        [
            raw("mug.txt", save=SAVED),
            create(
                "Picture", {"file": {"__type": "File", "name": "{file}", "url": "{url}"}}, save="p"
            ),
            get("/classes/Picture/{p}", name="its address"),
            create("Picture", {"file": {"__type": "File", "name": "a.txt"}}, save="q"),
            get("/classes/Picture/{q}", name="without an address"),
            create("Picture", {"file": {"__type": "File", "name": "2026/x/b c.txt"}}, save="d"),
            get("/classes/Picture/{d}", name="in a directory"),
            create(
                "Picture", {"file": {"__type": "File", "name": "http://old.test/a.txt"}}, save="h"
            ),
            get("/classes/Picture/{h}", name="an absolute name"),
            create("Picture", {"file": {"__type": "File", "name": "tfss-1-a.txt"}}, save="t"),
            get("/classes/Picture/{t}", name="a hosted name"),
            create("Picture", {"file": {"__type": "File"}}, name="no name"),
            create("Picture", {"file": "mug.txt"}, name="text"),
        ],
    ),
    Scenario(
        "files with other keys",
        [
            raw("a.txt", who="readonly", name="read-only upload"),
            delete("/files/a.txt", who="readonly", name="read-only deletion"),
            raw("a.txt", who="maintenance", name="maintenance upload"),
            delete("/files/a.txt", who="maintenance", name="maintenance deletion"),
            raw("a.txt", name="master upload", save=SAVED),
            get("/files/shop/{file}", bare=True, name="download without any key"),
        ],
        "keys",
    ),
]
