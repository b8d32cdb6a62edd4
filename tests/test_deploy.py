"""deploy/: two processes of the app behind nginx, as it is set up there, and what becomes of visits when one of them ends."""

import asyncio
import io
import os
import re
import shutil
import subprocess
import tarfile
import time
import tomllib
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.error import URLError

import pytest
from browser import (
    PICTURE,
    REPO,
    free_port,
    needs_browser,
    picture_bytes,
    query,
    running_app,
    settle,
    wait_for_new_picture,
)
from visiting import Visitor, run
from websockets.exceptions import ConnectionClosed

from aemodels.report import assembling, notebook
from pages.parts.report import loading
from pages.parts.shared.visitors import COOKIE

DEPLOY = REPO / "deploy"
PROCESS = "latent_lab_process"  # nginx's cookie
# What Debian and the container have around the file of deploy/, without what would need to be root.
AROUND = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/latent-lab.conf;
}}
"""


class Site:
    """nginx before processes "1" and "2", which share what is kept in `folder`."""

    def __init__(self, folder: Path, models: Path, stack: ExitStack) -> None:
        self.folder, self.models, self.stack = folder, models, stack
        self.ports = {"1": free_port(), "2": free_port()}
        self.processes: dict[str, subprocess.Popen] = {}
        for process in self.ports:
            self.start(process)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        text = (DEPLOY / "nginx/latent-lab.conf").read_text()
        for old, new in (
            ("8501", str(self.ports["1"])),
            ("8502", str(self.ports["2"])),
            ("listen 80;", f"listen 127.0.0.1:{port};"),
            ("/dev/shm/nginx-latent-lab", f"{folder}/static"),
        ):
            assert old in text
            text = text.replace(old, new)
        (folder / "latent-lab.conf").write_text(text)
        user = "user root;" if folder.owner() == "root" else ""  # whose folders others may not enter
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))
        nginx = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")])
        stack.callback(nginx.wait)
        stack.callback(nginx.terminate)
        while nginx.poll() is None:  # until it listens
            with suppress(URLError):
                self.get("/_stcore/health")
                break
            time.sleep(0.05)

    def start(self, process: str) -> None:
        app = running_app(self.folder, arguments=["--checkpoints", str(self.models)], port=self.ports[process])
        self.processes[process] = self.stack.enter_context(app)[1]

    def kill(self, process: str) -> None:
        self.processes[process].kill()
        self.processes[process].wait()

    def get(self, path: str, cookies: str = "", accept: str = "*/*", encoding: str = "identity"):
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        headers = {"Cookie": cookies, "Accept": accept, "Accept-Encoding": encoding}
        return direct.open(urllib.request.Request(self.url + path, headers=headers), timeout=60)


@pytest.fixture(scope="module")
def site(quick_models, tmp_path_factory):
    if not shutil.which("nginx"):
        pytest.skip("no nginx on this machine")
    with ExitStack() as stack:
        yield Site(tmp_path_factory.mktemp("site"), quick_models, stack)


@pytest.fixture
def both(site):
    """The site with both processes alive."""
    for process, running in site.processes.items():
        if running.poll() is not None:
            site.start(process)
    return site


def set_cookies(answer) -> dict[str, str]:
    return dict(line.split(";")[0].split("=", 1) for line in answer.headers.get_all("Set-Cookie") or [])


@pytest.mark.release
def test_a_browser_stays_with_the_process_that_answered_first(both):
    first = [set_cookies(both.get("/", accept="text/html"))[PROCESS] for _ in range(6)]
    assert set(first) == {"1", "2"}
    for process in ("1", "2"):
        again = [set_cookies(both.get("/_stcore/health", f"{PROCESS}={process}")) for _ in range(4)]
        assert all(PROCESS not in cookies for cookies in again)
    assert set_cookies(both.get("/_stcore/health", f"{PROCESS}=9"))[PROCESS] in ("1", "2")


@pytest.mark.release
def test_scripts_are_packed_and_kept(both):
    page = both.get("/", accept="text/html").read().decode()
    (script,) = re.findall(r'src="\.(/static/js/index\.[^"]+)"', page)
    for _ in range(2):
        answer = both.get(script, encoding="gzip")
        assert answer.headers["Content-Encoding"] == "gzip"
    assert any(path.is_file() for path in (both.folder / "static").rglob("*"))


def test_what_nginx_lets_through_is_what_the_app_takes():
    limit = tomllib.loads((REPO / ".streamlit/config.toml").read_text())["server"]["maxUploadSize"]
    (most,) = re.findall(r"client_max_body_size (\d+)m;", (DEPLOY / "nginx/latent-lab.conf").read_text())
    assert limit < int(most) <= 2 * limit
    assert limit >= loading.MAX_FILE_MB  # the server refuses more than that, whatever a widget allows


@pytest.mark.release
def test_one_process_ends_and_the_visits_of_the_other_do_not_notice(both):
    async def visits() -> None:
        here, there = Visitor(both.url, {PROCESS: "1"}), Visitor(both.url, {PROCESS: "2"})
        async with here, there:
            for visitor in (here, there):
                assert (await visitor.open("dogs-sample", seed=3)).seed == 3
            await asyncio.to_thread(both.kill, "1")
            answer = await there.open("dogs-perturb", seed=4)
            assert (answer.seed, answer.errors) == (4, [])
            with pytest.raises(ConnectionClosed):
                await here.open("dogs-perturb", seed=5)
        # Its browser asks for the same address again.
        async with Visitor(both.url, here.cookies) as back:
            assert back.cookies[PROCESS] == "2"
            answer = await back.open("dogs-perturb", seed=5)
            assert (answer.seed, answer.errors, answer.headings[0]) == (5, [], "Perturb")
            # And it stays there when the other process is up again: its pictures are there.
            await asyncio.to_thread(both.start, "1")
            assert (await back.open("dogs-sample", seed=6)).seed == 6
        async with Visitor(both.url, back.cookies) as reconnected:
            assert reconnected.cookies[PROCESS] == "2"

    run(visits())


@pytest.mark.release
def test_what_a_visitor_collected_is_there_on_either_process(both, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_REPORTS", str(both.folder / "reports"))  # of the processes, see running_app
    token = set_cookies(both.get("/", accept="text/html"))[COOKIE]
    notebook.Notebook(notebook.path_of(token)).write(f"{assembling.COVER}title", "Mine alone")

    async def shown(process: str, token: str) -> bool:
        async with Visitor(both.url, {PROCESS: process, COOKIE: token}) as visitor:
            return "Mine alone" in (await visitor.open("report")).texts

    for process in ("1", "2"):
        assert run(shown(process, token))
        assert not run(shown(process, token[::-1]))


@pytest.mark.release
@needs_browser
def test_a_browser_whose_process_ends_goes_on_with_the_other(both, new_page):
    page = new_page()
    page.goto(f"{both.url}/dogs-sample?seed=7")
    settle(page)
    before = picture_bytes(page)
    (process,) = (c["value"] for c in page.context.cookies() if c["name"] == PROCESS)
    both.kill(process)
    page.reload()
    settle(page)
    assert query(page)["seed"] == "7"
    assert picture_bytes(page) == before
    (now,) = (c["value"] for c in page.context.cookies() if c["name"] == PROCESS)
    assert now != process
    old = page.locator(PICTURE).first.get_attribute("src")
    page.locator(".st-key-again button").click()
    wait_for_new_picture(page, old)
    assert query(page)["seed"] == "8"


@pytest.mark.parametrize("file", ["Dockerfile", "systemd/latent-lab@.service"])
def test_what_the_app_keeps_lies_where_all_its_processes_may_write(file):
    """The user that they run as has no folder of its own."""
    text = (DEPLOY / file).read_text()
    for kept, folder in (
        ("CACHE", "/var/cache/latent-lab"),
        ("REPORTS", "/var/lib/latent-lab"),
        ("MODELS", "/var/lib/latent-lab"),
    ):
        (named,) = re.findall(rf"LATENT_LAB_{kept}=(\S+)", text)
        assert Path(named).is_relative_to(folder)


def test_a_rented_gpu_packs_what_the_run_has_made_into_parts_to_take_home(tmp_path):
    """With a stand-in for train.py; what came along stays where it is, and the run's exit status is that of the script."""
    (tmp_path / "bin").mkdir()
    python3 = tmp_path / "bin/python3"
    python3.write_text('#!/bin/sh\nhead -c 20000000 /dev/zero > made/new.safetensors\necho "$@"\nexit 3\n')
    python3.chmod(0o755)
    (tmp_path / "made").mkdir()
    (tmp_path / "made/along.safetensors").write_text("a model that came along")
    done = subprocess.run(
        ["sh", DEPLOY / "rented_gpu.sh", "photos.pack digits", "parts", "1", "--only", "dog-prior"],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{python3.parent}:{os.environ['PATH']}"},
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    parts = sorted((tmp_path / "parts").glob("models.tar.*"))
    assert [part.stat().st_size <= 16e6 for part in parts] == [True, True]
    with tarfile.open(fileobj=io.BytesIO(b"".join(part.read_bytes() for part in parts))) as tar:
        assert [(member.name, member.size) for member in tar] == [("./new.safetensors", 20_000_000)]
    log = (tmp_path / "parts/train.log").read_text()
    assert log == "train.py --data photos.pack digits --out made --only dog-prior\n"


@pytest.mark.parametrize("arguments", [[], ["photos.pack"], ["photos.pack", "parts"], ["photos.pack", "parts", ""]])
def test_a_rented_gpu_without_all_it_needs_says_what_to_give_and_touches_nothing(arguments, tmp_path):
    script = ["sh", DEPLOY / "rented_gpu.sh", *arguments]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode
    assert "give DATA, PARTS and MINUTES" in done.stderr
    assert not [*tmp_path.iterdir()]
