"""The pages and settings of a new project."""

import json
from collections.abc import Sequence

from parsepy.model.values import JSONObject

GITIGNORE = """\
# What the server writes: keys, data, logs. Never commit these.
.parsepy/
.env
*.key
*.pem
logs/

__pycache__/
.venv/
.mypy_cache/
.pytest_cache/
node_modules/
"""


def config(name: str) -> JSONObject:
    """The options of the app, for ``parsepy serve --config config.json``."""
    return {"appName": name, "cloud": "cloud/main.py", "schema": ["schema"], "logLevel": "info"}


def pyproject_toml(name: str) -> str:
    """Settings of pytest and mypy."""
    return f"""\
[project]
name = {json.dumps(name)}
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["parsepy-server[embedded]"]

[project.optional-dependencies]
dev = ["parsepy-server[memory]", "pytest", "pytest-asyncio", "mypy"]

[tool.pytest.ini_options]
testpaths = ["cloud/tests"]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"

[tool.mypy]
strict = true
files = ["cloud"]
mypy_path = "cloud"
explicit_package_bases = true

[tool.ruff]
line-length = 100
src = ["cloud"]

[tool.ruff.lint]
select = ["E", "F", "I", "UP"]
"""


def readme_md(name: str, classes: Sequence[str]) -> str:
    """How to start, test and change the app."""
    listed = ", ".join(f"`{one}`" for one in classes) or "none yet"
    return f"""\
# {name}

A Parse backend on parsepy. Its classes: {listed}.

```sh
pip install 'parsepy-server[embedded,memory]' pytest pytest-asyncio
parsepy serve --watch     # http://localhost:1337/parse; keys and data go to .parsepy/
pytest                    # the rules and permissions, without a server
```

| file | what is in it |
|---|---|
| `schema/` | classes, columns, permissions, indexes: `parsepy schema check schema/*.json` |
| `cloud/main.py` | the rules: hooks and functions in Python |
| `cloud/classes.py` | typed classes: `parsepy types python schema -o cloud/classes.py` |
| `cloud/tests/` | tests of both |
| `public/index.html` | a first page |
| `config.json` | options: `parsepy serve --config config.json` |

The first administrator: sign up, then `parsepy user grant NAME admin`.
"""


def agents_md(name: str, technologies: Sequence[str], *, has_prompt: bool) -> str:
    """What an agent that works on the app must know."""
    prompt = (
        "* `prompt.txt` is what this app was made from; `parsepy prompt` prints it as it is now.\n"
        if has_prompt
        else ""
    )
    client = (
        f"* Clients are written with {' and '.join(technologies)}; `clients/` has typed classes.\n"
        if technologies
        else ""
    )
    return f"""\
# Working on {name}

* Run `pytest` and `mypy` after every change; both must pass.
* After a change of the schema: `parsepy schema check schema/*.json`, and
  `parsepy types python schema -o cloud/classes.py`. A start adds columns, and never drops one.
* A rule is a hook in `cloud/main.py`, with a test in `cloud/tests/`. It refuses by
  `raise ParseError(Code.VALIDATION_ERROR, "…")`.
* Objects and queries in hooks act with the caller's rights; `use_master_key=True` only where
  the rule needs it.
* Every call to the database is awaited. Datetimes have a time zone: `datetime.now(UTC)`.
* Never commit keys, `.env` or `.parsepy/`. The master key stays on the server.
{prompt}{client}"""


def index_html(name: str, public: str | None) -> str:
    """A page that lists the objects of a class that anybody may read; its script is app.js."""
    return f"""\
<!doctype html>
<html lang="en" data-class="{public or ""}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<h1>{name}</h1>
<form id="server">
  <label>Server <input name="url" size="40"></label>
  <label>Application id <input name="appId" size="30" placeholder="in .parsepy/keys.json"></label>
  <button>Show</button>
</form>
<pre id="answer"></pre>
<script src="app.js"></script>
</html>
"""


APP_JS = """\
// Asks the REST API. A file of its own: the server's policy lets no script stand in a page.
const form = document.querySelector("#server");
const { class: className } = document.documentElement.dataset;
const isFile = location.protocol === "file:";
form.elements.url.value = isFile ? "http://localhost:1337/parse" : `${location.origin}/parse`;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { url, appId } = Object.fromEntries(new FormData(form));
  const path = className ? `/classes/${className}?limit=20` : "/health";
  const answer = await fetch(url + path, { headers: { "X-Parse-Application-Id": appId } });
  document.querySelector("#answer").textContent = JSON.stringify(await answer.json(), null, 2);
});
"""
