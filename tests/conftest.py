import contextlib
import copy
import functools
import gc
import hashlib
import os
from types import SimpleNamespace
from urllib.parse import urljoin

import accessibility
import pytest
import torch
from broken_models import DOGS, save, small_with_stages
from browser import CHROMIUM_ARGUMENTS, HEALTH, REAL_DATA, REPO, WAIT_MS, chromium, copy_photos, running_app
from small_priors import PRIORS, save_prior
from threadpoolctl import threadpool_limits

from aemodels.data import photo_sets
from aemodels.models.config import ModelConfig
from aemodels.storage import checkpoints
from aemodels.training import filming, loop, recipes

# A worker a core: what computes with more threads keeps the other workers waiting.
torch.set_num_threads(1)
threadpool_limits(1)  # of numpy, SciPy and scikit-learn
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of the processes that tests start

VIEWPORT = {"width": 1440, "height": 900}


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What the tests' modules import stays until the end: the garbage collection leaves it out."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


def pytest_collection_modifyitems(items):
    """The slowest start first: a slow one that started last would keep one worker busy while the others have nothing left."""
    items.sort(key=lambda item: (not item.get_closest_marker("release"), "test_browser" not in item.path.name))


@pytest.fixture(scope="session", autouse=True)
def installed_components_and_scripts():
    """Each run of an AppTest looks through all installed packages for components, which takes longer than most pages, and compiles
    the scripts of its pages: once is enough."""
    from streamlit.components.v2 import manifest_scanner
    from streamlit.runtime.scriptrunner.script_cache import ScriptCache

    compiled = functools.cache(ScriptCache().get_bytecode)
    with pytest.MonkeyPatch.context() as patch:
        scan = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        patch.setattr(ScriptCache, "get_bytecode", lambda _, path: compiled(path))
        yield


@pytest.fixture(scope="session", autouse=True)
def recipes_of_the_lab():
    """Every training looks at all of them: once is enough."""
    read = functools.cache(recipes.of_the_lab)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipes, "of_the_lab", lambda: dict(read()))
        yield


@pytest.fixture(scope="session", autouse=True)
def computed_once():
    """What depends on the shipped digits and the models' codes alone, and takes from a quarter of a second to one: the denoisers that
    need no model, the Gaussian of codes that are the same, bit by bit, and what a plane holds."""
    from aemodels.codes import latents, survey
    from aemodels.quality import curves

    fit, fitted = latents.fit, {}

    def fit_once(codes, sampler="full"):
        key = codes.shape, codes.dtype, sampler, hashlib.sha256(codes.contiguous().numpy()).digest()
        if key not in fitted:
            fitted[key] = fit(codes, sampler)
        return fitted[key]

    references = functools.cache(curves.measure_references)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "measure_references", lambda: copy.deepcopy(references()))
        patch.setattr(latents, "fit", fit_once)
        patch.setattr(survey, "survey", functools.cache(survey.survey))
        yield


@pytest.fixture(scope="session", autouse=True)
def small_films():
    """To compress a film's pictures takes longer than a small training itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filming, "GRID_SIDE", 3)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_thaw():
    """The router frees at times what a server of many visitors holds: a collection of all that a worker has, hundreds of times a run."""
    from pages.parts.shared import garbage

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(garbage, "freeze", lambda: None)
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


@pytest.fixture(scope="session")
def quick_models(tmp_path_factory):
    """The lab's models, those of dogs with their own codes and figures but small networks of random weights, and small priors."""
    folder = tmp_path_factory.mktemp("models")
    for file in (REPO / "checkpoints").iterdir():
        if file.stem not in (*DOGS, *PRIORS):
            (folder / file.name).symlink_to(file)
    for name in DOGS:
        save(name, folder)
    for name in PRIORS:
        save_prior(name, folder)
    return folder


@pytest.fixture
def quickly(quick_models, monkeypatch):
    """The pages have the quick models."""
    monkeypatch.setattr(checkpoints, "CHECKPOINT_FOLDER", quick_models)


@pytest.fixture
def lab_models(monkeypatch):
    """The pages have the lab's own models, in a file whose other tests take the quick ones."""
    monkeypatch.setattr(checkpoints, "CHECKPOINT_FOLDER", REPO / "checkpoints")


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


