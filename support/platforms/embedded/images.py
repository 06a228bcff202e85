"""Builds container images without a registry, and archives of them that nodes import."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.errors import ExitCode, Refusal
from support.platforms import toolchain
from support.platforms.base import ImageArchive
from support.platforms.commands import CommandFailed, run
from support.platforms.embedded import programs
from support.platforms.embedded.cache import build_once, digest, keep_newest
from support.platforms.embedded.layout import RUN_DIR, Folders
from support.platforms.embedded.nodes import unmount_below
from support.platforms.embedded.podman import Podman
from support.progress import Steps

DEBIAN = "bookworm"
# Man pages, documentation and translations are a third of a small system and nobody reads them in a container.
SLIM = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("man", "doc", "locale", "info", "lintian")]
BASE_PACKAGES = (
    "bash",
    "ca-certificates",
    "curl",
    "iproute2",
    "procps",
    "python3-minimal",
    "python3",
    "tini",
    "util-linux",
)
NODE_PACKAGES = (
    *("containerd", "runc", "containernetworking-plugins", "tini", "ca-certificates"),
    *("iptables", "nftables", "ipset", "conntrack", "iproute2", "iputils-ping", "socat", "ethtool"),
    *("procps", "kmod", "util-linux", "mount", "e2fsprogs"),
)
BASE_IMAGE = "localhost/holdfast/base"


@dataclass(frozen=True)
class Recipe:
    """One image: its names, a Containerfile, files copied into the build context, Python packages for it.

    `files` maps a name in the context to a file or folder; `requirements` is installed into `packages/` of the context
    on this machine, so that no package server is needed inside the build.
    """

    names: Sequence[str]
    containerfile: str
    files: dict[str, Path] = field(default_factory=dict)
    requirements: Path | None = None

    def key(self) -> str:
        parts: list[str | bytes | Path] = [self.containerfile]
        for name, path in sorted(self.files.items()):
            parts += [name, path]
        return digest(parts + ([self.requirements] if self.requirements else []))


def build_store(folders: Folders) -> Podman:
    """Storage in which images are built; only build results, so it belongs to the cache."""
    return Podman(root=folders.cache / "images", run_root=RUN_DIR / "images")


def _debian(target: Path, packages: Sequence[str]) -> None:
    run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}", *SLIM, DEBIAN, target])


def node_root(folders: Folders, steps: Steps) -> Path:
    """Root folder of a node: Debian with containerd and what a kubelet calls."""
    target = folders.cache / "debian" / f"node-{digest([DEBIAN, *NODE_PACKAGES, *SLIM])}"
    if not target.exists():
        with (
            steps.step("building the nodes' root folder from Debian packages", usually_s=35),
            _refusing("The nodes' root folder"),
        ):
            build_once(target, lambda unfinished: _debian(unfinished, NODE_PACKAGES))
    return target


def _base_archive(folders: Folders) -> Path:
    target = folders.cache / "debian" / f"base-{digest([DEBIAN, *BASE_PACKAGES, *SLIM])}.tar"

    def build(unfinished: Path) -> None:
        # mmdebstrap tells the format from the name's ending.
        archive = unfinished.with_suffix(".tar")
        _debian(archive, BASE_PACKAGES)
        archive.rename(unfinished)

    return build_once(target, build)


def _ensure_base(store: Podman, folders: Folders) -> None:
    archive = _base_archive(folders)
    # The key is part of the name: another set of packages is another image.
    keyed = f"{BASE_IMAGE}:{archive.stem.removeprefix('base-')}"
    if run(["podman", *store.storage_flags(), "image", "exists", keyed], env=store.env(), check=False).returncode != 0:
        store("import", archive, keyed, within=None)
    store("tag", keyed, f"{BASE_IMAGE}:1")


def _install(requirements: Path, packages: Path) -> None:
    """Install pinned Python packages for Debian 12's Python 3.11; wheels only, so no compiler is involved."""
    uv = toolchain.uv()
    if not uv:
        raise CommandFailed(["uv"], 127, "the program uv is not installed")  # 127: as shells say it
    flags = ["--quiet", "--python-version", "3.11", "--only-binary", ":all:", "--link-mode", "copy"]
    run([uv, "pip", "install", *flags, "--target", packages, "-r", requirements])


def _build(recipe: Recipe, store: Podman) -> None:
    with tempfile.TemporaryDirectory(prefix="holdfast-image-") as name:
        context = Path(name)
        for inside, source in recipe.files.items():
            target = context / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, target)
        if recipe.requirements:
            _install(recipe.requirements, context / "packages")
        (context / "Containerfile").write_text(recipe.containerfile)
        tags = [word for name in recipe.names for word in ("--tag", name)]
        # One fixed time stamp, so that the same content makes the same layer.
        flags = ["--isolation", "chroot", "--layers", "--timestamp", "0", *tags]
        run(["buildah", *store.storage_flags(), "bud", *flags, context], env=store.env())


