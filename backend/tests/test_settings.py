from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings


def test_everything_has_a_default() -> None:
    settings = Settings.from_environment({})
    assert (settings.port, settings.git_sha) == (8000, "unknown")


def test_the_environment_decides() -> None:
    settings = Settings.from_environment({"PORT": "9000", "GIT_SHA": "abc", "STOP_TIMEOUT_SECONDS": "60", "HOME": "/"})
    assert (settings.port, settings.git_sha, settings.stop_timeout_seconds) == (9000, "abc", 60)


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert Settings.from_environment({"PORT": ""}).port == 8000


def test_the_log_level_may_be_written_small() -> None:
    assert Settings.from_environment({"LOG_LEVEL": "debug"}).log_level == "DEBUG"


def test_draining_and_finishing_fit_into_the_time_before_sigkill() -> None:
    settings = Settings.from_environment({"STOP_TIMEOUT_SECONDS": "30", "DRAIN_SECONDS": "5"})
    assert settings.drain_seconds + settings.grace_seconds < settings.stop_timeout_seconds


@pytest.mark.parametrize(
    "environment",
    [
        {"PORT": "eighty"},
        {"PORT": "0"},
        {"MAX_UPLOAD_BYTES": "0"},
        {"LOG_LEVEL": "CHATTY"},
        {"STOP_TIMEOUT_SECONDS": "121"},
        {"STOP_TIMEOUT_SECONDS": "10", "DRAIN_SECONDS": "8"},
    ],
)
def test_a_wrong_value_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings.from_environment(environment)


def test_the_readme_has_every_setting_with_its_default() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in readme.splitlines() if line.startswith("| `")]
    told: dict[str, str] = {}
    for names, defaults in rows:
        told |= dict(zip(names.split(", "), defaults.split(", "), strict=False))
    wanted = {f"`{name.upper()}`": f"`{field.default}`" for name, field in Settings.model_fields.items()}
    assert {name: told.get(name) for name in wanted} == wanted
