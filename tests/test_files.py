import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from filelock import Timeout
from PIL import Image

from aemodels import files
from aemodels.data import packed
from aemodels.errors import FileError, LatentLabError
from aemodels.files import replacing
from aemodels.training import filming
from aemodels.training.resuming import save_state


def write(path, content=b"new"):
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def refuse(times):
    """A stand-in for os.replace on Windows, where a program has the file open for the first so many tries."""
    tries, replace = [], os.replace

    def stand_in(source, target):
        tries.append(source)
        if len(tries) <= times:
            raise PermissionError(errno.EACCES, "Access is denied", str(target))
        replace(source, target)

    return tries, stand_in


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    return path


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(files.time, "sleep", lambda seconds: None)


@pytest.mark.parametrize("times", [0, 1, 2, 3, 6])
def test_a_file_that_is_open_for_a_moment_is_replaced_after_it(old, monkeypatch, times):
    tries, stand_in = refuse(times)
    monkeypatch.setattr(os, "replace", stand_in)
    write(old)
    assert len(tries) == times + 1
    assert old.read_bytes() == b"new"
    assert [path.name for path in old.parent.iterdir()] == ["file"]


def test_a_file_that_stays_open_is_left_and_named(old, monkeypatch):
    monkeypatch.setattr(os, "replace", refuse(1000)[1])
    with pytest.raises(FileError, match=r"file could not be replaced: another program has it open.*close that.*\.$"):
        write(old)
    assert old.read_bytes() == b"old"
    assert [path.name for path in old.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES])
def test_a_write_that_fails_leaves_the_old_file_and_says_why(old, code):
    def fail():
        with replacing(old) as temporary:
            temporary.write_bytes(b"half")
            raise OSError(code, os.strerror(code))

    with pytest.raises(FileError, match=os.strerror(code)) as caught:
        fail()
    assert isinstance(caught.value, LatentLabError)
    assert isinstance(caught.value, OSError)
    assert "\n" not in str(caught.value)
    assert old.read_bytes() == b"old"
    assert [path.name for path in old.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ["小狗.json", "犬" * 85, "a" * 255, "ä b", ".hidden"])
@pytest.mark.parametrize("folder", ["", "用户/文档"])
def test_names_of_every_length_and_script(tmp_path, name, folder):
    write(tmp_path / folder / name)
    assert (tmp_path / folder / name).read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_folder_is_named(old):
    old.parent.chmod(0o555)
    with pytest.raises(FileError, match="Permission denied"):
        write(old)


def test_two_processes_that_write_at_once_leave_one_whole_file(tmp_path):
    code = (
        "import sys; from pathlib import Path; from aemodels.files import replacing\n"
        "for i in range(100):\n"
        "    with replacing(Path(sys.argv[1])) as t: t.write_bytes(sys.argv[2].encode() * 100_000)\n"
    )
    path = tmp_path / "file"
    root = Path(__file__).parent.parent
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), letter], cwd=root) for letter in "ab"]
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            content = path.read_bytes()
            assert content in (b"a" * 100_000, b"b" * 100_000)
        time.sleep(0.001)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def writing(path, then):
    """A process that has written half of the file, and what it then does."""
    code = (
        "import os, signal, sys; from pathlib import Path; from aemodels.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as t:\n"
        "    t.write_bytes(b'half')\n"
        f"    {then}\n"
        "    t.write_bytes(b'whole')\n"
    )
    root = Path(__file__).parent.parent
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    (tmp_path / ".another program's.part").touch()
    living = writing(tmp_path / "living", "print(flush=True); sys.stdin.read()")
    living.stdout.readline()
    writing(tmp_path / "killed", "os.kill(os.getpid(), signal.SIGKILL)").wait()
    assert len(list(tmp_path.glob(f"{files.PREFIX}*"))) == 2
    write(tmp_path / "file")
    assert len(list(tmp_path.glob(f"{files.PREFIX}*"))) == 1
    living.communicate()
    assert living.returncode == 0
    assert (tmp_path / "living").read_bytes() == b"whole"
    assert {path.name for path in tmp_path.iterdir()} == {"file", "living", ".another program's.part"}


