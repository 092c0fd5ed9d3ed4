"""Dockerfile and workflows: what of them can be judged without a registry."""

import re
import shutil
import subprocess
from fnmatch import fnmatch

import pytest
import yaml
from chart import ROOT, objects, one

DOCKERFILE = (ROOT / "Dockerfile").read_text()
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
MANIFEST = (ROOT / "Cargo.toml").read_text()


def build_context() -> list[str]:
    """The files of the checkout that .dockerignore lets through."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    wanted = [line[1:] for line in lines if line.startswith("!")]
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [f for f in files.stdout.split() if any(f == w or fnmatch(f, f"{w}/*") for w in wanted)]


def test_the_build_context_has_what_cargo_and_the_code_read(tmp_path):
    for name in build_context():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    # Fails where a target of Cargo.toml is missing.
    command = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    for source in tmp_path.glob("src/**/*.rs"):
        for included in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', source.read_text()):
            assert (source.parent / included).resolve().exists(), f"{source.name} includes {included}"
    for folder in re.findall(r'migrate!\("([^"]+)"\)', "".join(s.read_text() for s in tmp_path.glob("src/**/*.rs"))):
        assert (tmp_path / folder).is_dir()


def test_the_build_context_has_nothing_else():
    assert not [name for name in build_context() if re.search(r"^(docs|charts|deploy|hack|target|\.git)", name)]


def test_the_image_is_built_by_the_rust_that_the_crate_asks_for():
    (needed,) = re.findall(r'(?m)^rust-version = "(.+)"$', MANIFEST)
    (found,) = re.findall(r"(?m)^ARG RUST_VERSION=(.+)$", DOCKERFILE)
    assert found == needed
    assert "--locked --no-default-features" in DOCKERFILE


def test_the_image_runs_as_a_user_by_number_that_can_write_the_volume():
    stages = DOCKERFILE.split("\nFROM ")
    assert stages[-1].startswith("gcr.io/distroless/") and "nonroot" in stages[-1].splitlines()[0]
    (user,) = re.findall(r"(?m)^USER (\d+):\d+$", stages[-1])
    pod = one(objects("inline"), "Deployment")["spec"]["template"]["spec"]
    assert int(user) == pod["securityContext"]["fsGroup"] != 0
    # The chart gives arguments only.
    assert "command" not in pod["containers"][0] and 'ENTRYPOINT ["/usr/local/bin/koppel"]' in DOCKERFILE


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_pin_their_actions_and_hold_few_rights(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "timeout-minutes" in job
    used = re.findall(r"uses: (\S+)(.*)", path.read_text())
    assert used
    for action, comment in used:
        assert re.search(r"@[0-9a-f]{40}$", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


def test_every_pinned_file_of_packages_is_kept_current():
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    (pip,) = [update for update in updates if update["package-ecosystem"] == "pip"]
    found = {f"/{path.parent.relative_to(ROOT)}" for path in ROOT.glob("*/**/requirements.txt") if "target" not in path.parts}
    assert found == set(pip["directories"])
    assert {update["package-ecosystem"] for update in updates} >= {"cargo", "github-actions", "docker"}


def test_the_release_names_what_the_chart_installs():
    release = (ROOT / ".github/workflows/release.yml").read_text()
    image = one(objects("default"), "Deployment")["spec"]["template"]["spec"]["containers"][0]["image"]
    registry, _, name = image.rpartition(":")[0].split("/")
    assert f"IMAGE: {registry}/${{{{ needs.version.outputs.owner }}}}/{name}" in release
    assert '"oci://$CHARTS"' in release and "cosign sign" in release and "--sbom=true" in release
