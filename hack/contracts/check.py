"""Books the sandboxes' world with Koppel, then holds every row that they answer against the vendors' contracts.

Run by hack/contracts.sh, which says where the sandboxes and the contracts are.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import chargebee
import dataverse
import exact
from common import Findings, environment

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"


def book() -> None:
    """Entries, accounts and items, and an account merged away: a resource without rows proves nothing."""
    with tempfile.TemporaryDirectory() as folder:
        for file in QUICKSTART.glob("*.yaml"):
            text = file.read_text()
            text = text.replace("    site: wolkwerk-test\n",
                                f"    site: wolkwerk-test\n    url: {environment('CHARGEBEE_SANDBOX_URL')}\n")
            text = text.replace("    country: NL\n    credentials", f"    url: {environment('EXACT_SANDBOX_URL')}\n    credentials")
            (Path(folder) / file.name).write_text(text)
        command = [environment("KOPPEL"), "run", "-f", folder, "--state", f"{folder}/state"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"koppel run ended with {done.returncode}:\n{done.stdout}")


def main() -> int:
    folder, findings = Path(sys.argv[1]), Findings()
    book()
    chargebee.make_event()
    total = chargebee.check(folder, findings) + exact.check(folder, findings) + dataverse.check(folder, findings)
    findings.print()
    print(f"{total} rows checked, {len(findings)} kinds of findings")
    return 1 if len(findings) else 0


if __name__ == "__main__":
    sys.exit(main())