def test_a_file_that_is_removed_before_it_is_locked_is_begun_again(tmp_path, monkeypatch):
    lock, removed = files._lock, []

    def after_another_process_removed_it(handle, waits):
        if not removed:
            removed.extend(tmp_path.iterdir())
            removed[0].unlink()
        return lock(handle, waits)

    monkeypatch.setattr(files, "_lock", after_another_process_removed_it)
    write(tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("as_on", ["a file system without locks", "Windows"])
def test_files_are_written_where_there_are_no_locks(tmp_path, monkeypatch, as_on):
    def refuse(handle, operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    left = tmp_path / f"{files.PREFIX}x{files.SUFFIX}"
    left.touch()
    os.utime(left, (0, 0))
    if as_on == "Windows":
        monkeypatch.setattr(files, "fcntl", None)
    else:
        monkeypatch.setattr(files.fcntl, "flock", refuse)
    write(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"new"
    # Without locks nothing tells that nobody writes it.
    assert len(list(tmp_path.iterdir())) == (1 if as_on == "Windows" else 2)


def test_without_locks_what_another_process_puts_in_its_place_now_is_no_leftover(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "fcntl", None)
    replace = os.replace

    def while_another_process_begins(temporary, path):
        files.remove_leftovers.__wrapped__(tmp_path)
        replace(temporary, path)

    monkeypatch.setattr(files.os, "replace", while_another_process_begins)
    with files.replacing(tmp_path / "file") as temporary:
        temporary.write_bytes(b"new")
        os.utime(temporary, (0, 0))  # as what was written long before, in hours of computing
    assert (tmp_path / "file").read_bytes() == b"new"


def test_who_does_not_wait_for_another_process_is_told_of_it(tmp_path):
    with files.alone_in(tmp_path / "folder"):
        with pytest.raises(Timeout), files.alone_in(tmp_path / "folder", waits=False):
            pass
        with files.alone_in(tmp_path / "folder", "another", waits=False):
            pass
    with files.alone_in(tmp_path / "folder", waits=False):
        pass


def pack_photos(path):
    """Random pixels, which take more room than there is."""
    images = torch.randint(256, (30, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    photos = [path.parent / "photos" / f"{i}.png" for i in range(len(images))]
    for image, photo in zip(images, photos, strict=True):
        noise = image.repeat(1, 2, 2).permute(1, 2, 0)
        photo.parent.mkdir(exist_ok=True)
        Image.fromarray(noise.numpy()).save(photo, compress_level=0)
    hashes = [f"{i:032x}" for i in range(len(images))]
    packed.pack(images, photos, hashes, photos[0].parent, "Noise", path, quality=100)


def keep_a_moment(path):
    filming.Recorder(path, torch.nn.Linear(200, 200), 0)


WRITERS = [lambda path: save_state(path, {"w": torch.zeros(10_000)}), pack_photos, keep_a_moment]


@pytest.mark.parametrize("write", WRITERS)
def test_what_a_library_writes_goes_into_the_file_that_is_held(write, tmp_path, monkeypatch):
    """Windows refuses another one in its place, and another process would take that for a leftover."""
    replace, seen = files._replace, []

    def compare(temporary, path):
        seen.append(os.stat(temporary).st_ino == held.pop())
        replace(temporary, path)

    begin, held = files._begin, []

    def remember(folder):
        handle, temporary = begin(folder)
        held.append(os.fstat(handle).st_ino)
        return handle, temporary

    monkeypatch.setattr(files, "_begin", remember)
    monkeypatch.setattr(files, "_replace", compare)
    write(tmp_path / "file")
    assert seen == [True]


@pytest.mark.parametrize("write", WRITERS)
def test_a_full_disk_is_told_as_one_by_whatever_writes(write, tmp_path):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(FileError, match=r"could not be written: .*File too large.* make room"):
            write(tmp_path / "file")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not [path for path in tmp_path.iterdir() if path.is_file()]
