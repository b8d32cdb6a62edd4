import contextlib
import functools
import os

import pytest
import torch
from browser import CHROMIUM_ARGUMENTS, REAL_DATA, WAIT_MS, chromium, copy_photos, running_app
from threadpoolctl import threadpool_limits

from aemodels.data import photo_sets
from aemodels.models.config import ModelConfig
from aemodels.storage import checkpoints

# A worker a core: what computes with more threads keeps the other workers waiting.
torch.set_num_threads(1)
threadpool_limits(1)  # of numpy, SciPy and scikit-learn
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of the processes that tests start

VIEWPORT = {"width": 1440, "height": 900}


def pytest_collection_modifyitems(items):
    """The slowest start first: a slow one that started last would keep one worker busy while the others have nothing left."""
    items.sort(key=lambda item: (not item.get_closest_marker("release"), "test_browser" not in item.path.name))


@pytest.fixture(scope="session", autouse=True)
def installed_components():
    """Every AppTest looks through all installed packages for components, which takes longer than most pages: once is enough."""
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patch:
        scan = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_own_models(tmp_path_factory):
    """What the developer keeps in the app is no part of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_LAB_MODELS", str(tmp_path_factory.mktemp("models")))
        yield


@pytest.fixture(scope="session")
def data_folder():
    """The folder of the real data sets."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no data sets in {REAL_DATA}")
    return REAL_DATA


@pytest.fixture(scope="session")
def photo_folder(data_folder, tmp_path_factory):
    """Two photos of every breed."""
    return copy_photos(data_folder, tmp_path_factory.mktemp("data"), 2)


@pytest.fixture(scope="session")
def photo_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def with_photos(photo_folder, photo_cache, monkeypatch):
    """The pages see the photos of photo_folder."""
    monkeypatch.setenv("LATENT_LAB_DATA", str(photo_folder))
    monkeypatch.setenv("LATENT_LAB_CACHE", str(photo_cache))


@pytest.fixture
def without_photos(tmp_path, photo_cache, monkeypatch):
    """An empty folder, in which the pages look for photos."""
    folder = tmp_path / "no photos"
    folder.mkdir()
    monkeypatch.setenv("LATENT_LAB_DATA", str(folder))
    monkeypatch.setenv("LATENT_LAB_CACHE", str(photo_cache))
    return folder


@pytest.fixture
def dogs(with_photos, photo_folder):
    return photo_sets.load_dogs(photo_folder)


@pytest.fixture
def checkpoint_folder(tmp_path, monkeypatch):
    """An empty folder in place of checkpoints/."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    monkeypatch.setattr(checkpoints, "CHECKPOINT_FOLDER", folder)
    return folder


@pytest.fixture
def mlp_config():
    return ModelConfig(
        variant="plain",
        network="mlp",
        image_shape=(1, 28, 28),
        latent_shape=(2,),
        widths=(32, 16),
        reconstruction="bce",
    )


@pytest.fixture
def conv_config():
    return ModelConfig(
        variant="plain",
        network="conv",
        image_shape=(3, 32, 32),
        latent_shape=(4, 2, 2),
        widths=(16, 32),
        encoder_depths=(1, 1),
        decoder_depths=(1, 1),
        reconstruction="mse",
    )


@pytest.fixture(scope="session")
def app_url(tmp_path_factory):
    """The app in a process of its own, without photos: what comes with the models is all that it has."""
    with running_app(tmp_path_factory.mktemp("app")) as (url, _):
        yield url


@pytest.fixture(scope="session")
def app_with_photos(data_folder, tmp_path_factory):
    """The app with two photos of every breed: its URL, and the file of its log."""
    folder = tmp_path_factory.mktemp("app")
    copy_photos(data_folder, folder / "data", 2)
    with running_app(folder) as (url, _):
        yield url, folder / "log.txt"


@pytest.fixture(scope="session")
def app_url_with_photos(app_with_photos):
    return app_with_photos[0]


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect.set_options(timeout=WAIT_MS)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def kept_contexts(browser):
    """Browser contexts for the tests of a file, one after the other: with the app's scripts in its cache, a page is there in half the
    time."""
    return []


@pytest.fixture
def new_page(browser, kept_contexts):
    """new_page(**context options) -> an empty page of a visitor of its own; none may end with an error."""
    contexts, num_kept, faults = [], 0, []

    def new_page(viewport=VIEWPORT, **options):
        nonlocal num_kept
        if options:
            context = browser.new_context(**options)
        else:
            if num_kept == len(kept_contexts):
                kept_contexts.append(browser.new_context())
            context = kept_contexts[num_kept]
            num_kept += 1
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.set_viewport_size(viewport)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield new_page
    for context in contexts:
        if context in kept_contexts:
            forget(context)
        else:
            context.close()
    assert faults == []


def forget(context):
    """Leaves nothing of a visitor but what is cached of the app."""
    from playwright.sync_api import Error

    for page in context.pages:
        with contextlib.suppress(Error):  # there is nothing to clear in a page that is on its way to another
            page.evaluate("localStorage.clear()")
        page.close()
    context.clear_cookies()
