from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from small_trainings import Stop, build, colour_images, same, train, weights

from aemodels.data.mnist import load_mnist, load_mnist_test_digits
from aemodels.errors import ConfigError
from aemodels.models.config import TrainConfig
from aemodels.quality.metrics import evaluate
from aemodels.training import compiling, loop
from aemodels.training.augment import random_flip, random_shift, random_warp
from aemodels.training.loop import fit, schedule, start, update_ema
from aemodels.training.resuming import load_state, save_state

BRIEF = TrainConfig(epochs=3, batch_size=16, learning_rate=2e-3)


@pytest.fixture(scope="module")
def digits():
    return load_mnist_test_digits()[0][:64]


def losses(state):
    return [epoch["reconstruction"] for epoch in state.history]


def test_the_loss_falls_on_digits(mlp_config, digits):
    config = TrainConfig(epochs=80, batch_size=64, learning_rate=2e-2, ema_decay=0.8)
    state = train(replace(mlp_config, widths=(64,), latent_shape=(8,)), digits, config)
    assert losses(state)[-1] < 0.5 * losses(state)[0]
    # Better than the best single image, which is the mean of them all.
    mean_image = digits.float().mean(0) / 255
    error = ((digits / 255 - mean_image) ** 2).flatten(1).mean(1)
    assert evaluate(state.ema.eval(), digits)["psnr_db"] > (10 * torch.log10(1 / error)).mean().item() + 0.7


@pytest.mark.parametrize(("variant", "epochs"), [("plain", 80), ("noisy-code", 30)])
def test_the_loss_falls_on_colour_images(conv_config, variant, epochs):
    config = TrainConfig(epochs=epochs, batch_size=8, learning_rate=1e-2, flips=True)
    model_config = replace(
        conv_config, variant=variant, settings={"noise_variance": 0.1} if variant == "noisy-code" else {}
    )
    state = train(model_config, colour_images(16), config)
    assert losses(state)[-1] < 0.3 * losses(state)[0]


def test_two_thousand_real_digits_teach_more_than_their_mean(mlp_config, data_folder):
    images = load_mnist(data_folder, train=True)[0][:2000]
    config = TrainConfig(epochs=2, batch_size=40, learning_rate=1e-2, ema_decay=0.8)
    state = train(replace(mlp_config, widths=(128,), latent_shape=(16,)), images, config)
    test = load_mnist(data_folder, train=False)[0][:200]
    error = ((test / 255 - images.float().mean(0) / 255) ** 2).flatten(1).mean(1)
    assert evaluate(state.ema.eval(), test)["psnr_db"] > (10 * torch.log10(1 / error)).mean().item() + 0.7


def test_the_same_seed_gives_the_same_weights_to_the_bit(conv_config):
    config = replace(BRIEF, flips=True, seed=1)
    noisy = replace(conv_config, variant="noisy-code", settings={"noise_variance": 0.1})
    first = train(noisy, colour_images(32), config)
    torch.manual_seed(99)
    torch.rand(5)  # the global generator has no say
    second = train(noisy, colour_images(32), config)
    assert same(weights(first.model), weights(second.model))
    assert same(weights(first.ema), weights(second.ema))
    other = train(noisy, colour_images(32), replace(config, seed=2))
    assert not same(weights(first.model), weights(other.model))


def test_epochs_are_shuffled_differently_and_hold_each_image_once(mlp_config):
    images = torch.arange(12, dtype=torch.uint8).view(12, 1, 1, 1).expand(12, 1, 28, 28).contiguous() * 20
    model = build(mlp_config)
    seen = []
    model.encoder.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0][:, 0, 0, 0].clone()))
    config = TrainConfig(epochs=3, batch_size=4, learning_rate=1e-3)
    fit(start(model, config, "cpu"), images, config)
    epochs = torch.cat(seen).view(3, 12)
    for epoch in epochs:
        np.testing.assert_allclose(epoch.sort().values, np.arange(12) * 20 / 255, rtol=1e-6)
    assert not torch.equal(epochs[0], epochs[1])
    assert not torch.equal(epochs[1], epochs[2])


