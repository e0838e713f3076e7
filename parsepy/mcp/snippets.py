"""How a client of each technology is connected: what to install, and the first lines.

In a text ``<<URL>>``, ``<<APP_ID>>`` and ``<<CLASS>>`` stand for the server's address, the
application's id and a class of the app.
"""

from typing import NamedTuple


class Technology(NamedTuple):
    """What a client is written with: how its SDK is installed, its first lines, and the language

    of ``parsepy.codegen`` for typed classes, None where there is none.
    """

    install: str
    connect: str
    language: str | None = None


_JAVASCRIPT = """import Parse from "parse";

Parse.initialize("<<APP_ID>>");
Parse.serverURL = "<<URL>>";

const found = await new Parse.Query("<<CLASS>>").limit(10).find();
"""
_REACT_NATIVE = """import Parse from "parse/react-native.js";
import AsyncStorage from "@react-native-async-storage/async-storage";

Parse.setAsyncStorage(AsyncStorage);
Parse.initialize("<<APP_ID>>");
Parse.serverURL = "<<URL>>";

const found = await new Parse.Query("<<CLASS>>").limit(10).find();
"""
_NODE = _JAVASCRIPT.replace('"parse"', '"parse/node.js"')
_FLUTTER = """import 'package:parse_server_sdk_flutter/parse_server_sdk_flutter.dart';

await Parse().initialize('<<APP_ID>>', '<<URL>>', autoSendSessionId: true);

final query = QueryBuilder<ParseObject>(ParseObject('<<CLASS>>'))..setLimit(10);
final answer = await query.query();
"""
_SWIFT = """import ParseSwift

try await ParseSwift.initialize(applicationId: "<<APP_ID>>", serverURL: URL(string: "<<URL>>")!)

let found = try await <<CLASS>>.query().limit(10).find()
"""
_ANDROID = """import com.parse.*

Parse.initialize(Parse.Configuration.Builder(this).applicationId("<<APP_ID>>").server("<<URL>>/").build())

ParseQuery.getQuery<ParseObject>("<<CLASS>>").setLimit(10).findInBackground { found, error -> }
"""
_DOT_NET = """using Parse;

var client = new ParseClient("<<APP_ID>>", "<<URL>>/", "");
client.Publicize();

var found = await client.GetQuery("<<CLASS>>").Limit(10).FindAsync();
"""
_PHP = """use Parse\\ParseClient;
use Parse\\ParseQuery;

ParseClient::initialize('<<APP_ID>>', null, null);
ParseClient::setServerURL('<<SERVER>>', '<<MOUNT>>');

$found = (new ParseQuery('<<CLASS>>'))->limit(10)->find();
"""
_PYTHON = """import httpx

with httpx.Client(base_url="<<URL>>", headers={"X-Parse-Application-Id": "<<APP_ID>>"}) as client:
    found = client.get("/classes/<<CLASS>>", params={"limit": 10}).json()["results"]
"""
_REST = """curl -H 'X-Parse-Application-Id: <<APP_ID>>' '<<URL>>/classes/<<CLASS>>?limit=10'
"""
_NPM = "npm install parse"

TECHNOLOGIES: dict[str, Technology] = {
    "javascript": Technology(_NPM, _JAVASCRIPT, "typescript"),
    "react": Technology(_NPM, _JAVASCRIPT, "typescript"),
    "react native": Technology(
        "npm install parse @react-native-async-storage/async-storage", _REACT_NATIVE, "typescript"
    ),
    "next.js": Technology(_NPM, _JAVASCRIPT, "typescript"),
    "vue": Technology(_NPM, _JAVASCRIPT, "typescript"),
    "angular": Technology(_NPM, _JAVASCRIPT, "typescript"),
    "svelte": Technology(_NPM, _JAVASCRIPT, "typescript"),
    "node.js": Technology(_NPM, _NODE, "typescript"),
    "flutter": Technology("flutter pub add parse_server_sdk_flutter", _FLUTTER, "dart"),
    "ios": Technology("Swift package parse-community/Parse-Swift", _SWIFT, "swift"),
    "android": Technology(
        "implementation 'com.github.parse-community.Parse-SDK-Android:parse:4.3.0'",
        _ANDROID,
        "kotlin",
    ),
    ".net": Technology("dotnet add package Parse", _DOT_NET),
    "php": Technology("composer require parse/php-sdk", _PHP),
    "python": Technology("pip install httpx", _PYTHON),
    "rest": Technology("", _REST),
}
"""By the name that ``generate_client_code`` is called with."""


def snippet(technology: Technology, url: str, app_id: str, class_name: str) -> str:
    """The first lines of a client for a server, an application and a class of it."""
    scheme, _, rest = url.partition("://")
    host, slash, mount = rest.partition("/")
    named = {
        "URL": url,
        "SERVER": f"{scheme}://{host}",
        "MOUNT": slash + mount,
        "APP_ID": app_id,
        "CLASS": class_name.lstrip("_"),
    }
    text = technology.connect
    for name, value in named.items():
        text = text.replace(f"<<{name}>>", value)
    return text
