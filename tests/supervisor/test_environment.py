import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.settings import SettingsError
from scripts.supervisor.environment import gather, is_free, read_dotenv, wants_box
from scripts.supervisor.ports import Ports
from scripts.supervisor.preparation import USUAL_PORT, PreparationError, prepare
from scripts.terminal.redis_server import NoRedis, find_url

REAL = {"RC_APP_CLIENT_ID": "id", "RC_APP_CLIENT_SECRET": "secret", "RC_USER_JWT": "jwt", "RC_VERIFICATION_TOKEN": "v"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "Procfile").write_text("web: serve --port $PORT\n")
    return tmp_path


@pytest.fixture
def ports() -> Iterator[Ports]:
    with Ports() as ports:
        yield ports


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=value", "value"),
        ("export NAME = value ", "value"),
        ("NAME='a # b'", "a # b"),
        ('NAME="quoted" # why', "quoted"),
        ("NAME=value # why", "value"),
        ("NAME=a=b", "a=b"),
        ("NAME=", ""),
    ],
)
def test_dotenv_reads_as_a_shell_would(line: str, value: str) -> None:
    assert read_dotenv(["# NAME=comment", "", line]) == {"NAME": value}


def test_the_callers_environment_outweighs_dotenv(root: Path) -> None:
    (root / ".env").write_text("LOG_LEVEL=info\nHEAVY_LIMIT=20\n")

    found = gather({"LOG_LEVEL": "debug"}, root=root)

    assert (found["LOG_LEVEL"], found["HEAVY_LIMIT"]) == ("debug", "20")


