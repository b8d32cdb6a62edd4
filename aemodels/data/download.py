"""Fetching MNIST and Stanford Dogs from their homes; `train.py --download` runs this."""

import contextlib
import hashlib
import http.client
import io
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from tqdm import tqdm

from aemodels.data.photo_cache import cache_root
from aemodels.data.sources import load_mnist
from aemodels.errors import DataError

AGAIN = "run `python train.py --download` again"


@dataclass(frozen=True)
class Archive:
    """A tar file on the web, and what proves it whole."""

    url: str
    num_bytes: int
    md5: str


STANFORD_DOGS = Archive(
    url="http://vision.stanford.edu/aditya86/ImageNetDogs/images.tar",
    num_bytes=793_579_520,
    md5="1bb1f2a596ae7057f99d7d75860002ef",
)


@contextlib.contextmanager
def _one_process() -> Iterator[None]:
    """Of several processes, such as those of `accelerate launch`, one fetches; the others wait, and then find it there."""
    path = cache_root() / "download.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path).acquire()
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror or error}); set LATENT_LAB_CACHE to a folder that can."
        ) from error
    with lock:
        yield


@_one_process()
def download_mnist(root: str | Path) -> None:
    """Fetch MNIST into `root`/MNIST/raw through torchvision; what is already there is left alone.

    Raises DataError where there is no network, or the files cannot be written; then nothing is left behind.
    """
    from torchvision.datasets import MNIST  # slow to import

    root = Path(root)
    with contextlib.suppress(DataError):
        for train in (True, False):
            load_mnist(root, train)
        print(f"MNIST is already in {root / 'MNIST'}.")
        return
    try:
        # torchvision leaves half its files when it fails, so it works beside the place and what is whole is moved.
        with tempfile.TemporaryDirectory(dir=_existing_parent(root), prefix=".mnist-", suffix=".part") as folder:
            with contextlib.redirect_stdout(io.StringIO()):  # it also prints each attempt that fails
                MNIST(folder, download=True)
            raw = root / "MNIST" / "raw"
            raw.mkdir(parents=True, exist_ok=True)
            for file in Path(folder, "MNIST", "raw").glob("*ubyte"):
                os.replace(file, raw / file.name)
    except (RuntimeError, ConnectionError, TimeoutError, http.client.HTTPException) as error:
        hosts = " or ".join(urllib.parse.urlsplit(mirror).netloc for mirror in MNIST.mirrors)
        reason = (str(error).splitlines() or [type(error).__name__])[-1].strip("<>")
        raise DataError(f"No network: could not fetch MNIST from {hosts} ({reason}); connect and {AGAIN}.") from error
    except OSError as error:
        raise DataError(
            f"MNIST cannot be written to {root} ({error.strerror or error}); choose another folder with --data."
        ) from error


@_one_process()
def download_dogs(root: str | Path, archive: Archive = STANFORD_DOGS) -> None:
    """Fetch the photos into `root`/stanford-dogs/Images; a folder that is already there is left alone.

    The bytes gather in `images.tar.part`, from which a broken download is resumed; the tar is removed at the end.
    Raises DataError where the network, the server, the disk or the archive fails.
    """
    folder = Path(root) / "stanford-dogs"
    images, part = folder / "Images", folder / "images.tar.part"
    if images.exists():
        print(f"The dog photos are already in {images}.")
        return
    try:
        done = part.stat().st_size if part.exists() else 0
        if done > archive.num_bytes:
            part.unlink()
            done = 0
        _check_free_disk(folder, 2 * archive.num_bytes - done)  # the tar, and as much again for its photos
        if done < archive.num_bytes:
            _fetch(archive, part, done)
        _check_md5(archive, part)
        _unpack(part, images)
        part.unlink()
    except tarfile.TarError as error:
        _discard(part)
        raise DataError(f"The archive of dog photos cannot be unpacked safely ({error}); {AGAIN}.") from error
    except OSError as error:
        raise DataError(
            f"The dog photos cannot be written to {folder} ({error.strerror or error}); "
            "free some space or choose another folder with --data."
        ) from error


def _existing_parent(folder: Path) -> Path:
    folder = folder.absolute()
    while not folder.is_dir():
        folder = folder.parent
    return folder


def _check_free_disk(folder: Path, num_bytes: int) -> None:
    free = shutil.disk_usage(_existing_parent(folder)).free
    if free < num_bytes:
        raise DataError(
            f"The dog photos need {num_bytes // 1_000_000} MB free in {folder} and there are {free // 1_000_000} MB; "
            "free some space or choose another folder with --data."
        )


def _fetch(archive: Archive, part: Path, done: int) -> None:
    """Bring `part` from `done` bytes to the full length; what arrived before a failure stays, to go on from."""
    host = urllib.parse.urlsplit(archive.url).netloc
    request = urllib.request.Request(archive.url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        response = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        raise DataError(f"{host} answers {error.code} ({error.reason}) for {archive.url}; try again later.") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise DataError(f"No network: could not reach {host} ({reason}); connect and {AGAIN}.") from error
    with response:
        # The login page of a hotel's network, say, must not take the place of what was fetched before.
        start = done if response.status == 206 else 0  # the server ignores Range and sends everything
        announced = response.headers.get("Content-Length")
        length = "an unknown number of" if announced is None else start + int(announced)
        if length != archive.num_bytes and (announced or start < done):
            raise DataError(
                f"{host} offers {length} bytes for {archive.url} and not the archive's {archive.num_bytes}; open the address "
                "in a browser to see what is there, or get the archive from elsewhere and unpack it to stanford-dogs/Images."
            )
        done = start
        chunk = _read(response, host, done, archive)
        if chunk:  # a failure before the first byte leaves nothing, not even the folder
            part.parent.mkdir(parents=True, exist_ok=True)
            with (
                open(part, "ab" if done else "wb") as file,
                tqdm(desc=part.stem, total=archive.num_bytes, initial=done, unit="B", unit_scale=True) as bar,
            ):
                while chunk and done <= archive.num_bytes:
                    file.write(chunk)
                    done += len(chunk)
                    bar.update(len(chunk))
                    chunk = _read(response, host, done, archive)
    if done < archive.num_bytes:
        raise _broken_off(host, done, archive, "connection closed")


def _read(response: http.client.HTTPResponse, host: str, done: int, archive: Archive) -> bytes:
    try:
        return response.read(1 << 20)
    except (OSError, http.client.HTTPException) as error:
        raise _broken_off(host, done, archive, error) from error


def _broken_off(host: str, done: int, archive: Archive, reason: object) -> DataError:
    return DataError(
        f"{host} broke off after {done} of {archive.num_bytes} bytes ({reason}); {AGAIN} to go on from there."
    )


def _check_md5(archive: Archive, part: Path) -> None:
    with open(part, "rb") as file:
        md5 = hashlib.file_digest(file, "md5").hexdigest()
    if md5 != archive.md5:
        _discard(part)
        raise DataError(f"What {archive.url} sent is damaged (md5 {md5}, not {archive.md5}); {AGAIN}.")


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # the folder was there before, or holds other things
        part.parent.rmdir()


def _unpack(part: Path, images: Path) -> None:
    # Hidden, so that a reader never takes a half-unpacked folder for photos.
    folder = images.parent / ".Images.part"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with tarfile.open(part) as tar:
            tar.extractall(folder, filter="data")
        if not (folder / images.name).is_dir():
            raise tarfile.TarError(f"no folder {images.name} in it")
        os.replace(folder / images.name, images)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
