"""`Config`: defaults, checks and messages, and the order of file, environment and flags."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import parsepy
from parsepy.adapters import load_adapter
from parsepy.config import OPTIONS, AdapterOptions, Config, ConfigError, ip_allowed, load
from parsepy.config import unknown_variables as strange


def config(**options: object) -> Config:
    return Config.from_options({"masterKey": "master", **options})


def problems(**options: object) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        config(**options)
    return caught.value.problems


def write(folder: Path, text: str) -> Path:
    file = folder / "shop.json"
    file.write_text(text, encoding="utf-8")
    return file


def read(
    folder: Path,
    options: Mapping[str, object],
    env: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Config:
    file = write(folder, json.dumps({"masterKey": "master", **options}))
    return load(file, env or {}, flags or {})


# --- Values ---


def test_defaults_are_those_of_parse_server() -> None:
    shop = config()
    assert (shop.app_id, shop.port, shop.host, shop.mount_path) == (
        "parsepy",
        1337,
        "0.0.0.0",
        "/parse",
    )
    assert shop.session_length == 31536000
    assert shop.enforce_private_users
    assert not shop.allow_client_class_creation
    assert shop.protected_fields == {"_User": {"*": ("email",)}}
    assert shop.database_options.batch_size == 1000
    assert shop.request_complexity.include_depth == -1
    assert shop.account_lockout is None


def test_every_option_has_a_flag_a_variable_and_one_line_of_help() -> None:
    assert len({option.flag for option in OPTIONS}) == len(OPTIONS)
    assert len({option.env for option in OPTIONS}) == len(OPTIONS)
    for option in OPTIONS:
        assert option.help
        assert "\n" not in option.help


@pytest.mark.parametrize(
    ("name", "attribute", "flag", "env"),
    [
        ("appId", "app_id", "--app-id", "PARSE_SERVER_APPLICATION_ID"),
        ("databaseURI", "database_uri", "--database-uri", "PARSE_SERVER_DATABASE_URI"),
        ("serverURL", "server_url", "--server-url", "PARSE_SERVER_URL"),
        ("restAPIKey", "rest_api_key", "--rest-api-key", "PARSE_SERVER_REST_API_KEY"),
        ("cacheTTL", "cache_ttl", "--cache-ttl", "PARSE_SERVER_CACHE_TTL"),
        ("port", "port", "--port", "PORT"),
    ],
)
def test_names_of_an_option(name: str, attribute: str, flag: str, env: str) -> None:
    option = next(option for option in OPTIONS if option.name == name)
    assert (option.attribute, option.flag, option.env) == (attribute, flag, env)


@pytest.mark.parametrize(
    ("size", "octets"),
    [("20mb", 20 * 2**20), ("1.5kb", 1536), ("100", 100), (4096, 4096), ("2 GB", 2**31)],
)
def test_sizes_become_bytes(size: object, octets: int) -> None:
    assert config(maxUploadSize=size).max_upload_size == octets


def test_server_url_follows_port_and_mount_path() -> None:
    assert config(port=8080, mountPath="/shop/").server_url == "http://localhost:8080/shop"
    assert config(mountPath="/").mount_path == ""


def test_the_table_promises_no_effect_that_no_code_has() -> None:
    package = Path(parsepy.__file__).parent
    files = [file for file in package.rglob("*.py") if file.parent.name != "config"]
    code = "".join(file.read_text(encoding="utf-8") for file in files)
    read = set(re.findall(r"\.(\w+)", code)) | {"user_sensitive_fields"}  # that one Config reads
    acting = [o for option in OPTIONS if option.acts for o in (option, *option.members) if o.acts]
    assert [option.name for option in acting if option.attribute not in read] == []


def test_a_null_means_not_given() -> None:
    assert config(port=None, accountLockout=None).port == 1337


def test_groups_become_records() -> None:
    shop = config(
        passwordPolicy={"validatorPattern": "^.{8,}$", "maxPasswordHistory": 5},
        databaseOptions={"maxTimeMS": 5000, "maxPoolSize": 20, "tlsCAFile": "ca.pem"},
    )
    assert shop.password_policy is not None
    assert shop.password_policy.validator_pattern is not None
    assert shop.password_policy.validator_pattern.search("longenough")
    assert shop.database_options.max_time_ms == 5000
    assert shop.database_options.driver == {"maxPoolSize": 20, "tlsCAFile": Path("ca.pem")}


def test_patterns_may_name_groups_as_javascript_does() -> None:
    shop = config(passwordPolicy={"validatorPattern": "(?<!x)(?<mark>[!?])"})
    assert shop.password_policy is not None
    assert shop.password_policy.validator_pattern is not None
    assert shop.password_policy.validator_pattern.groupindex == {"mark": 1}


def test_a_configuration_shows_no_key_in_its_repr() -> None:
    assert "sesame" not in repr(config(masterKey="sesame", rateLimit=[]))


def test_a_configuration_is_read_only() -> None:
    shop = config()
    with pytest.raises(AttributeError):
        shop.port = 80  # type: ignore[misc]
    with pytest.raises(TypeError):
        shop.protected_fields["_User"]["*"] = ()  # type: ignore[index]


def test_the_email_stays_protected_whatever_is_added() -> None:
    shop = config(protectedFields={"_User": {"*": ["address"]}, "Order": {"*": ["total"]}})
    assert shop.protected_fields["_User"]["*"] == ("address", "email")
    assert shop.protected_fields["Order"]["*"] == ("total",)


def test_old_sensitive_fields_are_protected_fields() -> None:
    shop = config(userSensitiveFields=["phone"])
    assert shop.protected_fields["_User"]["*"] == ("email", "phone")


# --- Problems ---


def test_all_problems_are_told_at_once_with_the_nearest_name() -> None:
    assert problems(sesionLength=1, port="x", passwordPolicy={"maxPaswordAge": 3}) == (
        'unknown option "sesionLength": did you mean "sessionLength"?',
        'port: expected a number from 1 to 65535, got "x"',
        'unknown option "passwordPolicy.maxPaswordAge": '
        'did you mean "passwordPolicy.maxPasswordAge"?',
    )


def test_without_a_master_key_nothing_starts() -> None:
    with pytest.raises(ConfigError, match="masterKey: required"):
        Config.from_options({"appId": "shop"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"readOnlyMasterKey": "master"}, "readOnlyMasterKey: must differ from masterKey"),
        ({"maintenanceKey": "master"}, "maintenanceKey: must differ from masterKey"),
        (
            {"maintenanceKey": "k", "readOnlyMasterKey": "k"},
            "maintenanceKey: must differ from readOnlyMasterKey",
        ),
        (
            {"publicServerURL": "ftp://shop"},
            "publicServerURL: expected a URL that starts with http:// or https://, "
            'got "ftp://shop"',
        ),
        ({"sessionLength": 0}, "sessionLength: expected a number greater than 0, got 0"),
        ({"defaultLimit": 0}, "defaultLimit: expected a whole number ≥ 1, got 0"),
        ({"port": True}, "port: expected a number from 1 to 65535, got true"),
        (
            {"masterKeyIps": ["10.0.0.0/8", "10.0.0.300"]},
            'masterKeyIps[1]: expected an IP address or network, got "10.0.0.300"',
        ),
        (
            {"idempotencyOptions": {"paths": ["functions/("]}},
            'idempotencyOptions.paths[0]: expected a regular expression, got "functions/("',
        ),
        (
            {"accountLockout": {"duration": 100000, "threshold": 3}},
            "accountLockout.duration: expected a number greater than 0 and less than 100000, "
            "got 100000",
        ),
        (
            {"passwordPolicy": {"resetTokenReuseIfValid": True}},
            "passwordPolicy.resetTokenReuseIfValid: needs resetTokenValidityDuration",
        ),
        (
            {"requestComplexity": {"includeDepth": 0}},
            "requestComplexity.includeDepth: expected a whole number ≥ 1, or -1, got 0",
        ),
        (
            {"emailAdapter": {"options": {}}},
            "emailAdapter.module: required (text that is not empty)",
        ),
        (
            {"databaseOptions": {"maxPoolSise": 3}},
            'unknown option "databaseOptions.maxPoolSise": '
            'did you mean "databaseOptions.maxPoolSize"?',
        ),
        ({"mountPath": "parse"}, 'mountPath: expected a path such as "/parse", got "parse"'),
    ],
)
def test_a_wrong_option_is_named_with_the_reason(options: dict[str, object], message: str) -> None:
    assert message in problems(**options)


def test_messages_never_repeat_a_key_or_a_database_password() -> None:
    lines = problems(clientKey=["sesame"], databaseURI="postgres://shop:sesame@db")
    assert lines[0] == "clientKey: expected text that is not empty, got a list"
    assert "sesame" not in "\n".join(lines)


def test_email_verification_says_what_it_needs() -> None:
    assert problems(verifyUserEmails=True) == (
        "verifyUserEmails: needs emailAdapter",
        "verifyUserEmails: needs appName",
        "verifyUserEmails: needs publicServerURL",
    )


def test_options_without_effect_are_listed_unless_they_have_their_default() -> None:
    shop = config(
        customPages={"choosePassword": "https://example.com"},
        rateLimit=[],
        databaseOptions={"proxyHost": "p"},
        schema={"keepUnknownIndexes": True},  # we always do
        defaultLimit=5,
    )
    assert shop.ineffective == ("databaseOptions.proxyHost", "customPages")


# --- IP lists ---


@pytest.mark.parametrize(
    ("ips", "address", "allowed"),
    [
        (["127.0.0.1"], "127.0.0.1", True),
        (["127.0.0.1"], "127.0.0.2", False),
        (["10.1.2.3/8"], "10.200.0.1", True),
        (["0.0.0.0/0"], "8.8.8.8", True),
        (["0.0.0.0"], "8.8.8.8", True),
        (["0.0.0.0/0"], "2001:db8::1", False),
        (["::0"], "2001:db8::1", True),
        (["::/0"], "2001:db8::1", True),
        (["::"], "8.8.8.8", False),
        (["127.0.0.1"], "::ffff:127.0.0.1", True),
        (["::ffff:10.0.0.0/104"], "10.9.9.9", True),
        (["::0"], "::ffff:8.8.8.8", False),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["0.0.0.0/0", "::0"], "unix:", False),
        ([], "127.0.0.1", False),
    ],
)
def test_ip_lists(ips: list[str], address: str, allowed: bool) -> None:
    assert ip_allowed(config(masterKeyIps=ips).master_key_ips, address) is allowed


# --- Sources ---


def test_flags_win_over_variables_over_the_file(tmp_path: Path) -> None:
    shop = read(
        tmp_path,
        {"appName": "file", "port": 1, "defaultLimit": 7},
        {"PARSE_SERVER_APP_NAME": "variable", "PORT": "2"},
        {"appName": "flag"},
    )
    assert (shop.app_name, shop.port, shop.default_limit) == ("flag", 2, 7)


def test_variables_hold_text_json_and_lists_with_commas(tmp_path: Path) -> None:
    shop = read(
        tmp_path,
        {},
        {
            "PARSE_SERVER_MASTER_KEY_IPS": "10.0.0.0/8, ::1",
            "PARSE_SERVER_ALLOW_HEADERS": '["X-Shop"]',
            "PARSE_SERVER_ACCOUNT_LOCKOUT": '{"duration": 5, "threshold": 3}',
            "PARSE_SERVER_ALLOW_CUSTOM_OBJECT_ID": "1",
            "PARSE_SERVER_ENFORCE_PRIVATE_USERS": "false",
            "PARSE_SERVER_APP_NAME": "",
        },
    )
    assert [str(network) for network in shop.master_key_ips] == ["10.0.0.0/8", "::1/128"]
    assert shop.allow_headers == ("X-Shop",)
    assert shop.account_lockout is not None
    assert shop.account_lockout.threshold == 3
    assert shop.allow_custom_object_id
    assert not shop.enforce_private_users
    assert shop.app_name is None


def test_paths_start_at_the_file_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    monkeypatch.chdir(tmp_path)
    options = {"schema": ["schema/shopping.json"], "cloud": "cloud/main.py", "dataDir": "file"}
    shop = read(tmp_path / "etc", options, {"PARSEPY_DATA_DIR": "variable"})
    assert shop.schema is not None
    assert shop.schema.files == (tmp_path / "etc/schema/shopping.json",)
    assert shop.cloud == tmp_path / "etc/cloud/main.py"
    assert shop.data_dir == tmp_path / "variable"
    assert shop.base_dir == tmp_path / "etc"


def test_defined_schemas_of_parse_server_carry_over() -> None:
    shop = config(schema={"definitions": [{"className": "Product"}], "strict": True})
    assert shop.schema is not None
    assert shop.schema.definitions[0]["className"] == "Product"
    assert shop.schema.strict
    assert shop.ineffective == ()


def test_a_syntax_error_names_file_line_and_column(tmp_path: Path) -> None:
    file = write(tmp_path, '{\n  "appId": shop\n}')
    with pytest.raises(ConfigError) as caught:
        load(file, {}, {})
    assert caught.value.problems == (f"{file}:2:12: not valid JSON: Expecting value",)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.json: cannot be read: No such file"):
        load(tmp_path / "none.json", {}, {})


def test_the_apps_form_of_a_file_holds_one_application(tmp_path: Path) -> None:
    app = {"appId": "shop", "masterKey": "k"}
    assert load(write(tmp_path, json.dumps({"apps": [app]})), {}, {}).app_id == "shop"
    with pytest.raises(ConfigError, match="expected one application"):
        load(write(tmp_path, json.dumps({"apps": [app, app]})), {}, {})


def test_a_slip_in_a_variable_is_noticed() -> None:
    env = {"PARSE_SERVER_MASTERKEY": "k", "PARSE_SERVER_APP_NAME": "shop", "HOME": "/"}
    assert strange(env) == [
        "PARSE_SERVER_MASTERKEY is no option: did you mean PARSE_SERVER_MASTER_KEY?"
    ]


def test_importing_the_configuration_loads_neither_driver_nor_server() -> None:
    check = (
        "import sys, parsepy.config, parsepy.cli\n"
        "print({'pymongo', 'uvicorn', 'bcrypt', 'orjson'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_variables_of_kubernetes_are_no_slip() -> None:
    assert strange({"PARSE_SERVER_SERVICE_HOST": "h", "PARSE_SERVER_PORT_1337_TCP": "t"}) == []


# --- Adapters ---

MAILER = """
class Mailer:
    def __init__(self, host, port=25):
        if port < 0:
            raise ValueError("no such port")
        self.host = host

