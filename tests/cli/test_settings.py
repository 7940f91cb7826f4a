from pathlib import Path

import pytest

from laneway import config
from laneway.config import ConfigError, Settings

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md"


def test_flags_win_over_the_environment_and_the_environment_over_the_file(tmp_path: Path):
    file = written(tmp_path, 'port = 1\nflush_ms = 1\nlease_s = 1\ndefault_agent = "guide"')
    environ = {"LANEWAY_PORT": "2", "LANEWAY_FLUSH_MS": "2"}

    settings = config.load(file, environ, {"port": 3, "host": None})

    assert (settings.port, settings.flush_ms, settings.lease_s) == (3, 2, 1.0)
    assert settings.host == "127.0.0.1"


def test_a_section_is_merged_key_by_key(tmp_path: Path):
    file = written(tmp_path, "[limits]\nturns = 3\nstreams = 4")

    limits = config.load(file, {"LANEWAY_LIMITS__TURNS": "7"}).limits

    assert (limits.turns, limits.streams, limits.queue_per_thread) == (7, 4, 100)


@pytest.mark.parametrize(
    ("text", "named", "hint"),
    [
        ("prot = 1", "prot", "port"),
        ("[limits]\nturn = 1", "limits.turn", "limits.turns"),
        ('[agents.a]\nkind = "model"\nmodle = "x"', "agents.a.modle", "agents.a.model"),
    ],
)
def test_an_unknown_setting_names_the_file_the_key_and_the_nearest_known_one(
    tmp_path: Path, text: str, named: str, hint: str
):
    file = written(tmp_path, text)

    with pytest.raises(ConfigError) as refused:
        config.load(file, {})

    assert refused.value.detail.startswith(f"{file}: {named}:")
    assert f"{hint}?" in refused.value.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LANEWAY_PROT", "1"),
        ("LANEWAY_PORT", "http"),
        ("LANEWAY_PORT", "65536"),
        ("LANEWAY_PORT", "１２"),
        ("LANEWAY_FLUSH_MS", "-1"),
        ("LANEWAY_LIMITS__QUEUE_PER_THREAD", "-1"),
        ("LANEWAY_ALLOW_REMOTE", "perhaps"),
    ],
)
def test_a_bad_variable_is_refused_by_its_name(name: str, value: str):
    with pytest.raises(ConfigError, match=name):
        config.load(None, {name: value})


@pytest.mark.parametrize(
    "text",
    ["[channels.x]", '[agents.a]\nkind = "acp"', '[agents.a]\nkind = "harness"'],
)
def test_what_is_planned_is_refused_as_not_there_yet(tmp_path: Path, text: str):
    with pytest.raises(ConfigError, match="not available yet"):
        config.load(written(tmp_path, text), {})


def test_another_address_than_loopback_needs_the_explicit_flag():
    with pytest.raises(ConfigError, match=r"0\.0\.0\.0"):
        config.load(None, {}, {"host": "0.0.0.0"})

    assert config.load(None, {}, {"host": "0.0.0.0", "allow_remote": True}).limits.requests_per_s == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_rates_are_off_on_loopback_unless_set(host: str):
    assert config.load(None, {}, {"host": host}).limits.requests_per_s == 0
    assert config.load(None, {"LANEWAY_LIMITS__REQUESTS_PER_S": "9"}, {"host": host}).limits.requests_per_s == 9


@pytest.mark.parametrize("host", ["127.0.0.1.evil.test", "localhost.evil.test", "", "0.0.0.0", "::"])
def test_a_name_that_only_looks_like_loopback_is_not(host: str):
    assert not config.is_loopback(host)


@pytest.mark.parametrize("way", ["api_key", "api_key_file", "api_key_env"])
def test_a_secret_comes_in_three_ways_and_never_shows_itself(tmp_path: Path, way: str):
    (tmp_path / "key").write_text("hush-hush\n")
    value = {"api_key": "hush-hush", "api_key_file": "key", "api_key_env": "SOME_KEY"}[way]
    file = written(tmp_path, f'[agents.a]\nkind = "model"\n{way} = "{value}"')

    settings = config.load(file, {"SOME_KEY": "hush-hush"})

    assert settings.secrets() == ("hush-hush",)
    assert "hush-hush" not in f"{settings!r} {settings.agents['a'].api_key}"


def test_the_address_of_a_database_is_a_secret_and_so_is_the_password_in_it():
    url = "postgresql://ada:hush-hush@127.0.0.1/laneway"

    settings = config.load(None, {"LANEWAY_DATABASE_URL": url})

    assert settings.secrets() == (url, "hush-hush")
    assert "hush" not in repr(settings)


@pytest.mark.parametrize("url", ["mysql://127.0.0.1/laneway", "laneway.db", "postgresql://[1", ""])
def test_a_database_url_names_a_postgres(url: str):
    with pytest.raises(ConfigError, match="no Postgres"):
        config.load(None, {}, {"database_url": url})


def test_one_database_is_enough():
    with pytest.raises(ConfigError, match="database_url, too"):
        config.load(None, {}, {"database_url": "postgresql://127.0.0.1/laneway", "database": "laneway.db"})


def test_a_relative_path_in_the_file_starts_at_the_file(tmp_path: Path):
    assert config.load(written(tmp_path, 'data_dir = "lanes"'), {}).data_dir == tmp_path / "lanes"


def test_the_data_directory_may_come_from_the_environment(tmp_path: Path):
    assert config.load(None, {"LANEWAY_DATA": str(tmp_path)}).data_dir == tmp_path


def test_the_guide_is_always_there_and_the_first_agent_named_is_the_default(tmp_path: Path):
    file = written(tmp_path, '[agents.writer]\nkind = "model"')

    assert default_and_agents(config.load(None, {})) == ("guide", ["guide"])
    assert default_and_agents(config.load(file, {})) == ("writer", ["guide", "writer"])
    assert default_and_agents(config.load(None, {}, {"script_agent": True})) == ("guide", ["guide", "script"])
    assert config.load(file, {}, agents=["shout"]).default_agent == "shout"


def test_a_default_agent_that_nobody_registered_is_refused():
    with pytest.raises(ConfigError, match="nobody"):
        config.load(None, {"LANEWAY_DEFAULT_AGENT": "nobody"})


def test_what_a_client_is_told_is_not_a_setting():
    environ = {"LANEWAY_URL": "http://127.0.0.1:1", "LANEWAY_KEY": "k", "LANEWAY_CONFIG": "there.toml"}

    client = config.client_environment(environ)

    assert config.load(None, environ) == config.load(None, {})
    assert (client.url, client.config_file) == ("http://127.0.0.1:1", Path("there.toml"))
    assert client.key is not None
    assert client.key.reveal() == "k"


def test_the_reference_page_is_the_one_that_the_settings_write():
    assert REFERENCE.read_text(encoding="utf-8") == config.reference(), "./dev fix writes it"


def written(folder: Path, text: str) -> Path:
    file = folder / "laneway.toml"
    file.write_text(text, encoding="utf-8")
    return file


def default_and_agents(settings: Settings) -> tuple[str, list[str]]:
    return settings.default_agent, list(settings.agents)