def test_a_file_of_accounts_is_seen_from_where_it_is_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / ".env").write_text("ACCOUNTS_FILE=accounts.toml\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    assert gather({}, root=root)["ACCOUNTS_FILE"] == str(root / "accounts.toml")
    assert gather({"ACCOUNTS_FILE": "mine.toml"}, root=root)["ACCOUNTS_FILE"] == str(elsewhere / "mine.toml")
    assert gather({"ACCOUNTS_FILE": "/etc/accounts.toml"}, root=root)["ACCOUNTS_FILE"] == "/etc/accounts.toml"


def test_a_dotenv_in_another_encoding_is_named(root: Path) -> None:
    (root / ".env").write_bytes("ADMIN_TOKEN=clé".encode("latin-1"))

    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        gather({}, root=root)
    with pytest.raises(NoRedis, match=r"\.env cannot be read"):
        find_url({}, root, root=root)


def test_a_dotenv_may_begin_with_the_mark_that_windows_writes(root: Path) -> None:
    (root / ".env").write_bytes("RC_APP_CLIENT_ID=id\r\nLOG_LEVEL=info\r\n".encode("utf-8-sig"))

    found = gather({}, root=root)

    assert (found["RC_APP_CLIENT_ID"], found["LOG_LEVEL"]) == ("id", "info")


@pytest.mark.parametrize("line", ["RC_USER_JWT: a-jwt", "RC_USER_JWT a-jwt", "RC_USER_JWT: a=jwt", 'the-rest-of-it"'])
def test_a_line_of_a_dotenv_that_says_nothing_is_named_and_not_told(root: Path, line: str) -> None:
    (root / ".env").write_text(f"# a comment\n\n  export LOG_LEVEL\nLOG_LEVEL=info\n{line}\n")

    with pytest.raises(SettingsError) as fault:
        gather({}, root=root)
    assert fault.value.faults == (".env: line 5 is no NAME=value",)


def test_an_empty_setting_counts_as_none(root: Path) -> None:
    assert wants_box(gather({"RC_USER_JWT": ""}, root=root))
    assert not wants_box(gather({"ACCOUNTS_FILE": "accounts.toml"}, root=root))


@pytest.mark.parametrize("name", ["REDIS_URL", "PORT", "ADMIN_TOKEN", "RC_APP_CLIENT_ID", "RC_VERIFICATION_TOKEN"])
def test_a_setting_of_nothing_but_white_space_counts_as_none(root: Path, name: str, ports: Ports) -> None:
    prepared = prepare({name: " "}, root=root, box_options="", ports=ports)

    assert prepared.box_url is not None
    assert prepared.environ.get(name) != " "
    assert any(prepared.environ["ADMIN_TOKEN"] in remark for remark in prepared.remarks)


def test_white_space_around_a_setting_is_no_part_of_it(root: Path, ports: Ports) -> None:
    port, url = ports.take_any(), "redis://127.0.0.1:1/0"
    ports.close()

    prepared = prepare({"PORT": f" {port} ", "REDIS_URL": f" {url}\n"}, root=root, box_options="", ports=ports)

    assert (prepared.web_url, prepared.redis_url) == (f"http://127.0.0.1:{port}", url)
    assert find_url({"REDIS_URL": f" {url}\n"}, root=root, data=root) == url


def test_without_credentials_ringcentral_in_a_box_comes_along(root: Path, ports: Ports) -> None:
    prepared = prepare({}, root=root, box_options="--seed 7", ports=ports)

    assert [entry.name for entry in prepared.entries] == ["box", "web"]
    assert prepared.entries[0].command.endswith("--seed 7")
    assert prepared.environ["RC_SERVER_URL"] == prepared.box_url
    assert prepared.environ["RC_VERIFICATION_TOKEN"]


def test_the_calls_of_a_seed_have_new_ids_where_the_redis_may_know_them_already(root: Path, ports: Ports) -> None:
    theirs = prepare({"REDIS_URL": "redis://127.0.0.1:1/0"}, root=root, box_options="--seed 7", ports=ports)
    ours = prepare({}, root=root, box_options="--seed 7", ports=ports)

    assert theirs.entries[0].command.endswith(" --fresh-ids --seed 7")
    assert "--fresh-ids" not in ours.entries[0].command


@pytest.mark.parametrize("tokens", ["new, old", ",new"])
def test_of_two_verification_tokens_the_first_is_sent(root: Path, tokens: str, ports: Ports) -> None:
    prepared = prepare({"RC_VERIFICATION_TOKEN": tokens}, root=root, box_options="", ports=ports)

    assert prepared.verification_token == "new"


def test_with_credentials_only_the_product_runs(root: Path, ports: Ports) -> None:
    prepared = prepare(REAL, root=root, box_options="", ports=ports)

    assert [entry.name for entry in prepared.entries] == ["web"]
    assert prepared.box_url is None


def test_a_setting_of_ours_never_replaces_the_users(root: Path, ports: Ports) -> None:
    prepared = prepare({"SETTLE_SECONDS": "9", "ADMIN_TOKEN": "mine"}, root=root, box_options="", ports=ports)

    assert prepared.environ["SETTLE_SECONDS"] == "9"
    assert not any("mine" in remark for remark in prepared.remarks)


@pytest.mark.parametrize("port", ["99999", "9" * 5000, "all"])
def test_all_faults_of_the_settings_are_said_before_anything_starts(root: Path, port: str, ports: Ports) -> None:
    with pytest.raises(SettingsError) as caught:
        prepare({"RC_USER_JWT": "jwt", "HEAVY_LIMIT": "many", "PORT": port}, root=root, box_options="", ports=ports)

    told = str(caught.value)
    assert all(name in told for name in ("RC_APP_CLIENT_ID", "RC_APP_CLIENT_SECRET", "HEAVY_LIMIT", "PORT"))


def test_a_port_that_was_asked_for_must_be_free(root: Path, ports: Ports) -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]

        assert not is_free(port)
        with pytest.raises(PreparationError, match=f"port {port} is taken"):
            prepare({"PORT": str(port)}, root=root, box_options="", ports=ports)


def test_a_port_that_is_not_for_this_user_is_not_said_to_be_taken(
    root: Path, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)

    with pytest.raises(PreparationError, match=r"port 80 is not for this user \(Permission denied\)"):
        prepare(REAL | {"PORT": "80"}, root=root, box_options="", ports=ports)


def test_where_the_usual_port_is_not_for_this_user_another_is_taken(root: Path) -> None:
    class Few(Ports):
        def take(self, port: int) -> bool:
            if port == USUAL_PORT:
                raise PermissionError
            return super().take(port)

    with Few() as ports:
        assert prepare(REAL, root=root, box_options="", ports=ports).environ["PORT"] != str(USUAL_PORT)


def test_a_port_is_taken_before_anybody_listens_on_it(root: Path, ports: Ports) -> None:
    port = ports.take_any()

    with Ports() as another:
        assert not another.take(port)
        with pytest.raises(PreparationError, match=f"port {port} is taken"):
            prepare({"PORT": str(port)}, root=root, box_options="", ports=another)
        ports.close()
        assert another.take(port)
        with socket.create_server(("", port)):
            pass  # whoever has taken it can listen there


def test_two_runs_that_start_together_choose_two_ports(root: Path, ports: Ports) -> None:
    with Ports() as another:
        chosen = {prepare({}, root=root, box_options="", ports=each).environ["PORT"] for each in (ports, another)}

    assert len(chosen) == 2
