"""Images in a file: indexed as a tensor is, read only where asked for, and what happens when the file is cut."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from aemodels.data.stored_images import StoredImages, open_images
from aemodels.errors import DataError
from aemodels.models import building
from aemodels.quality import evaluation, metrics


@pytest.fixture
def images():
    return torch.randint(0, 256, (23, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def path(images, tmp_path):
    np.save(tmp_path / "images.npy", images.numpy())
    return tmp_path / "images.npy"


def test_they_are_indexed_as_a_tensor_is(images, path):
    stored = open_images(path)
    assert (len(stored), stored.shape, stored.ndim, stored.nbytes) == (23, images.shape, 4, images.nbytes)
    mixed, mask = torch.tensor([22, 0, 7, 7]), torch.arange(23) % 3 == 1
    for key in (0, -1, torch.tensor(5), mixed, mixed.view(2, 2), mask, torch.tensor([], dtype=torch.long)):
        assert torch.equal(stored[key], images[key])
    view = stored[2:20:3]
    assert isinstance(view, StoredImages)
    assert torch.equal(view.in_memory(), images[2:20:3])
    assert torch.equal(view.part(mixed % 6).in_memory(), images[2:20:3][mixed % 6])
    assert torch.equal(view[1:][1], images[8])
    assert [torch.equal(a, b) for a, b in zip(view.split(4), images[2:20:3].split(4), strict=True)] == [True, True]
    assert torch.equal(torch.stack(list(view)), images[2:20:3])
    for outside in (23, -24, torch.tensor([3, 23])):
        with pytest.raises(IndexError):
            stored[outside]


def test_what_was_read_is_the_readers_own(images, path):
    stored = open_images(path)
    stored[torch.arange(3)].zero_()
    assert torch.equal(stored[torch.arange(3)], images[:3])


def test_many_threads_read_at_a_time(images, path):
    stored = open_images(path)
    together = threading.Barrier(8)

    def read(seed):
        together.wait()
        orders = [torch.randperm(23, generator=torch.Generator().manual_seed(100 * seed + i)) for i in range(50)]
        return all(torch.equal(stored[order], images[order]) for order in orders)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(8)))


def test_a_file_that_was_removed_is_read_to_the_end(images, path):
    """As where another run has decoded a folder anew that has changed."""
    stored = open_images(path)
    path.unlink()
    assert torch.equal(stored[torch.arange(23)], images)


def test_a_file_that_is_cut_while_it_is_read_is_said_in_a_sentence(path):
    stored = open_images(path)
    with open(path, "r+b") as file:
        file.truncate(10_000)
    stored[0]
    with pytest.raises(
        DataError, match=r"^\S+images.npy can no longer be read \(it is shorter than it was\); start again"
    ):
        stored[torch.tensor([0, 22])]


def test_a_disk_that_is_gone_is_said_in_a_sentence(path):
    class Gone:
        name = str(path)

        def seek(self, place):
            raise OSError(5, "Input/output error")

    stored = open_images(path)
    object.__setattr__(stored, "file", Gone())
    with pytest.raises(DataError, match=r"can no longer be read \(Input/output error\); start again"):
        stored[0]


@pytest.mark.parametrize("broken", [b"", b"no array at all", "cut", "floats", "flat"])
def test_what_is_no_whole_file_of_images_is_refused(images, path, broken):
    if broken == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    elif broken == "floats":
        np.save(path, images.float().numpy())
    elif broken == "flat":
        np.save(path, images.flatten(1).numpy())
    else:
        path.write_bytes(broken)
    with pytest.raises(ValueError):  # noqa: PT011, for callers ask for no more than the kind
        open_images(path)


def test_they_are_judged_as_the_same_images_in_memory_are(images, path, conv_config):
    torch.manual_seed(0)
    model, stored = building.build(conv_config).eval(), open_images(path)
    assert metrics.evaluate(model, stored) == metrics.evaluate(model, images)
    assert evaluation.evaluate_all(model, stored[::2]) == evaluation.evaluate_all(model, images[::2])
    assert torch.equal(evaluation.encode_all(model, stored), evaluation.encode_all(model, images))
    assert evaluation.average_picture_psnr_db(stored) == evaluation.average_picture_psnr_db(images)
    assert evaluation.seconds_to_measure(model, stored, stored[:4]) > 0
