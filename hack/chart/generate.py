"""Writes the generated files of the chart, or with --check fails where they are not what their sources say."""

import argparse
import re
import sys
from pathlib import Path

import dashboard
import readme
import schema
import values

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/koppel"
SOURCES = ROOT / "hack/chart"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail where a file differs")
    check = parser.parse_args().check
    try:
        files = generated()
    except values.Mistake as mistake:
        print(f"koppel: error: {mistake}", file=sys.stderr)
        return 1
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    stale += [path for path in (CHART / "files/crds").glob("*") if path not in files]
    return report(stale) if check else write(files, stale)


def generated() -> dict[Path, str]:
    """Each generated file with its text."""
    root = values.read(CHART / "values.yaml")
    files = {
        CHART / "values.schema.json": schema.render(root, SOURCES / "definitions.yaml", CHART / "files/alerts.yaml"),
        CHART / "README.md": readme.render(root, SOURCES / "introduction.md"),
        CHART / "files/dashboard.json": dashboard.render(SOURCES / "dashboard.yaml"),
        CHART / "Chart.yaml": with_version((CHART / "Chart.yaml").read_text()),
    }
    # Helm reads files inside the chart only.
    for crd in sorted((ROOT / "crds").glob("*.yaml")):
        files[CHART / "files/crds" / crd.name] = crd.read_text()
    return files


def with_version(chart: str) -> str:
    version = re.search(r'(?m)^version = "(.+)"$', (ROOT / "Cargo.toml").read_text()).group(1)
    chart = re.sub(r"(?m)^version: .*$", f"version: {version}", chart)
    return re.sub(r"(?m)^appVersion: .*$", f'appVersion: "{version}"', chart)


def report(stale: list[Path]) -> int:
    for path in stale:
        print(f"koppel: error: {path.relative_to(ROOT)} is not what its source says: run make chart", file=sys.stderr)
    return 1 if stale else 0


def write(files: dict[Path, str], stale: list[Path]) -> int:
    for path in stale:
        if path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path])
        else:
            path.unlink()
        print(f"koppel: wrote {path.relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