@pytest.mark.release
@pytest.mark.parametrize(("network", "backend"), [("mlp", "inductor"), ("refined", "aot_eager")])
def test_compiled_networks_learn_the_same_under_the_same_names(mlp_config, conv_config, network, backend, monkeypatch):
    """Of the many graphs of a refined network, PyTorch's own kernels run each: a C++ compiler would take minutes."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    refined = replace(conv_config, corrector_depths=(1, 1), refiner_depth=1, refiner_steps=2)
    config = {"mlp": replace(mlp_config, widths=(16,)), "refined": refined}[network]
    images = torch.randint(0, 256, (32, *config.image_shape), dtype=torch.uint8)
    plain = train(config, images, BRIEF)
    state = start(build(config), BRIEF, "cpu")
    compiling.compile_networks(state.model)
    fit(state, images, BRIEF)
    assert state.model.state_dict().keys() == plain.model.state_dict().keys()
    expected = [epoch["reconstruction"] for epoch in plain.history]
    assert [epoch["reconstruction"] for epoch in state.history] == pytest.approx(expected, rel=0.01)
    assert expected[-1] < expected[0]


@pytest.mark.release
def test_a_network_is_compiled_for_its_own_shapes_after_another_one(mlp_config, monkeypatch):
    """PyTorch takes what differs between two for what may vary, compiles for all values of it, and takes many times as long."""
    inputs = []

    def backend(graph, examples):
        inputs.extend(examples)
        return graph.forward

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    for side in (28, 20):
        config = replace(mlp_config, image_shape=(1, side, side))
        state = start(build(config), BRIEF, "cpu")
        compiling.compile_networks(state.model)
        fit(state, torch.zeros(32, *config.image_shape, dtype=torch.uint8), replace(BRIEF, epochs=1))
    assert inputs
    assert not [value for value in inputs if isinstance(value, torch.SymInt)]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")
def test_a_recorded_step_learns_the_same_to_the_bit(conv_config, monkeypatch):
    model_config = replace(
        conv_config,
        variant="noisy-code",
        settings={"noise_variance": 0.1},
        corrector_depths=(1, 1),
        refiner_depth=1,
        refiner_steps=2,
    )
    config = replace(BRIEF, epochs=6, flips=True, shift_px=2, warp_px=0.5, refine_from=0.5)

    def learn():
        return fit(start(build(model_config), config, "cuda"), colour_images(64), config)

    recorded = learn()
    monkeypatch.setattr(loop, "CudaGraph", lambda function, generator: function)
    assert same(weights(recorded.model), weights(learn().model))


@pytest.mark.parametrize("stop_after", [1, 3])
def test_training_resumed_from_a_file_ends_on_the_same_bits(conv_config, tmp_path, stop_after):
    model_config = replace(
        conv_config, variant="denoising", settings={"noise_factor": 0.2}, refiner_depth=1, refiner_steps=1
    )
    config = TrainConfig(
        epochs=4, batch_size=8, learning_rate=2e-3, weight_decay=0.01, flips=True, ema_decay=0.9, refine_from=0.5
    )
    images = colour_images(28)  # three steps an epoch, four images left over
    whole = train(model_config, images, config)

    def stop(state):
        if state.epoch == stop_after:
            save_state(tmp_path / "state.pt", state.state_dict())
            raise Stop

    with pytest.raises(Stop):
        train(model_config, images, config, on_epoch=stop)
    resumed = start(build(model_config, seed=123), config, "cpu")
    resumed.load_state_dict(load_state(tmp_path / "state.pt"))
    assert (resumed.epoch, resumed.step) == (stop_after, 3 * stop_after)
    fit(resumed, images, config)
    assert same(weights(resumed.model), weights(whole.model))
    assert same(weights(resumed.ema), weights(whole.ema))
    assert (resumed.epoch, resumed.step, resumed.finished) == (4, 12, True)

    def without_time(history):
        return [{key: value for key, value in epoch.items() if key != "seconds"} for epoch in history]

    assert without_time(resumed.history) == without_time(whole.history)


def test_wall_time_goes_on_after_resuming(mlp_config, digits, clock):
    def two_seconds(state, num_images, loss):
        clock.now += 2

    config = replace(BRIEF, epochs=1, batch_size=32)
    state = start(build(mlp_config), config, "cpu")
    state.seconds = 100.0
    fit(state, digits, config, on_step=two_seconds)
    assert 102 <= state.seconds <= 104


@pytest.mark.parametrize(
    ("ema_decay", "decays"),
    [
        (0.1, [0.1, 0.1, 0.1]),
        (0.0, [0, 0, 0]),
        (0.999, [2 / 11, 3 / 12, 4 / 13]),  # early on (1 + step) / (10 + step), so that the first weights are forgotten
    ],
)
def test_the_moving_average_follows_its_formula(mlp_config, digits, ema_decay, decays):
    config = TrainConfig(epochs=1, batch_size=16, learning_rate=1e-2, ema_decay=ema_decay)
    trace = []
    state = start(build(mlp_config), config, "cpu")
    expected = {key: weight.double() for key, weight in weights(state.model).items()}
    fit(state, digits[:48], config, on_step=lambda state, *_: trace.append((weights(state.model), weights(state.ema))))
    assert len(trace) == 3
    for decay, (model, ema) in zip(decays, trace, strict=True):
        for key in expected:
            expected[key] = decay * expected[key] + (1 - decay) * model[key].double()
            torch.testing.assert_close(ema[key].double(), expected[key], atol=1e-6, rtol=1e-5)
    if ema_decay:
        assert not same(*trace[-1])


def test_update_ema_is_a_weighted_mean():
    average, model = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    expected = 0.75 * average.weight.detach() + 0.25 * model.weight.detach()
    update_ema(average, model, 0.75)
    torch.testing.assert_close(average.weight.detach(), expected)


def test_the_average_starts_apart_from_the_model_and_takes_no_gradients(mlp_config):
    state = start(build(mlp_config), BRIEF, "cpu")
    assert same(weights(state.model), weights(state.ema))
    assert not any(parameter.requires_grad for parameter in state.ema.parameters())
    assert all(parameter.requires_grad for parameter in state.model.parameters())
    shared = {p.data_ptr() for p in state.model.parameters()} & {p.data_ptr() for p in state.ema.parameters()}
    assert not shared


@pytest.mark.parametrize("warmup", [0.05, 0.3])
def test_the_schedule_rises_peaks_at_one_and_ends_at_zero(warmup):
    progress = np.linspace(0, 1, 1001)
    share = np.array([schedule(p, warmup) for p in progress])
    peak = round(1000 * warmup)
    assert 0 < share[0] < 0.05
    assert (np.diff(share[: peak + 1]) > 0).all()
    assert share[peak] == share.max() == pytest.approx(1, abs=1e-3)
    assert (np.diff(share[peak:]) < 0).all()
    assert share[-1] == pytest.approx(0, abs=1e-9)
    assert schedule(warmup + (1 - warmup) / 2, warmup) == pytest.approx(0.5)  # half a cosine
    assert schedule(warmup / 2, warmup) == pytest.approx(0.5, abs=0.02)  # a straight line


def test_without_warmup_the_schedule_starts_at_its_peak():
    assert schedule(0, 0) == pytest.approx(1)
    assert schedule(1, 0) == pytest.approx(0)


def test_fit_follows_the_schedule(mlp_config, digits):
    config = TrainConfig(epochs=5, batch_size=16, learning_rate=3e-3, warmup=0.2)
    rates = []

    def note(state, *_):
        rates.append([group["lr"] for optimiser in state.optimisers for group in optimiser.param_groups])

    train(mlp_config, digits, config, on_step=note)
    expected = [3e-3 * schedule(step / 20, 0.2) for step in range(20)]
    np.testing.assert_allclose(rates, np.transpose([expected, expected]))


def test_a_time_limit_that_has_passed_ends_training_within_a_step(mlp_config, digits):
    calls = []

    def count(state):
        calls.append(state.step)
        assert len(calls) < 5, "training does not end"

    state = train(mlp_config, digits, replace(BRIEF, minutes=1e-6), on_epoch=count)
    assert state.finished
    assert state.step <= 1


@pytest.mark.parametrize("passes_in", ["on_step", "on_epoch"])
def test_a_time_limit_ends_training_wherever_it_passes(mlp_config, digits, clock, passes_in):
    calls = []

    def on_step(state, num_images, loss):
        if passes_in == "on_step" and state.step == 6:
            clock.now += 61

    def on_epoch(state):
        calls.append(state.step)
        assert len(calls) < 5, "training does not end"
        if passes_in == "on_epoch" and state.epoch == 1:
            clock.now += 61

    state = train(mlp_config, digits, replace(BRIEF, epochs=3, minutes=1), on_step=on_step, on_epoch=on_epoch)
    assert state.finished
    assert state.step == {"on_step": 6, "on_epoch": 4}[passes_in]
    assert calls[-1] == state.step
    assert [epoch["step"] for epoch in state.history] == {"on_step": [4, 6], "on_epoch": [4]}[passes_in]
    assert state.history[-1]["epoch"] == {"on_step": 1.5, "on_epoch": 1}[passes_in]


def test_the_learning_rate_follows_the_clock_where_that_is_further_on(mlp_config, digits, clock):
    rates = []

    def six_seconds(state, num_images, loss):
        rates.append(state.optimisers[0].param_groups[0]["lr"])
        clock.now += 6

    config = TrainConfig(epochs=100, batch_size=16, learning_rate=1e-3, minutes=1, warmup=0)
    state = train(mlp_config, digits, config, on_step=six_seconds)
    assert state.finished
    assert state.step == 10
    np.testing.assert_allclose(rates, [1e-3 * schedule(i / 10, 0) for i in range(10)], rtol=1e-6)


def test_a_generous_time_limit_changes_nothing(mlp_config, digits, clock):
    first = train(mlp_config, digits, BRIEF)
    second = train(mlp_config, digits, replace(BRIEF, minutes=1000))
    assert second.finished
    assert same(weights(first.model), weights(second.model))


def test_weight_decay_shrinks_matrices_alone(conv_config):
    config = replace(BRIEF, learning_rate=0.1, weight_decay=0.5)
    state = start(build(conv_config), config, "cpu")
    for parameter in state.model.parameters():
        parameter.data += 0.1
        parameter.grad = torch.zeros_like(parameter)  # so that decay is all that a step does
    before = weights(state.model)
    for optimiser in state.optimisers:
        optimiser.step()
    after = weights(state.model)
    kinds = set()
    for key in before:
        decays = before[key].ndim == 2
        torch.testing.assert_close(after[key], before[key] * (0.95 if decays else 1))
        kinds.add((decays, before[key].ndim))
    assert kinds == {(False, 1), (True, 2)}


def test_weight_decay_shortens_the_weights(mlp_config, digits):
    def length(weight_decay):
        config = replace(BRIEF, epochs=3, learning_rate=1e-2, weight_decay=weight_decay)
        model = train(mlp_config, digits, config).model
        return sum(p.square().sum() for p in model.parameters() if p.ndim > 1).sqrt().item()

    assert length(1.0) < 0.97 * length(0.0)


def test_codes_are_refined_from_the_share_of_training_asked_for(conv_config):
    model_config = replace(conv_config, refiner_depth=1, refiner_steps=2)
    config = TrainConfig(epochs=4, batch_size=16, learning_rate=5e-3, refine_from=0.5)
    fresh = weights(build(model_config))
    refiner_learnt = []

    def on_step(state, num_images, loss):
        now = weights(state.model)
        refiner_learnt.append(
            any(not torch.equal(now[k], fresh[k]) for k in now if k.startswith("refinement.refiner."))
        )

    state = train(model_config, colour_images(64), config, on_step=on_step)
    assert refiner_learnt == [False] * 8 + [True] * 8
    assert not [name for name, weight in weights(state.ema).items() if torch.equal(weight, fresh[name])]


def test_random_flip_mirrors_about_half_of_the_images():
    x = torch.rand(2000, 1, 2, 3, generator=torch.Generator().manual_seed(0))
    flipped = random_flip(x, torch.Generator().manual_seed(1))
    is_mirrored = (flipped == x.flip(3)).flatten(1).all(1)
    is_untouched = (flipped == x).flatten(1).all(1)
    assert (is_mirrored ^ is_untouched).all()
    assert 0.45 < is_mirrored.float().mean() < 0.55
    assert torch.equal(flipped, random_flip(x, torch.Generator().manual_seed(1)))
    assert not torch.equal(flipped, random_flip(x, torch.Generator().manual_seed(2)))


def test_a_shifted_image_is_a_window_of_the_mirrored_one():
    x = torch.arange(64 * 3 * 6 * 8).view(64, 3, 6, 8)
    shifted = random_shift(x, 2, torch.Generator().manual_seed(1))
    wide = torch.nn.functional.pad(x.float(), (2, 2, 2, 2), mode="reflect").long()  # (64, 3, 10, 12)
    seen = set()
    for whole, image in zip(wide, shifted, strict=True):
        windows = [
            (dy, dx) for dy in range(5) for dx in range(5) if torch.equal(whole[:, dy : dy + 6, dx : dx + 8], image)
        ]
        assert len(windows) == 1
        seen |= set(windows)
    assert {dy for dy, _ in seen} == {dx for _, dx in seen} == {0, 1, 2, 3, 4}
    assert torch.equal(shifted, random_shift(x, 2, torch.Generator().manual_seed(1)))


def test_half_of_the_images_are_bent_by_about_as_many_pixels_as_asked():
    """Of a ramp, whose value is the place, the change is the movement."""
    x = torch.linspace(0, 1, 32).expand(400, 1, 32, 32)
    warped = random_warp(x, 0.5, torch.Generator().manual_seed(1))
    is_bent = (warped != x).flatten(1).any(1)
    assert 0.4 < is_bent.float().mean() < 0.6
    moved_px = 31 * (warped - x)[is_bent][:, 0, 8:24, 8:24]  # far from the edge, where black moves in
    assert 0.3 < moved_px.std() < 0.6
    assert abs(moved_px.mean()) < 0.05
    assert (warped[:, :, 8:24, 8:24].diff(dim=3) > 0).all()  # smooth: no pixel overtakes its neighbour
    assert torch.equal(warped, random_warp(x, 0.5, torch.Generator().manual_seed(1)))


def test_a_warp_of_nothing_changes_nothing():
    x = torch.rand(8, 1, 28, 28)
    torch.testing.assert_close(random_warp(x, 0.0, torch.Generator().manual_seed(1)), x)


@pytest.mark.parametrize("change", [{}, {"shift_px": 3}, {"warp_px": 1.0}])
def test_images_are_shifted_and_bent_only_where_asked(conv_config, change):
    images = colour_images(16)
    model = build(conv_config)
    seen = []
    model.encoder.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0].clone()))
    config = TrainConfig(epochs=1, batch_size=16, learning_rate=1e-3, **change)
    fit(start(model, config, "cpu"), images, config)
    known = {image.numpy().tobytes() for image in images}
    num_known = sum((image * 255).round().byte().contiguous().numpy().tobytes() in known for image in seen[0])
    assert (num_known < 16) == bool(change)


def test_a_shift_as_long_as_the_image_is_refused(conv_config):
    config = TrainConfig(epochs=1, batch_size=16, learning_rate=1e-3, shift_px=32)
    with pytest.raises(ConfigError, match="32 pixels is too long"):
        fit(start(build(conv_config), config, "cpu"), colour_images(16), config)


@pytest.mark.parametrize("flips", [False, True])
def test_images_are_flipped_only_where_asked(conv_config, flips):
    images = colour_images(16)
    model = build(conv_config)
    seen = []
    model.encoder.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0].clone()))
    config = TrainConfig(epochs=1, batch_size=16, learning_rate=1e-3, flips=flips)
    fit(start(model, config, "cpu"), images, config)
    known = {image.numpy().tobytes() for image in images}
    num_known = sum((image * 255).round().byte().contiguous().numpy().tobytes() in known for image in seen[0])
    assert (num_known < 16) == flips
    assert num_known > 0


def test_fewer_images_than_a_batch_make_one_step_an_epoch(mlp_config, digits):
    sizes = []
    config = TrainConfig(epochs=3, batch_size=64, learning_rate=1e-3)
    state = train(mlp_config, digits[:5], config, on_step=lambda state, num_images, loss: sizes.append(num_images))
    assert sizes == [5, 5, 5]
    assert (state.step, state.epoch, state.finished) == (3, 3, True)


def test_no_images_are_refused(mlp_config, digits):
    with pytest.raises(ConfigError, match="0 images are too few"):
        train(mlp_config, digits[:0], BRIEF)


def test_history_tells_each_epochs_mean_loss(mlp_config, digits):
    config = TrainConfig(epochs=2, batch_size=16, learning_rate=1e-3)
    totals = []
    model_config = replace(mlp_config, variant="code-l2", settings={"code_l2": 0.1})
    state = train(model_config, digits, config, on_step=lambda state, n, loss: totals.append(loss.item()))
    assert [(e["epoch"], e["step"]) for e in state.history] == [(1, 4), (2, 8)]
    for epoch, steps in zip(state.history, (totals[:4], totals[4:]), strict=True):
        assert epoch["reconstruction"] + epoch["code_l2"] == pytest.approx(np.mean(steps), rel=1e-5)
        assert epoch["seconds"] >= 0


def test_on_epoch_is_called_after_each_epoch_and_told_of_the_last(mlp_config, digits):
    calls = []
    train(mlp_config, digits, BRIEF, on_epoch=lambda state: calls.append((state.epoch, state.finished)))
    assert calls == [(1, False), (2, False), (3, True)]