def archive(
    name: str, recipes: Callable[[], Sequence[Recipe]], key: str, folders: Folders, steps: Steps, usually_s: float
) -> ImageArchive:
    """Build the images of `recipes` and save them into one archive in which they share their layers.

    `key` must change whenever a recipe does; `recipes` is called only when the archive is not there.
    """
    target = folders.archives / f"{name}-{key}.tar"
    if not target.exists():
        with steps.step(f"building the images of {name}", usually_s=usually_s), _refusing(f"The images of {name}"):
            build_once(target, lambda unfinished: _save(recipes(), unfinished, folders))
            keep_newest(target, f"{name}-*.tar")
    return ImageArchive(path=target, digest=key)


def _save(recipes: Sequence[Recipe], target: Path, folders: Folders) -> None:
    store = build_store(folders)
    _ensure_base(store, folders)
    for recipe in recipes:
        _build(recipe, store)
    names = [name for recipe in recipes for name in recipe.names]
    store(
        "save",
        "--quiet",
        "--format",
        "docker-archive",
        "--multi-image-archive",
        "--output",
        target,
        *names,
        within=None,
    )


class _refusing:  # noqa: N801 - reads as a word in `with`
    """Turns a failed build command into a refusal that says what to do."""

    def __init__(self, subject: str) -> None:
        self.subject = subject

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, CommandFailed):
            raise Refusal(
                f"{self.subject} could not be built: {error}.",
                "Look whether the package servers answer and the disk has space, then run the same command again: "
                "what was built stays.",
                ExitCode.BUILD_FAILED,
            ) from error


def platform_recipes(folders: Folders, steps: Steps) -> list[Recipe]:
    """Images of Kubernetes itself and of the add-ons."""
    kube, coredns, localpath, contour = (programs.build(program, folders, steps) for program in programs.ALL)
    prefix = "localhost/holdfast"
    names = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"]
    kube_names = [f"{prefix}/{name}:{programs.KUBERNETES}" for name in names]
    kube_names += [f"{prefix}/etcd:{programs.ETCD}", f"{prefix}/metrics-server:1"]
    called = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "metrics-server"]
    links = _links(folders, called)
    path = 'ENV PATH="/usr/local/bin:/usr/bin:/bin"\n'
    # A single static program each: no shell, no library.
    return [
        Recipe(
            kube_names,
            f"FROM scratch\n{path}COPY kube /usr/local/bin/kube\nCOPY links/ /usr/local/bin/\n",
            {"kube": kube, "links": links},
        ),
        Recipe(
            [f"{prefix}/coredns:1"],
            f'FROM scratch\n{path}COPY coredns /coredns\nENTRYPOINT ["/coredns"]\n',
            {"coredns": coredns},
        ),
        Recipe(
            [f"{prefix}/local-path:1"],
            f"FROM scratch\n{path}COPY localpath /usr/bin/local-path-provisioner\n",
            {"localpath": localpath},
        ),
        Recipe(
            [f"{prefix}/contour:1"],
            f'FROM scratch\n{path}COPY contour /bin/contour\nENTRYPOINT ["/bin/contour"]\n',
            {"contour": contour},
        ),
        Recipe(
            [f"{prefix}/envoy:1"],
            f"FROM {BASE_IMAGE}:1\nCOPY envoy /usr/local/bin/envoy\n",
            {"envoy": programs.envoy()},
        ),
        Recipe(
            [f"{prefix}/pause:{programs.PAUSE}"],
            'FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n',
            {"pause": _pause(folders)},
        ),
    ]


def _links(folders: Folders, names: Sequence[str]) -> Path:
    """A folder of links to the one binary, under the names by which it knows its programs."""

    def build(unfinished: Path) -> None:
        unfinished.mkdir()
        for name in names:
            (unfinished / name).symlink_to("kube")

    return build_once(folders.cache / "programs" / f"links-{digest(names)}", build)


def _pause(folders: Folders) -> Path:
    """The program that holds a pod's namespaces open: sleeps, and collects orphans."""
    source = Path(__file__).parent / "programs" / "pause.c"
    target = folders.cache / "programs" / f"pause-{digest([source])}"
    return build_once(target, lambda unfinished: _compile(source, unfinished))


def _compile(source: Path, target: Path) -> None:
    run(["gcc", "-Os", "-static", "-o", target, source])


def remove_store(folders: Folders) -> None:
    """Remove the storage in which images are built, with what it mounted."""
    store = build_store(folders)
    for folder in (store.root, store.run_root):
        unmount_below(folder)
        shutil.rmtree(folder, ignore_errors=True)
