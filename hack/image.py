#!/usr/bin/env python3
"""Packs one program as an OCI image in a tar file, without a registry and without a Docker engine.

    hack/image.py --binary target/debug/koppel --name ghcr.io/koppel-dev/koppel:0.1.0 --output koppel.tar

The layer has the program, the shared libraries that it names, certificates and time zones; its user is 65532. The same
program makes the same bytes. `ctr images import`, `docker load`, `podman load` and `skopeo` take the file.
"""

import argparse
import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import tarfile
from pathlib import Path

USER = 65532
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
TIME_ZONES = Path("/usr/share/zoneinfo")
FILES = {
    "etc/passwd": f"root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:{USER}:{USER}:nonroot:/home/nonroot:/sbin/nologin\n",
    "etc/group": f"root:x:0:\nnonroot:x:{USER}:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def libraries(binary: Path) -> list[Path]:
    """The shared libraries of a program and its loader; none of a static one."""
    told = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False)
    if told.returncode != 0 and "not a dynamic executable" in told.stderr + told.stdout:
        return []
    if told.returncode != 0 or "not found" in told.stdout:
        sys.exit(f"koppel: error: unable to tell the libraries of {binary}: {told.stdout}{told.stderr}")
    words = [line.replace("=>", " ").split() for line in told.stdout.splitlines()]
    return sorted({Path(word) for line in words for word in line if word.startswith("/")})


class Layer:
    """A tar file that says nothing of when and by whom it was made."""

    def __init__(self) -> None:
        self.bytes = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.bytes, mode="w", format=tarfile.PAX_FORMAT)
        self.folders: set[str] = set()

    def add(self, name: str, data: bytes, mode: int) -> None:
        self._parents(name)
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), mode
        self.tar.addfile(info, io.BytesIO(data))

    def folder(self, name: str, mode: int = 0o755) -> None:
        if name in self.folders or name in ("", "."):
            return
        self._parents(name)
        self.folders.add(name)
        info = tarfile.TarInfo(name)
        info.type, info.mode = tarfile.DIRTYPE, mode
        self.tar.addfile(info)

    def _parents(self, name: str) -> None:
        self.folder(os.path.dirname(name))

    def close(self) -> bytes:
        self.tar.close()
        return self.bytes.getvalue()


def layer(binary: Path, at: str) -> bytes:
    made = Layer()
    made.folder("tmp", 0o1777)
    made.add(at.lstrip("/"), binary.read_bytes(), 0o755)
    shared = libraries(binary)
    for library in shared:
        made.add(str(library).lstrip("/"), library.read_bytes(), 0o755)
    if shared:
        for name, text in FILES.items():
            made.add(name, text.encode(), 0o644)
        if not CERTIFICATES.is_file():
            sys.exit(f"koppel: error: there is no {CERTIFICATES}: install ca-certificates")
        made.add(str(CERTIFICATES).lstrip("/"), CERTIFICATES.read_bytes(), 0o644)
        # koppel brings time zones of its own; those of the machine are newer where it has any.
        for zone in sorted(path for path in TIME_ZONES.rglob("*") if path.is_file()):
            made.add(str(zone).lstrip("/"), zone.read_bytes(), 0o644)
    return made.close()


def image(content: bytes, name: str, entrypoint: str, command: list[str]) -> dict[str, bytes]:
    """The files of an OCI image layout."""
    blobs: dict[str, bytes] = {}

    def blob(data: bytes, kind: str) -> dict:
        digest = hashlib.sha256(data).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = data
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    def document(value: dict) -> bytes:
        return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()

    only = blob(content, "layer.v1.tar")
    machine = platform.machine()
    config = {
        "architecture": ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": {"User": f"{USER}:{USER}", "Entrypoint": [entrypoint], "Cmd": command, "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [only["digest"]]},
    }
    settings = blob(document(config), "config.v1+json")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": settings,
        "layers": [only],
    }
    entry = blob(document(manifest), "manifest.v1+json")
    entry["annotations"] = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry]}
    return {"oci-layout": document({"imageLayoutVersion": "1.0.0"}), "index.json": document(index), **blobs}


def write(files: dict[str, bytes], output: Path) -> None:
    """At once: a program that reads it sees it whole or not at all."""
    archive = Layer()
    for name, data in sorted(files.items()):
        archive.add(name, data, 0o644)
    partial = output.with_name(output.name + ".partial")
    partial.write_bytes(archive.close())
    partial.rename(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--name", required=True, help="with registry and tag, as manifests name it")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--at", default="/usr/local/bin/koppel", help="the program's path in the image")
    parser.add_argument("--command", nargs="*", default=[], help="its arguments where a pod gives none")
    arguments = parser.parse_args()
    if not arguments.binary.is_file():
        sys.exit(f"koppel: error: there is no {arguments.binary}")
    content = layer(arguments.binary, arguments.at)
    write(image(content, arguments.name, arguments.at, arguments.command), arguments.output)


main()
