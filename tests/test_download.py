import contextlib
import gzip
import hashlib
import http.server
import io
import re
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import threading
from collections import namedtuple

import pytest
import torch
from torchvision.datasets import MNIST

from aemodels.data.download import STANFORD_DOGS, Archive, download_dogs, download_mnist
from aemodels.data.mnist import load_mnist
from aemodels.errors import DataError


class Server:
    """Serves `files` (path -> bytes) on this machine and keeps the requests; the switches make it misbehave."""

    def __init__(self):
        self.files, self.requests = {}, []
        self.takes_range = self.sends_length = True
        self.num_sent = 0
        self.cut_after = None  # bytes of a body after which the connection closes

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                self.answer(handler)

            def log_message(handler, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def answer(self, handler):
        start = handler.headers["Range"]
        self.requests.append((handler.path, start))
        body = self.files.get(handler.path)
        if body is None:
            return handler.send_error(404)
        first = int(start.removeprefix("bytes=").removesuffix("-")) if start and self.takes_range else 0
        if first and first >= len(body):
            return handler.send_error(416)
        handler.send_response(206 if first else 200)
        if self.sends_length:
            handler.send_header("Content-Length", str(len(body) - first))
        handler.end_headers()
        body = body[first:][: self.cut_after]
        with contextlib.suppress(ConnectionError):  # the other side has had enough
            for start in range(0, len(body), 100_000):
                self.num_sent += handler.wfile.write(body[start : start + 100_000])


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LATENT_LAB_CACHE", str(folder))
    return folder


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


@pytest.fixture
def closed_url():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"  # bound and not listening: it refuses


PHOTOS = {"Images/n1-Pug/1.jpg": b"pug" * 50_000, "Images/n2-Boxer/2.jpg": b"boxer" * 50_000}


def make_tar(members=PHOTOS, links=()):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name, target in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return file.getvalue()


def serve(server, body):
    server.files["/images.tar"] = body
    return Archive(f"{server.url}/images.tar", len(body), hashlib.md5(body).hexdigest())


def tree(folder):
    """Every path below `folder`, hidden ones and empty folders included."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def assert_complete(root):
    assert tree(root / "stanford-dogs") == sorted(["Images", "Images/n1-Pug", "Images/n2-Boxer", *PHOTOS])
    for name, content in PHOTOS.items():
        assert (root / "stanford-dogs" / name).read_bytes() == content


def assert_one_sentence(error):
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith(".")


# --- dogs ---


def test_the_real_archive():
    expected = Archive(
        "http://vision.stanford.edu/aditya86/ImageNetDogs/images.tar", 793579520, "1bb1f2a596ae7057f99d7d75860002ef"
    )
    assert expected == STANFORD_DOGS


def test_dogs_are_fetched_and_unpacked(tmp_path, server):
    download_dogs(tmp_path / "new" / "data", serve(server, make_tar()))
    assert_complete(tmp_path / "new" / "data")
    assert server.requests == [("/images.tar", None)]


def test_a_present_folder_is_left_alone(tmp_path, server, capsys):
    (tmp_path / "stanford-dogs" / "Images").mkdir(parents=True)
    download_dogs(tmp_path, serve(server, make_tar()))
    assert tree(tmp_path) == ["stanford-dogs", "stanford-dogs/Images"]
    assert server.requests == []
    assert "already" in capsys.readouterr().out


@pytest.mark.parametrize("sends_length", [True, False])
def test_a_broken_download_is_resumed(tmp_path, server, sends_length):
    archive = serve(server, make_tar())
    server.cut_after, server.sends_length = 150_000, sends_length
    with pytest.raises(DataError, match=rf"broke off after 150000 of {archive.num_bytes} bytes .*again") as error:
        download_dogs(tmp_path, archive)
    assert_one_sentence(error)
    assert tree(tmp_path) == ["stanford-dogs", "stanford-dogs/images.tar.part"]
    server.cut_after = None
    download_dogs(tmp_path, archive)
    assert server.requests[1] == ("/images.tar", "bytes=150000-")
    assert_complete(tmp_path)


def test_a_cut_before_the_first_byte_leaves_nothing(tmp_path, server):
    archive = serve(server, make_tar())
    server.cut_after = 0
    with pytest.raises(DataError, match="broke off after 0 of"):
        download_dogs(tmp_path / "data", archive)
    assert tree(tmp_path) == []


def put_part(root, content):
    (root / "stanford-dogs").mkdir()
    (root / "stanford-dogs" / "images.tar.part").write_bytes(content)


def part_of(root):
    assert tree(root) == ["stanford-dogs", "stanford-dogs/images.tar.part"]
    return (root / "stanford-dogs" / "images.tar.part").read_bytes()


def test_a_server_without_range_starts_again(tmp_path, server):
    archive = serve(server, make_tar())
    put_part(tmp_path, b"x" * 1000)
    server.takes_range = False
    download_dogs(tmp_path, archive)
    assert server.requests == [("/images.tar", "bytes=1000-")]
    assert_complete(tmp_path)


def test_a_part_that_is_too_long_starts_again(tmp_path, server):
    archive = serve(server, make_tar())
    put_part(tmp_path, b"x" * (archive.num_bytes + 1))
    download_dogs(tmp_path, archive)
    assert server.requests == [("/images.tar", None)]
    assert_complete(tmp_path)


def test_a_whole_part_is_not_fetched_again(tmp_path, server):
    archive = serve(server, make_tar())
    put_part(tmp_path, make_tar())
    download_dogs(tmp_path, archive)
    assert server.requests == []
    assert_complete(tmp_path)


def test_a_wrong_checksum_is_refused(tmp_path, server):
    archive = serve(server, make_tar())
    server.files["/images.tar"] = b"x" * archive.num_bytes
    with pytest.raises(DataError, match="is damaged") as error:
        download_dogs(tmp_path, archive)
    assert_one_sentence(error)
    assert tree(tmp_path) == []


@pytest.mark.parametrize("takes_range", [True, False])
@pytest.mark.parametrize("extra", [-100, 100])
def test_a_wrong_size_is_refused(tmp_path, server, extra, takes_range):
    archive = serve(server, make_tar())
    archive = Archive(archive.url, archive.num_bytes - extra, archive.md5)
    put_part(tmp_path, b"x" * 1000)
    server.takes_range = takes_range
    offered = rf"offers {archive.num_bytes + extra} bytes .* not the archive's {archive.num_bytes}"
    with pytest.raises(DataError, match=offered) as error:
        download_dogs(tmp_path, archive)
    assert_one_sentence(error)
    assert part_of(tmp_path) == b"x" * 1000


@pytest.mark.parametrize("sends_length", [True, False])
def test_a_login_page_in_place_of_the_rest_loses_nothing(tmp_path, server, sends_length):
    archive = serve(server, make_tar())
    begun = server.files["/images.tar"][:200_000]
    put_part(tmp_path, begun)
    server.files["/images.tar"], real = b"<html>Welcome!</html>", server.files["/images.tar"]
    server.takes_range, server.sends_length = False, sends_length
    with pytest.raises(DataError, match=r"offers (21|an unknown number of) bytes") as error:
        download_dogs(tmp_path, archive)
    assert_one_sentence(error)
    assert part_of(tmp_path) == begun
    server.files["/images.tar"] = real
    server.takes_range = server.sends_length = True
    download_dogs(tmp_path, archive)
    assert server.requests[-1] == ("/images.tar", "bytes=200000-")
    assert_complete(tmp_path)


def test_an_endless_answer_is_not_read_to_its_end(tmp_path, server):
    archive = serve(server, make_tar())
    server.files["/images.tar"] = b"x" * 50_000_000
    server.sends_length = False
    with pytest.raises(DataError, match="is damaged"):
        download_dogs(tmp_path, archive)
    assert server.num_sent < 25_000_000
    assert tree(tmp_path) == []


def test_a_part_longer_than_the_servers_file_is_kept(tmp_path, server):
    archive = serve(server, make_tar())
    put_part(tmp_path, b"x" * 2000)
    server.files["/images.tar"] = b"x" * 1000
    with pytest.raises(DataError, match="answers 416"):
        download_dogs(tmp_path, archive)
    assert part_of(tmp_path) == b"x" * 2000


@pytest.mark.release
def test_of_two_processes_one_fetches_and_the_other_waits(tmp_path, server):
    archive = serve(server, make_tar())
    command = [sys.executable, "-c", FETCH, tmp_path, archive.url, str(archive.num_bytes), archive.md5]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum("already" in text for text in said) == 1
    assert server.requests == [("/images.tar", None)]
    assert_complete(tmp_path)


FETCH = """
import sys
from aemodels.data.download import Archive, download_dogs
download_dogs(sys.argv[1], Archive(sys.argv[2], int(sys.argv[3]), sys.argv[4]))
"""


def test_a_cache_folder_that_cannot_be_written(tmp_path, server, own_cache, monkeypatch):
    (own_cache / "file").write_text("a file where the folder should be")
    monkeypatch.setenv("LATENT_LAB_CACHE", str(own_cache / "file"))
    with pytest.raises(DataError, match="set LATENT_LAB_CACHE") as error:
        download_dogs(tmp_path, serve(server, make_tar()))
    assert_one_sentence(error)
    assert tree(tmp_path) == []


@pytest.mark.parametrize(
    ("members", "links"),
    [
        (PHOTOS | {"../evil.jpg": b"evil"}, []),
        (PHOTOS | {"Images/../../../evil.jpg": b"evil"}, []),
        (PHOTOS, [("Images/evil", "../../..")]),
        (PHOTOS, [("Images/evil", "/etc/passwd")]),
        ({"Photos/1.jpg": b"dog"}, []),
    ],
)
def test_an_unsafe_or_foreign_tar_is_refused(tmp_path, server, members, links):
    root = tmp_path / "data"
    root.mkdir()
    with pytest.raises(DataError, match="cannot be unpacked safely") as error:
        download_dogs(root, serve(server, make_tar(members, links)))
    assert_one_sentence(error)
    assert tree(tmp_path) == ["data"]


def test_an_absolute_path_in_the_tar_stays_inside(tmp_path, server):
    target = tmp_path / "evil.jpg"
    download_dogs(tmp_path / "data", serve(server, make_tar({**PHOTOS, str(target): b"evil"})))
    assert not target.exists()
    assert_complete(tmp_path / "data")


def test_no_tar_is_refused(tmp_path, server):
    with pytest.raises(DataError, match="cannot be unpacked"):
        download_dogs(tmp_path, serve(server, b"x" * 5000))
    assert tree(tmp_path) == []


def test_what_a_killed_run_left_is_replaced(tmp_path, server):
    (tmp_path / "stanford-dogs" / ".Images.part" / "Images").mkdir(parents=True)
    (tmp_path / "stanford-dogs" / ".Images.part" / "Images" / "half.jpg").write_bytes(b"half")
    download_dogs(tmp_path, serve(server, make_tar()))
    assert_complete(tmp_path)


def test_no_network_leaves_nothing(tmp_path, closed_url):
    with pytest.raises(DataError, match=r"No network: could not reach 127\.0\.0\.1:\d+ \(.*refused\)") as error:
        download_dogs(tmp_path / "new" / "data", Archive(f"{closed_url}/images.tar", 1000, ""))
    assert_one_sentence(error)
    assert tree(tmp_path) == []


def test_no_network_keeps_what_was_fetched(tmp_path, closed_url):
    put_part(tmp_path, b"x" * 500)
    with pytest.raises(DataError, match="No network"):
        download_dogs(tmp_path, Archive(f"{closed_url}/images.tar", 1000, ""))
    assert (tmp_path / "stanford-dogs" / "images.tar.part").read_bytes() == b"x" * 500


def test_a_missing_file_on_the_server(tmp_path, server):
    with pytest.raises(DataError, match="answers 404"):
        download_dogs(tmp_path, Archive(f"{server.url}/none.tar", 1000, ""))
    assert tree(tmp_path) == []


def test_a_full_disk_is_said_before_anything_is_fetched(tmp_path, server, monkeypatch):
    archive = serve(server, make_tar())
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 2 * archive.num_bytes - 1))
    with pytest.raises(DataError, match=r"0 MB free in .* --data") as error:
        download_dogs(tmp_path, archive)
    assert_one_sentence(error)
    assert server.requests == []
    assert tree(tmp_path) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 2 * archive.num_bytes))
    download_dogs(tmp_path, archive)
    assert_complete(tmp_path)


def test_a_disk_that_fills_up_on_the_way(tmp_path, server):
    resource = pytest.importorskip("resource")
    archive = serve(server, make_tar())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(DataError, match="cannot be written") as error:
            download_dogs(tmp_path, archive)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_one_sentence(error)
    download_dogs(tmp_path, archive)
    assert server.requests[1] == ("/images.tar", "bytes=100000-")
    assert_complete(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path, server):
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(DataError, match="cannot be written") as error:
        download_dogs(tmp_path / "data", serve(server, make_tar()))
    assert_one_sentence(error)


# --- MNIST ---


def serve_mnist(server, monkeypatch, count=3):
    """A small MNIST on the server, with the names and the format of the real one."""
    resources = []
    for part in ("train", "t10k"):
        images = struct.pack(">IIII", 0x803, count, 28, 28) + bytes(range(count)) * 784
        labels = struct.pack(">II", 0x801, count) + bytes(range(count))
        for name, content in ((f"{part}-images-idx3-ubyte.gz", images), (f"{part}-labels-idx1-ubyte.gz", labels)):
            server.files[f"/{name}"] = gzip.compress(content)
            resources.append((name, hashlib.md5(server.files[f"/{name}"]).hexdigest()))
    monkeypatch.setattr(MNIST, "resources", resources)
    monkeypatch.setattr(MNIST, "mirrors", [f"{server.url}/"])


RAW = ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "train-images-idx3-ubyte", "train-labels-idx1-ubyte"]
MNIST_TREE = ["MNIST", "MNIST/raw"] + [f"MNIST/raw/{name}" for name in RAW]


def test_mnist_is_fetched_once(tmp_path, server, monkeypatch, capsys):
    serve_mnist(server, monkeypatch)
    root = tmp_path / "new" / "data"
    download_mnist(root)
    assert tree(root) == MNIST_TREE
    for train in (True, False):
        images, labels = load_mnist(root, train)
        assert images.shape == (3, 1, 28, 28)
        assert torch.equal(labels, torch.arange(3))
    assert len(server.requests) >= 4
    server.requests.clear()
    capsys.readouterr()
    download_mnist(root)
    assert server.requests == []
    assert "already" in capsys.readouterr().out


def test_broken_mnist_is_fetched_again(tmp_path, server, monkeypatch):
    serve_mnist(server, monkeypatch)
    download_mnist(tmp_path)
    (tmp_path / "MNIST" / "raw" / RAW[0]).write_bytes(b"half")
    download_mnist(tmp_path)
    assert len(load_mnist(tmp_path, train=False)[0]) == 3


def test_mnist_without_network_leaves_nothing(tmp_path, closed_url, monkeypatch, capfd):
    monkeypatch.setattr(MNIST, "mirrors", [f"{closed_url}/a/", f"{closed_url}/b/"])
    with pytest.raises(DataError, match=r"No network: could not fetch MNIST from 127\..*refused") as error:
        download_mnist(tmp_path / "new" / "data")
    assert_one_sentence(error)
    assert tree(tmp_path) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("damage", ["gone", "other", "cut"])
def test_mnist_that_breaks_off_leaves_nothing(tmp_path, server, monkeypatch, damage):
    serve_mnist(server, monkeypatch)
    name = f"/{RAW[3]}.gz"  # the labels of the train set, after its images
    if damage == "gone":
        del server.files[name]
    elif damage == "other":
        server.files[name] = b"damaged"
    else:
        server.cut_after = 20
    with pytest.raises(DataError, match="MNIST") as error:
        download_mnist(tmp_path / "data")
    assert_one_sentence(error)
    assert re.search(r"again\.$", str(error.value))
    assert tree(tmp_path) == []


def test_mnist_into_a_folder_that_cannot_be_made(tmp_path, server, monkeypatch):
    serve_mnist(server, monkeypatch)
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(DataError, match="cannot be written"):
        download_mnist(tmp_path / "data")
    assert tree(tmp_path) == ["data"]
