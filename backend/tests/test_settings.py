from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import SERVER_MIB, Settings


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
    assert settings.drained_after_seconds + settings.grace_seconds + settings.margin_seconds == 30


@pytest.mark.parametrize("seconds", ["2", "4", "10", "30", "120"])
def test_every_stop_timeout_leaves_time_to_finish(seconds: str) -> None:
    settings = Settings.from_environment({"STOP_TIMEOUT_SECONDS": seconds})
    assert settings.grace_seconds >= 1
    assert settings.margin_seconds >= 0.5


def test_by_default_a_thumbnail_that_was_taken_in_is_finished_before_the_end() -> None:
    settings = Settings()
    assert settings.queue_seconds + settings.thumbnail_timeout_seconds <= settings.grace_seconds


@pytest.mark.parametrize(
    ("cpu", "memory", "jobs", "job_memory"),
    [
        ("256", "512", 1, 256),
        ("512", "1024", 1, 512),
        ("1024", "2048", 2, 512),
        ("1024", "8192", 2, 512),
        ("4096", "8192", 8, 512),
        ("16384", "2048", 3, 512),
    ],
)
def test_the_size_of_the_task_bounds_the_work(cpu: str, memory: str, jobs: int, job_memory: int) -> None:
    settings = Settings.from_environment({"TASK_CPU": cpu, "TASK_MEMORY_MIB": memory})
    assert (settings.jobs, settings.job_memory_mib) == (jobs, job_memory)
    assert SERVER_MIB + settings.jobs * settings.job_memory_mib <= settings.task_memory_mib
    # What full HD needs fits into the smallest task, and 4096x2304 into that of the stack.
    assert settings.max_pixels >= (4096 * 2304 if job_memory == 512 else 1920 * 1080)


@pytest.mark.parametrize(
    "environment",
    [
        {"PORT": "eighty"},
        {"PORT": "0"},
        {"MAX_UPLOAD_BYTES": "0"},
        {"LOG_LEVEL": "CHATTY"},
        {"STOP_TIMEOUT_SECONDS": "121"},
        {"STOP_TIMEOUT_SECONDS": "10", "DRAIN_SECONDS": "8"},
        {"THUMBNAIL_JOBS": "4"},
        {"THUMBNAIL_MEMORY_MIB": "2000"},
        {"TASK_MEMORY_MIB": "256"},
        {"KEEP_ALIVE_SECONDS": "0"},
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
    wanted = {
        f"`{name.upper()}`": "derived" if field.default is None else f"`{field.default}`"
        for name, field in Settings.model_fields.items()
    }
    assert {name: told.get(name) for name in wanted} == wanted
