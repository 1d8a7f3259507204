"""The cache outside the tree: downloads, unpacked servers, and initialised data directories to copy."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


def folder():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(os.environ.get("TIDEGATE_CACHE") or Path(base) / "tidegate").absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def locked(name):
    """Only one process at a time is inside; ends with the process whatever happens."""
    with open(folder() / f"{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def once(name, make):
    """The folder `name` of the cache; `make(path)` fills it first where it is not there yet."""
    home = folder() / name
    if home.exists():
        return home
    with locked(name):
        if not home.exists():
            draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder()))
            try:
                draft.chmod(0o755)
                make(draft)
                draft.rename(home)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    return home


def fingerprint(script, program):
    """Changes whenever the text of the script or the program does; the same in every checkout."""
    state = os.stat(program)
    stamp = Path(script).read_bytes() + repr((str(program), state.st_size, state.st_mtime_ns)).encode()
    return hashlib.sha256(stamp).hexdigest()[:12]


def copy_tree(source, target, holes="auto"):
    """A copy that keeps holes, or makes them (`always`), and shares blocks where the file system can."""
    subprocess.run(["cp", "-a", f"--sparse={holes}", "--reflink=auto", f"{source}/.", str(target)], check=True)


def copy_template(name, key, make, target):
    """Fills `target` with a copy of what `make(path)` made once for this key; of older keys the newest stays."""
    home = folder() / "templates" / f"{name}-{key}"
    home.parent.mkdir(exist_ok=True)
    with locked(f"template-{name}") as lock:
        if not home.exists():
            for old in sorted(home.parent.glob(f"{name}-*"), key=os.path.getmtime)[:-1]:
                shutil.rmtree(old)
            with tempfile.TemporaryDirectory(prefix=f"tidegate-{name}-template-") as draft:
                make(Path(draft))
                finished = Path(tempfile.mkdtemp(prefix=".", dir=home.parent))
                copy_tree(draft, finished, holes="always")
                finished.rename(home)
        fcntl.flock(lock, fcntl.LOCK_SH)
        if not home.exists():
            raise RuntimeError(f"{home} vanished: another tree with another version is at work")
        copy_tree(home, target)