adapter = Mailer
"""


def mailer(folder: Path, options: dict[str, object], source: str = MAILER) -> object:
    (folder / "mailer.py").write_text(source, encoding="utf-8")
    shop = Config.from_options(
        {"masterKey": "k", "emailAdapter": {"module": "./mailer.py", "options": options}}
    )
    assert shop.email_adapter is not None
    return load_adapter(shop.email_adapter, folder, "emailAdapter")


def test_an_adapter_is_built_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    assert vars(mailer(tmp_path, {"host": "mail.shop"})) == {"host": "mail.shop"}


def test_an_adapter_may_be_a_dotted_name(tmp_path: Path) -> None:
    (tmp_path / "shopmail").mkdir()
    (tmp_path / "shopmail/smtp.py").write_text("adapter = dict", encoding="utf-8")
    spec = AdapterOptions(module="shopmail.smtp", options={"host": "h"})
    assert load_adapter(spec, tmp_path, "emailAdapter") == {"host": "h"}


@pytest.mark.parametrize(
    ("options", "source", "message"),
    [
        ({}, MAILER, "emailAdapter: the adapter of ./mailer.py: missing a required argument"),
        ({"host": "h", "prt": 1}, MAILER, "got an unexpected keyword argument 'prt'"),
        ({"host": "h", "port": -1}, MAILER, "./mailer.py failed: ValueError: no such port"),
        ({}, "import nonesuch", "emailAdapter: ./mailer.py can't be imported: ModuleNotFound"),
        ({}, "mailer = 1", "emailAdapter: ./mailer.py offers no class `adapter`"),
    ],
)
def test_an_adapter_that_cannot_be_built_says_why(
    tmp_path: Path, options: dict[str, object], source: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        mailer(tmp_path, options, source)
    assert message in str(caught.value)


def test_a_missing_adapter_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"emailAdapter: there is no file .*nowhere\.py"):
        load_adapter(AdapterOptions(module="nowhere.py"), tmp_path, "emailAdapter")


def test_a_package_of_node_is_answered_with_what_is_built_in(tmp_path: Path) -> None:
    spec = AdapterOptions(module="@parse/s3-files-adapter")
    with pytest.raises(ConfigError, match=r"s3-files-adapter; built in are gridfs, s3$"):
        load_adapter(spec, tmp_path, "filesAdapter", ("gridfs", "s3"))


def test_an_auth_adapter_gets_its_own_options_without_the_wrapper() -> None:
    wrapped = {"module": "cards.py", "appIds": ["shop"], "options": {"secret": "s"}}
    provider = Config.from_options({"masterKey": "m", "auth": {"cards": wrapped}}).auth["cards"]
    assert dict(provider.options) == {"appIds": ("shop",), "secret": "s"}
    assert provider.adapter is not None
    assert dict(provider.adapter.options) == {"secret": "s"}
