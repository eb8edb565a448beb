"""Where settings come from, and which wins."""

from decimal import Decimal
from pathlib import Path

import platformdirs
import pytest

from extractor.budget import Budget, Price, PriceTable, Usage
from extractor.config import ConfigError, ModelConfig, default_cache_dir, load

from .conftest import ROOT

KEY = "sk-secret"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda _: tmp_path / "home")


def write(path: Path, text: str) -> Path:
    """Write a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_options_win_over_environment_over_file(tmp_path: Path) -> None:
    """Each setting comes from the first source that has it; None and blank count as not given."""
    write(tmp_path / "extractor.toml", '[model]\nmodel = "f"\nbase_url = "http://f/v1"\nmode = "json"\ntimeout = 9.5\n')
    environ = {"OPENAI_BASE_URL": "http://e/v1/", "EXTRACTOR_MODEL": "e", "OPENAI_API_KEY": KEY, "HOME": "/nowhere"}
    got = load({"model": "o", "mode": None}, environ)
    assert (got.model, got.base_url, got.mode, got.timeout) == ("o", "http://e/v1", "json", 9.5)
    assert got.api_key is not None
    assert got.api_key.get_secret_value() == KEY
    assert load({}, {"EXTRACTOR_MODEL": " "}).model == "f"
    assert load({}, {}, write(tmp_path / "other.toml", "")).model is None


def test_the_user_folder_is_used_where_the_working_directory_has_no_file(tmp_path: Path) -> None:
    """The platform's folder comes second; relative paths in a file start at the file."""
    write(tmp_path / "home" / "extractor.toml", '[model]\nmodel = "u"\nprices = "my.toml"\ncache_dir = "../c"\n')
    got = load({}, {})
    assert got.model == "u"
    assert got.prices == tmp_path / "home" / "my.toml"
    assert got.cache_dir == tmp_path / "home" / ".." / "c"
    write(tmp_path / "extractor.toml", '[model]\nmodel = "w"\n')
    assert load({}, {}).model == "w"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[model]\nmodle = "x"\n', "modle"),
        ('[modle]\nmodel = "x"\n', "modle"),
        ('model = "x"\n', "table"),
        ("[model\n", "not TOML"),
        ('[model]\nmode = "xml"\n', "mode"),
        ('[model]\nbase_url = "example.org"\n', "base_url"),
        ("[model]\nconcurrency = 0\n", "concurrency"),
        ("[model]\ntimeout = inf\n", "timeout"),
        ('[model]\napi_key = ["sk-secret"]\n', "api_key"),
    ],
)
def test_a_wrong_file_is_named_with_its_fault_and_never_with_the_key(tmp_path: Path, text: str, words: str) -> None:
    """The message holds the file and the setting."""
    file = write(tmp_path / "c.toml", text)
    with pytest.raises(ConfigError) as caught:
        load({}, {}, file)
    assert words in str(caught.value)
    assert "c.toml" in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_missing_or_binary_file_is_told(tmp_path: Path) -> None:
    """A file that was named must be there and be text."""
    with pytest.raises(ConfigError, match="No such file"):
        load({}, {}, tmp_path / "none.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"b\.toml"):
        load({}, {}, tmp_path / "b.toml")


def test_a_folder_cannot_send_the_key_to_its_own_server(tmp_path: Path) -> None:
    """A file found in the working directory may not name the server that gets the environment's key."""
    file = write(tmp_path / "extractor.toml", '[model]\nbase_url = "https://evil.example/v1"\n')
    environ = {"OPENAI_API_KEY": KEY}
    with pytest.raises(ConfigError, match=r"evil\.example"):
        load({}, environ)
    assert load({}, environ, file).host == "evil.example", "named by the user"
    assert load({"base_url": "https://good.example/v1"}, environ).host == "good.example"
    assert load({"api_key": "k"}, environ).host == "evil.example", "the key was given for this run"
    assert load({}, {}).api_key is None
    write(file, '[model]\nbase_url = "http://127.0.0.1:8080/v1"\n')
    assert load({}, environ).loopback


def test_the_configuration_is_frozen_and_hides_the_key() -> None:
    """No attribute can be set, and no form of printing shows the key."""
    got = load({"api_key": KEY, "max_cost": "0.10"}, {})
    assert got.max_cost == Decimal("0.10")
    assert KEY not in f"{got!r} {got} {got.model_dump()} {got.model_dump_json()}"
    with pytest.raises(ValueError, match="frozen"):
        got.model = "x"
    with pytest.raises(ValueError, match="must be an address") as caught:
        ModelConfig(base_url="ftp://user:pass@host")
    assert "pass@" not in str(caught.value)
    assert ModelConfig(base_url="https://user:pass@host:8/v1").host == "host:8"


def test_the_cache_of_a_checkout_is_in_the_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Beside the package's own pyproject.toml; elsewhere the platform's folder."""
    assert default_cache_dir() == ROOT / "cache"
    monkeypatch.setattr("extractor.config._PACKAGE", tmp_path / "site" / "extractor")
    assert default_cache_dir() == platformdirs.user_cache_path("extractor")
    write(tmp_path / "site" / "pyproject.toml", '[project]\nname = "another"\n')
    assert default_cache_dir() == platformdirs.user_cache_path("extractor")


def test_the_example_price_table_loads_and_finds_models() -> None:
    """Globs are tried in order; a model that no entry fits has no price."""
    table = PriceTable.load()
    dated = table.find("gpt-4o-mini-2024-07-18")
    assert dated is not None
    assert dated.input == Decimal("0.15")
    assert table.find("gpt-4o-audio-preview") is None
    assert table.find("unheard-of") is None
    local = table.find("local")
    assert local is not None
    assert local.cost(Usage(10**6, 10**6)) == 0


def test_cost_counts_cached_tokens_once_and_exactly() -> None:
    """Cached tokens cost their own price, or the full one where none is given."""
    usage = Usage(1_000_000, 500_000, 400_000)
    price = Price(model="m", input=Decimal("2.50"), output=Decimal(10), cached=Decimal("1.25"))
    assert price.cost(usage) == Decimal("1.5") + Decimal("0.5") + 5
    assert price.model_copy(update={"cached": None}).cost(usage) == Decimal("7.5")


@pytest.mark.parametrize("text", ["[[price]]\nmodel = 1\n", "x", "[[price]]\nmodel='m'\ninput=-1\noutput=1\n"])
def test_a_wrong_price_table_is_named(tmp_path: Path, text: str) -> None:
    """The message holds the file; a missing one is told too."""
    file = write(tmp_path / "p.toml", text)
    with pytest.raises(ConfigError, match=r"p\.toml"):
        Budget(ModelConfig(prices=file))
    with pytest.raises(ConfigError, match="No such file"):
        PriceTable.load(tmp_path / "none.toml")