@pytest.fixture
def clock(monkeypatch):
    """Training's clock, which stands still until a test moves it: clock.now in s."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture(scope="session")
def app_url(tmp_path_factory):
    """The app in a process of its own, without photos: what comes with the models is all that it has."""
    with running_app(tmp_path_factory.mktemp("app")) as (url, _):
        yield url


@pytest.fixture(scope="session")
def app_with_photos(data_folder, quick_models, tmp_path_factory):
    """The app with two photos of every breed: its URL, and the file of its log. Its models are the quick ones, but for one which
    improves its encoder's codes, what a page is about."""
    folder, models = tmp_path_factory.mktemp("app"), tmp_path_factory.mktemp("models")
    for file in quick_models.iterdir():
        (models / file.name).symlink_to(file)
    (models / "dog-ae.safetensors").unlink()
    save("dog-ae", models, model_of=small_with_stages)
    copy_photos(data_folder, folder / "data", 2)
    with running_app(folder, arguments=["--checkpoints", str(models)]) as (url, _):
        yield url, folder / "log.txt"


@pytest.fixture(scope="session")
def app_url_with_photos(app_with_photos):
    return app_with_photos[0]


@pytest.fixture(scope="session")
def of_streamlit(browser, tmp_path_factory):
    """What axe-core finds on a page that is empty but for what Streamlit brings."""
    return accessibility.of_streamlit(browser, tmp_path_factory.mktemp("empty"))


# The pages of a visitor share one process, which compiles the app's scripts once, and not for speed: a test's page is not open
# for long enough to win back what that takes, about a tenth to a fifth of its time.
# Nor does it parse the scripts again while they arrive: it looks first for what it has compiled of them. (Chromium takes one list of
# features alone, and Playwright's own gives way to this one; PaintHolding is of it.)
ONE_PROCESS = [
    "--process-per-site",
    "--renderer-process-limit=1",
    "--js-flags=--no-opt,--no-flush-bytecode",
    "--disable-features=ScriptStreaming,PaintHolding",
]


@pytest.fixture(scope="session")
def browser():
    """One for all tests of a worker. While it runs, `asyncio.run` needs a thread of its own: see visiting.run."""
    sync_api = pytest.importorskip("playwright.sync_api")
    sync_api.expect.set_options(timeout=WAIT_MS)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS + ONE_PROCESS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def kept_contexts(browser):
    """Browser contexts for the tests, by their options, one after the other: with the app's scripts in its cache, and
    compiled in a process that stays, a page is there in a third of the time."""
    return {}


MEDIA = ("color_scheme", "reduced_motion")  # what a page can be told without a context of its own


@pytest.fixture
def new_page(browser, kept_contexts):
    """new_page(**context options) -> an empty page of a visitor of its own; none may end with an error.

    Its visitor wants no motion, unless asked for one who does: a third of a page's time goes into drawing Streamlit's animations
    while it loads."""
    contexts, faults = [], []

    def new_page(viewport=VIEWPORT, **options):
        media = {"reduced_motion": "reduce"} | {key: options.pop(key) for key in MEDIA if key in options}
        kept = kept_contexts.setdefault(repr(options), [])
        context = next((context for context in kept if context not in contexts), None)
        if context is None:
            kept.append(context := browser.new_context(**options))
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.set_viewport_size(viewport)
        page.emulate_media(**media)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield new_page
    for context in contexts:
        forget(context)
    assert faults == []


def forget(context):
    """Leaves nothing of a visitor but what is cached of the app, and a page that draws nothing, which keeps the process with the
    compiled scripts."""
    from playwright.sync_api import Error

    first, *others = context.pages
    for page in (first, *others):
        with contextlib.suppress(Error):  # there is nothing to clear in a page that is on its way to another
            page.evaluate("localStorage.clear()")
    for page in others:
        page.close()
    try:
        if not first.url.endswith(HEALTH):
            first.goto(urljoin(first.url, HEALTH))
    except Error:  # its app has ended
        first.close()
    context.clear_cookies()
