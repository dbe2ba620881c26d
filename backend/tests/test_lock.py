"""What the image is made of is pinned: every wheel of the lock and the base."""

import re
from pathlib import Path

import pytest

BACKEND = Path(__file__).parent.parent

# Packages with compiled parts: a wheel for each Python and platform, named here so that none is forgotten. CI runs
# the three Pythons on x86_64; the image is Python 3.12 on x86_64 and ARM64; the others are for work on a Mac.
COMPILED = {
    "pydantic-core": {
        "cp311 manylinux x86_64": "49776eab08766a08dfff7012f8b422dcd7e25e43b316eedf0477c24fcfa84b7c",
        "cp311 macosx arm64": "d625a186a65201c23a9e3b8ed9c47e90a026e03256608cc91851c6709096844f",
        "cp311 macosx x86_64": "a1dee1b804ff4d11c663636cf15d2ea47e9f79cd56c033fb1cbf08924842a48f",
        "cp312 manylinux x86_64": "0fc5be0abd4a407e200d844b404e33639a554e7bd0d448e7b9ae181be4789ac2",
        "cp312 manylinux aarch64": "4fdc8b93a41521988916eeaa271173fcca7fa0803d62f87675aac8dcec1c8e29",
        "cp312 macosx arm64": "a39ac25a9a2fa4072efdb429833c4a4c8009a51ff9eea3eeae131713cd27991e",
        "cp312 macosx x86_64": "b9fe6fb92520e3fd61f2e49000b6911b188824f089b75973ea06d6267f0b476d",
        "cp313 manylinux x86_64": "6f7b393a8b3da82f5c1fc0751e6d01ac6c55b93c18226a60bdfba4a724efafd1",
        "cp313 manylinux aarch64": "193375f3548919d3f0b60936ca113ada3e38f264f91b9b8e0508efaad57be931",
        "cp313 macosx arm64": "f332f0e72a5a0400141f830744e141bf9f97917878dbe968669e8a7fefea78ff",
        "cp313 macosx x86_64": "b7ca9034437b6022f941f4857459562ee00a560b97e7cce8a0ec5a74fc6766e0",
    }
}
NEEDED = {
    "cp311 manylinux x86_64",
    "cp312 manylinux x86_64",
    "cp312 manylinux aarch64",
    "cp313 manylinux x86_64",
}


def locked(name: str) -> dict[str, set[str]]:
    """The hashes of each requirement."""
    text = (BACKEND / name).read_text()
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("#", "-r "))).replace(
        "\\\n", " "
    )
    return {
        line.split()[0]: set(re.findall(r"--hash=sha256:([0-9a-f]{64})", line)) for line in text.splitlines() if line
    }


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_each_requirement_has_one_version_and_a_hash(name: str) -> None:
    requirements = locked(name)
    packages = [requirement.split("==")[0] for requirement in requirements]
    assert len(set(packages)) == len(packages)
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", requirement) for requirement in requirements)
    assert all(requirements.values())


def test_no_platform_gets_another_version() -> None:
    assert ";" not in (BACKEND / "requirements.txt").read_text()


def test_each_compiled_package_has_a_wheel_for_each_python_and_platform() -> None:
    hashes = {requirement.split("==")[0]: hashes for requirement, hashes in locked("requirements.txt").items()}
    for package, wheels in COMPILED.items():
        assert set(wheels) >= NEEDED
        assert hashes[package] == set(wheels.values())
    # A wheel of its own for each platform shows in the number of hashes.
    assert {package for package, of in hashes.items() if len(of) > 1} == set(COMPILED)


def test_the_base_of_the_image_is_pinned_by_digest() -> None:
    dockerfile = (BACKEND / "Dockerfile").read_text()
    bases = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", dockerfile, re.MULTILINE)
    stages = {stage for _, stage in bases if stage}
    assert {base for base, _ in bases} - stages == {"${PYTHON_IMAGE}"}
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.12-slim@sha256:[0-9a-f]{64}$", dockerfile, re.MULTILINE)
