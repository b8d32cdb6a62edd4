import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA

import aemodels
from aemodels.codes import probing


@pytest.fixture
def codes():
    return torch.randn(5, 6, 4, 4, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def mean():
    return torch.randn(6, 4, 4, generator=torch.Generator().manual_seed(1))


def enlarge(z):
    """A decoder whose pixel is its cell's first three channels: a cell holds its own 2×2 pixels and nothing else."""
    return z[:, :3].repeat_interleave(2, 2).repeat_interleave(2, 3)


def blur(z):
    """`enlarge`, then the mean over 5×5 pixels, zeros outside."""
    return F.avg_pool2d(enlarge(z), 5, stride=1, padding=2)


@pytest.mark.parametrize("gain", [-2.0, 0.0, 0.5, 3.0])
def test_scale_moves_one_part_about_the_mean_and_nothing_else(codes, mean, gain):
    before = codes.clone()
    for part, places in [
        (probing.channel(2), {(2, r, c) for r in range(4) for c in range(4)}),
        (probing.cell(3, 1), {(c, 3, 1) for c in range(6)}),
    ]:
        scaled = probing.scale(codes, mean, part, gain)
        for i in np.ndindex(5, 6, 4, 4):
            m, old = mean[i[1:]].item(), before[i].item()
            expected = m + gain * (old - m) if i[1:] in places else old
            assert scaled[i].item() == pytest.approx(expected, abs=1e-5)
    assert torch.equal(codes, before)


def test_a_gain_of_one_changes_nothing_and_minus_one_twice_as_much_as_a_knock_out(codes, mean):
    part = probing.channel(0)
    assert torch.allclose(probing.scale(codes, mean, part, 1.0), codes, atol=1e-6)
    out, mirrored = (probing.scale(codes, mean, part, gain) - codes for gain in (0.0, -1.0))
    assert torch.allclose(mirrored, 2 * out, atol=1e-5)


def test_knock_out_mse_of_a_decoder_that_shows_three_channels(codes, mean):
    for index in range(6):
        error = probing.knock_out_mse(enlarge, codes, mean, probing.channel(index), enlarge(codes))
        expected = (codes[:, index] - mean[index]).square().mean((1, 2)) / 3 if index < 3 else torch.zeros(5)
        assert torch.allclose(error, expected, atol=1e-6)


def test_psnr_lost_is_the_difference_of_mean_psnrs():
    rng = np.random.default_rng(0)
    x, whole = rng.random((5, 3, 8, 8)), rng.random((5, 3, 8, 8))
    without = rng.random((4, 5, 3, 8, 8))

    def errors(pictures):
        return ((pictures - x) ** 2).mean((-3, -2, -1))

    expected = (-10 * np.log10(errors(whole))).mean() - (-10 * np.log10(errors(without))).mean(1)
    lost = probing.psnr_lost_db(torch.from_numpy(errors(without)), torch.from_numpy(errors(whole)))
    np.testing.assert_allclose(lost, expected)


def test_channel_power_against_numpy(codes):
    np.testing.assert_allclose(probing.channel_power(codes), (codes.numpy() ** 2).mean((2, 3)), rtol=1e-5)


def test_shares_of_a_change_of_one_pixel():
    for block in np.ndindex(4, 4):
        change = torch.zeros(3, 8, 8)
        change[1, 2 * block[0] + 1, 2 * block[1]] = 0.5
        shares = probing.shares_by_distance(change, 1, 3, (4, 4))
        expected = np.zeros(4)
        expected[max(abs(block[0] - 1), abs(block[1] - 3))] = 1
        assert shares.tolist() == expected.tolist()


def test_shares_of_a_change_that_is_the_same_everywhere_are_those_of_the_area():
    shares = probing.shares_by_distance(torch.full((3, 32, 32), 0.1), 0, 0, (8, 8))
    assert shares.numpy() == pytest.approx([(2 * d + 1) / 64 for d in range(8)])


def test_no_change_has_no_shares():
    assert probing.shares_by_distance(torch.zeros(3, 8, 8), 0, 0, (4, 4)).isnan().all()


def test_reach_of_a_decoder_without_overlap_is_its_own_block(codes, mean):
    for row in range(4):
        shares = probing.reach_of_row(enlarge, codes, enlarge(codes), mean, row)
        assert shares.shape == (4, 4)
        assert torch.allclose(shares, torch.tensor([1.0, 0, 0, 0]).expand(4, 4), atol=1e-6)


def test_reach_of_a_blur_is_that_of_its_kernel(codes, mean):
    """A 2×2 block seen through a 5×5 mean is, along each axis, 1 2 2 2 2 1 pixels of fifths: squared, 8 of 18 in its own block."""
    shares = probing.reach_of_row(blur, codes, blur(codes), mean, 1)
    inside = (2 * 2**2 / (2 * 1**2 + 4 * 2**2)) ** 2
    assert shares[1].numpy() == pytest.approx([inside, 1 - inside, 0, 0], abs=1e-5)


def test_reach_takes_turns_with_the_pictures(codes, mean):
    """The cell of row 1, column 2 of a 4×4 grid is number 6, and so belongs to picture 6 mod 5."""
    decoded = []

    def decode(z):
        decoded.append(z)
        return enlarge(z)

    probing.reach_of_row(decode, codes, enlarge(codes), mean, 1)
    expected = codes[1].clone()
    expected[:, 1, 2] = mean[:, 1, 2]
    assert torch.equal(decoded[0][2], expected)


def test_colour_axes_are_the_principal_components(codes):
    mean, axes, share = probing.colour_axes(codes)
    cells = codes.permute(0, 2, 3, 1).reshape(-1, 6).numpy()
    pca = PCA(3, svd_solver="full").fit(cells)
    assert share == pytest.approx(pca.explained_variance_ratio_.sum(), abs=1e-5)
    along = (cells - mean.numpy()) @ axes.numpy()
    assert along.std(0, ddof=1) == pytest.approx([1, 1, 1], abs=1e-4)
    expected = pca.transform(cells) / np.sqrt(pca.explained_variance_)
    signs = np.sign((along * expected).sum(0))
    assert along == pytest.approx(expected * signs, abs=1e-3)


def test_colours_are_grey_at_the_mean_and_full_at_two_and_a_half_deviations(codes):
    mean, axes, _ = probing.colour_axes(codes)
    at_mean = mean[:, None, None].expand(6, 2, 2)
    assert set(probing.as_colours(at_mean, mean, axes).flatten().tolist()) <= {127, 128}
    far = at_mean + 2.6 * torch.linalg.pinv(axes).T[:, :1, None]  # along the first axis alone
    assert probing.as_colours(far, mean, axes)[0, 0, 0] == 255
    assert set(probing.as_colours(far, mean, axes)[0, 0, 1:].tolist()) <= {127, 128}


@pytest.mark.parametrize("name", ["dog-ae", "dog-noise-0.15"])
def test_a_cell_of_a_trained_model_holds_mostly_its_own_place(name):
    """Against the picture itself: with the cell knocked out, its own block changes more than the average block."""
    ckpt = aemodels.load_checkpoint(name)
    z, mean = ckpt.codes[:2], ckpt.codes.mean(0)
    x_hat = ckpt.model.decode(z)
    without = z[:1].clone()
    without[0, :, 2, 5] = mean[:, 2, 5]
    change = (ckpt.model.decode(without) - x_hat[:1])[0]
    own = change[:, 32:48, 80:96].square().sum() / change.square().sum()
    assert probing.shares_by_distance(change, 2, 5, (8, 8))[0].item() == pytest.approx(own.item(), rel=1e-4)
    assert own > 1 / 64
