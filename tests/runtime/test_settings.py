"""Settings: what the environment decides, read strictly, all faults told at once, and no secret ever shown."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from runtime.settings import Account, Need, Scope, Settings, SettingsError, load

REDIS = {"REDIS_URL": "redis://127.0.0.1:6379/0"}
CREDENTIALS = {"RC_APP_CLIENT_ID": "client-id", "RC_APP_CLIENT_SECRET": "s3cret-A", "RC_USER_JWT": "s3cret-B"}
TOKEN = {"RC_VERIFICATION_TOKEN": "s3cret-C"}
EVERYTHING = frozenset(Need)

TWO_ACCOUNTS = """
[[accounts]]
name = "acme"
rc_server_url = "https://platform.example"
rc_app_client_id = "acme-id"
rc_app_client_secret = "s3cret-D"
rc_user_jwt = "s3cret-E"
rc_verification_token = "s3cret-F, s3cret-G"
call_log_scope = "extension"

[[accounts]]
name = "globex"
RC_APP_CLIENT_ID = "globex-id"
RC_APP_CLIENT_SECRET = "s3cret-H"
RC_USER_JWT = "s3cret-I"
RC_VERIFICATION_TOKEN = "s3cret-J"
"""


def faults(environ: Mapping[str, str], needs: frozenset[Need] = frozenset()) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(environ, needs=needs)
    return caught.value.faults


def only_account(**environ: str) -> Account:
    (account,) = load(REDIS | environ).accounts
    return account


@pytest.fixture
def accounts_file(tmp_path: Path) -> Path:
    file = tmp_path / "accounts.toml"
    file.write_text(TWO_ACCOUNTS)
    return file


def test_all_but_redis_has_a_default() -> None:
    settings = load(REDIS)

    assert settings == Settings(redis_url=REDIS["REDIS_URL"], accounts=settings.accounts)
    assert [account.name for account in settings.accounts] == ["default"]
    assert settings.accounts[0].server_url == "https://platform.ringcentral.com"


def test_what_is_empty_or_blank_is_not_set() -> None:
    assert load(REDIS | {"QUIET_SECONDS": "", "PORT": "  ", "ACCOUNTS_FILE": ""}) == load(REDIS)


@pytest.mark.parametrize(
    "url",
    [
        *("redis://:pw@cache.example:6379/0", "rediss://cache.example", "unix:///run/redis.sock"),
        *("redis://cache.example/", "redis://cache.example/15?socket_timeout=5"),
        "redis+sentinel://one.example:26379,two.example:26379/mymaster",
    ],
)
def test_redis_may_be_reached_in_each_of_four_ways(url: str) -> None:
    assert load({"REDIS_URL": url}).redis_url == url


def test_every_setting_is_read() -> None:
    settings = load(
        REDIS
        | {
            "PORT": "9000",
            "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "Text",
            "PUBLIC_URL": "https://legwork.example/",
            "ADMIN_TOKEN": " s3cret ",
            "QUIET_SECONDS": "0.5",
            "REREAD_SECONDS": "30, 60",
            "HEAVY_LIMIT": "100",
            "ALLOW_PRIVATE_DESTINATIONS": "10.1.2.3, 192.168.0.0/16,fd00::/8",
            "SECRETS_KEY": "new,old",
        }
    )

    assert (settings.port, settings.log_level, settings.log_format) == (9000, "warning", "text")
    assert (settings.public_url, settings.admin_token) == ("https://legwork.example", "s3cret")
    assert (settings.quiet_seconds, settings.reread_seconds, settings.heavy_limit) == (0.5, (30.0, 60.0), 100)
    assert settings.allow_private_destinations[0] == ipaddress.ip_network("10.1.2.3/32")
    assert settings.secrets_keys == ("new", "old")


def test_all_faults_are_told_at_once_each_beginning_with_its_setting() -> None:
    wrong = {
        "REDIS_URL": "http://cache.example",
        "PORT": "80a",
        "LOG_LEVEL": "loud",
        "PUBLIC_URL": "legwork.example",
        "QUIET_SECONDS": "soon",
        "REREAD_SECONDS": "300,90",
        "HEAVY_LIMIT": "0",
        "ALLOW_PRIVATE_DESTINATIONS": "10.0.0.0/99",
        "CALL_LOG_SCOPE": "everybody",
        "RC_SERVER_URL": "http://[",
    }

    told = faults(wrong, EVERYTHING)

    needed = {"RC_APP_CLIENT_ID", "RC_APP_CLIENT_SECRET", "RC_USER_JWT", "RC_VERIFICATION_TOKEN"}
    assert {fault.split()[0] for fault in told} == set(wrong) | needed
    assert len(told) == len(wrong) + len(needed)


def test_bounds_are_told_as_they_would_be_written() -> None:
    told = faults(REDIS | {"RETENTION_SECONDS": "1"})

    assert told == ("RETENTION_SECONDS must be a number of seconds from 60 to 315360000, not '1'",)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("QUIET_SECONDS", "-1"),
        ("QUIET_SECONDS", "601"),
        ("QUIET_SECONDS", "nan"),
        ("QUIET_SECONDS", "inf"),
        ("SETTLE_SECONDS", "3601"),
        ("RECORD_DEADLINE_SECONDS", "0"),
        ("RETENTION_SECONDS", "59"),
        ("INBOX_RETENTION_SECONDS", "1e99"),
        ("REREAD_SECONDS", "90,,soon"),
        ("REREAD_SECONDS", "0"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "8_080"),
        ("PORT", "\u0668\u0660\u0668\u0660"),
        ("PORT", "9" * 5000),
        ("HEAVY_LIMIT", "10.0"),
        ("SECRETS_KEY", " , "),
        ("RC_VERIFICATION_TOKEN", ","),
        ("RC_VERIFICATION_TOKEN", "s3cr\xe9t"),
        ("RC_VERIFICATION_TOKEN", "s3cret,with a\nbreak"),
        ("RC_SERVER_URL", "ftp://platform.example"),
        ("RC_SERVER_URL", "https://"),
        ("PUBLIC_URL", "https://legwork.example/?from=ringcentral"),
        ("PUBLIC_URL", "https://legwork.example/#top"),
        ("PUBLIC_URL", "https://legwork.example /hooks"),
        ("REDIS_URL", "redis:cache.example"),
        ("REDIS_URL", "redis://cache.example:port"),
        ("REDIS_URL", "redis://cache.example:65536"),
        ("REDIS_URL", "redis://[cache.example"),
        ("REDIS_URL", "redis://cache.example/calls"),
        ("REDIS_URL", "rediss://cache.example/1/2"),
        ("REDIS_URL", "redis://cache.example/0?socket_timeout=soon"),
        ("REDIS_URL", "rediss://cache.example/0?no_option=1"),
        ("REDIS_URL", "rediss://cache.example/0?ssl_cert_reqs=perhaps"),
        ("REDIS_URL", "redis+sentinel://one.example:port/mymaster"),
        ("REDIS_URL", "redis+sentinel://one.example:26379/mymaster/first"),
    ],
)
def test_a_value_out_of_bounds_is_a_fault_and_never_the_default(name: str, bad: str) -> None:
    (fault,) = faults(REDIS | {name: bad})

    assert fault.startswith(f"{name} ")


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        *(("QUIET_SECONDS", "0"), ("QUIET_SECONDS", "600"), ("PORT", "1"), ("PORT", "65535")),
        *(("REREAD_SECONDS", "1"), ("REREAD_SECONDS", "90,90")),
    ],
)
def test_the_bounds_themselves_are_allowed(name: str, bound: str) -> None:
    assert load(REDIS | {name: bound}).accounts


@pytest.mark.parametrize("name", ["a", "a" * 64])
def test_an_account_s_name_has_one_letter_or_as_many_as_64(tmp_path: Path, name: str) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(f"[[accounts]]\nname = '{name}'")

    assert load(REDIS | {"ACCOUNTS_FILE": str(file)}).account(name) is not None


def test_lists_may_hold_spaces_a_comma_at_the_end_and_any_address_of_a_network() -> None:
    settings = load(REDIS | {"REREAD_SECONDS": "30, 60, ", "ALLOW_PRIVATE_DESTINATIONS": " 10.1.2.3/8 , "})

    assert settings.reread_seconds == (30.0, 60.0)
    assert settings.allow_private_destinations == (ipaddress.ip_network("10.0.0.0/8"),)


def test_each_process_needs_only_what_it_uses() -> None:
    web, worker = frozenset({Need.VERIFICATION}), frozenset({Need.CREDENTIALS})

    assert load(REDIS | TOKEN, needs=web).accounts[0].credentials is None
    assert load(REDIS | CREDENTIALS, needs=worker).accounts[0].verification_tokens == ()
    assert load(REDIS).accounts[0].credentials is None
    assert len(faults(REDIS | CREDENTIALS, web)) == 1
    assert len(faults(REDIS | TOKEN, worker)) == 3


def test_without_redis_nothing_starts_and_the_fault_says_what_to_do() -> None:
    (fault,) = faults({})

    assert fault.startswith("REDIS_URL is not set (./scripts/run ")


def test_several_verification_tokens_are_valid_while_one_is_replaced() -> None:
    assert only_account(RC_VERIFICATION_TOKEN="new, old").verification_tokens == ("new", "old")


def test_half_of_the_credentials_are_none() -> None:
    assert only_account(RC_APP_CLIENT_ID="client-id").credentials is None


def test_many_accounts_come_from_a_file_and_then_the_variables_are_not_read(accounts_file: Path) -> None:
    environ = REDIS | CREDENTIALS | {"ACCOUNTS_FILE": str(accounts_file), "CALL_LOG_SCOPE": "nonsense"}

    settings = load(environ, needs=EVERYTHING)

    acme, globex = settings.accounts
    assert (acme.name, acme.server_url, acme.scope) == ("acme", "https://platform.example", Scope.EXTENSION)
    assert acme.verification_tokens == ("s3cret-F", "s3cret-G")
    assert globex.credentials is not None
    assert (globex.credentials.client_id, globex.scope) == ("globex-id", Scope.ACCOUNT)
    assert settings.account("globex") is globex
    assert settings.account("default") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "holds no [[accounts]] table"),
        ("accounts = []", "holds no [[accounts]] table"),
        ("accounts = [1]", "holds no [[accounts]] table"),
        ("accounts = 1", "holds no [[accounts]] table"),
        ("accounts = [{name = 'acme'}, 1]", "holds no [[accounts]] table"),
        ("[[accounts]]\nname = 5\n[[accounts]]\nname = 'acme'", "name 5 must be 1 to 64 letters"),
        ("[[accounts]]\nname = ['acme']", "must be 1 to 64 letters"),
        ("[accounts]\nname = 'acme'", "holds no [[accounts]] table"),
        ("[[accounts", "cannot be read"),
        ("[[accounts]]\nname = 'acme'\n[[account]]\nname = 'globex'", "'account' is unknown"),
        ("name = 'acme'\n[[accounts]]\nname = 'globex'", "'name' is unknown"),
        ("[[accounts]]\nname = 'a b'", "must be 1 to 64 letters"),
        ("[[accounts]]\nname = 'a}b'", "must be 1 to 64 letters"),
        ("[[accounts]]\nname = '..'", "not dots alone"),
        ("[[accounts]]\nrc_user_jwt = 'x'", "must be 1 to 64 letters"),
        (f"[[accounts]]\nname = '{'a' * 65}'", "must be 1 to 64 letters"),
        ("[[accounts]]\nname = 'acme'\n[[accounts]]\nname = 'acme'", "names 'acme' twice"),
        ("[[accounts]]\nname = 'acme'\nrc_secret = 'x'", "account acme: RC_SECRET is unknown"),
        ("[[accounts]]\nname = 'acme'\nquiet_seconds = 3", "account acme: QUIET_SECONDS is unknown"),
        (
            "[[accounts]]\nname = 'acme'\nrc_user_jwt = 'x'\nRC_USER_JWT = 'y'",
            "account acme: RC_USER_JWT is there twice",
        ),
        ("[[accounts]]\nname = 'acme'\nrc_verification_token = ['x', 'y']", "RC_VERIFICATION_TOKEN must be text"),
        ("[[accounts]]\nname = 'acme'\nrc_user_jwt = {a = 1}", "RC_USER_JWT must be text"),
        ("[[accounts]]\nname = 'acme'\ncall_log_scope = 'all'", "account acme: CALL_LOG_SCOPE must be one of"),
    ],
)
def test_what_is_wrong_with_the_accounts_file_is_said(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(text)

    told = faults(REDIS | {"ACCOUNTS_FILE": str(file)})

    assert len(told) == 1
    assert told[0].startswith("ACCOUNTS_FILE")
    assert why in told[0]


def test_an_accounts_file_that_is_not_there_or_not_text_is_a_fault(tmp_path: Path) -> None:
    latin = tmp_path / "accounts.toml"
    latin.write_bytes(b"[[accounts]]\nname = 'caf\xe9'")

    assert "cannot be read" in faults(REDIS | {"ACCOUNTS_FILE": str(tmp_path / "none.toml")})[0]
    assert "cannot be read" in faults(REDIS | {"ACCOUNTS_FILE": str(latin)})[0]


def test_an_accounts_file_may_begin_with_the_mark_that_windows_writes(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_bytes("[[accounts]]\r\nname = 'acme'\r\n".encode("utf-8-sig"))

    assert load(REDIS | {"ACCOUNTS_FILE": str(file)}).account("acme") is not None


def test_faults_of_all_accounts_are_told_together_and_say_whose_they_are(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text("[[accounts]]\nname = 'acme'\n[[accounts]]\nname = 'globex'\nrc_server_url = 'x'\n")

    told = faults(REDIS | {"ACCOUNTS_FILE": str(file)}, EVERYTHING)

    assert len([fault for fault in told if fault.startswith("ACCOUNTS_FILE, account acme: ")]) == 4
    assert len([fault for fault in told if fault.startswith("ACCOUNTS_FILE, account globex: ")]) == 5


def test_no_secret_is_ever_shown(accounts_file: Path) -> None:
    secrets = {"ADMIN_TOKEN": "s3cret-K", "SECRETS_KEY": "s3cret-L", "REDIS_URL": "redis://:s3cret-M@cache.example"}
    alone = load(secrets | CREDENTIALS | TOKEN)
    together = load(secrets | {"ACCOUNTS_FILE": str(accounts_file)})

    shown = [repr(shape) for one in (alone, together) for shape in (one, one.accounts, one.accounts[0].credentials)]

    assert "s3cret" not in "".join((*shown, str(alone), f"{together}"))


@pytest.mark.parametrize("url", ["//:s3cret-M@cache.example", "redis://:s3cret/M@cache.example:6379/0"])
def test_no_fault_shows_a_secret(url: str) -> None:
    wrong = {"REDIS_URL": url, "RC_VERIFICATION_TOKEN": ",", "PORT": "0"}

    told = faults(wrong | CREDENTIALS, EVERYTHING)

    assert "s3cret" not in "".join(told)
    assert "s3cret" not in str(SettingsError(told))


def test_settings_cannot_be_changed_after_they_are_read() -> None:
    with pytest.raises(AttributeError):
        load(REDIS).port = 1  # type: ignore[misc]

    assert msgspec.structs.replace(load(REDIS), port=1).port == 1
