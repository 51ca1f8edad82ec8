"""Frozen encoders as feature profiles: what the network is shown, what comes out, and what decides it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from pydantic import ValidationError

import samesplit as ss
from samesplit.errors import DeclarationError, LesionError, ModelError
from samesplit.features.engines.encoder import EncoderEngine
from samesplit.features.engines.encoder_embedding import embed, encoder_input
from samesplit.features.engines.encoder_settings import EncoderSettings
from samesplit.features.listing import profile_listing
from samesplit.features.profiles import Profile, read_profile
from samesplit.imaging.case import Case
from samesplit.pretrained.encoders.resnet import ResNetEncoder
from samesplit.source import closure
from samesplit.storage import hash_file
from samesplit.workspace import builtin_folder

ENGINE = EncoderEngine()
SMALL = {"network": "resnet10", "width": 0.125, "view": {"view": "3d", "size": 32, "scaling": "z-score"}}
PROFILE = """
engine: encoder
description: A small ResNet-18 in MedicalNet's layout.
settings:
  network: resnet18
  width: 0.125
  weights: weights/resnet_18.pth
  source: made for this test
  licence: none
  dilated: true
  view: {view: 3d, size: 32}
"""


def settings_of(**changes: Any) -> EncoderSettings:
    return EncoderSettings.model_validate({**SMALL, "weights": "random", **changes})


def profile_of(**changes: Any) -> Profile:
    return Profile("test", "encoder", "", "any", settings_of(**changes))


@pytest.fixture(scope="module")
def case() -> Case:
    """A bright ball of HU 100 in water, off the centre, in slices of 2 mm; brighter towards the left."""
    rng = np.random.default_rng(3)
    z, y, x = np.indices((24, 40, 40))
    ball = ((z - 12) * 2.0) ** 2 + (y - 22.0) ** 2 + (x - 18.0) ** 2 <= 81
    hu = np.where(ball, 100.0, 0.0) + x + rng.normal(0, 5, ball.shape)
    image, mask = (sitk.GetImageFromArray(array) for array in (hu.astype(np.float32), ball.astype(np.uint8)))
    for volume in (image, mask):
        volume.SetSpacing((1.0, 1.0, 2.0))
    return Case(image, mask)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile beside weights in MedicalNet's layout."""
    folder = tmp_path_factory.mktemp("features")
    (folder / "weights").mkdir()
    torch.manual_seed(11)
    state = ResNetEncoder("resnet18", width=0.125, shortcut_type="A").body.state_dict()
    torch.save(
        {"state_dict": {f"module.{name}": value for name, value in state.items()}},
        folder / "weights" / "resnet_18.pth",
    )
    (folder / "small.yaml").write_text(PROFILE)
    return folder


def test_the_features_are_the_pooled_feature_map_of_the_last_stage(case, folder):
    profile = read_profile(folder / "small.yaml")
    values = ENGINE.extract(case, profile)
    assert list(values) == [info.feature for info in ENGINE.catalogue(profile.settings)]
    assert next(iter(values)) == "encoder_0000"
    assert len(values) == profile.settings.embedding == 64
    encoder = ResNetEncoder("resnet18", width=0.125, shortcut_type="A", dilated=True).eval()
    state = torch.load(folder / "weights" / "resnet_18.pth", weights_only=True)["state_dict"]
    encoder.body.load_state_dict({name.removeprefix("module."): value for name, value in state.items()})
    with torch.no_grad():
        stage = encoder(torch.from_numpy(encoder_input(case, profile.settings))[None])
    expected = stage.double().mean((2, 3, 4))[0].numpy()
    np.testing.assert_allclose(list(values.values()), expected, rtol=1e-5, atol=1e-7)
    assert np.std(expected) > 0
    told = {step.step: step.done for step in values.steps}
    digest = hash_file(folder / "weights" / "resnet_18.pth")
    assert told["weights"] == f"resnet_18.pth, SHA-256 {digest}, layout medicalnet"


def test_the_same_lesion_has_the_same_features_bit_for_bit_on_any_number_of_threads(case):
    before, found = torch.get_num_threads(), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(embed(case, settings_of())[0])
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    assert np.array_equal(*found)


def test_the_largest_value_is_pooled_where_it_is_asked_for(case):
    average, largest = (embed(case, settings_of(pooling=pooling))[0] for pooling in ("average", "max"))
    assert (largest >= average).all()
    assert settings_of(pooling="max").decides() != settings_of().decides()


def test_a_window_becomes_the_two_intensities_and_outside_the_image_lies_its_lower_end(case):
    shown = encoder_input(
        case,
        settings_of(
            window=[0, 200],
            intensities=[0, 1],
            view={"view": "3d", "size": 48, "field_mm": 48, "scaling": "none"},
        ),
    )
    assert shown.shape == (1, 48, 48, 48)
    # The field is 48 mm and the image 40 x 40 mm: in its corner lies air.
    assert shown[0, 0, 0, 0] == 0
    hu = sitk.GetArrayFromImage(case.image)
    assert shown[0, 24, 24, 24] == pytest.approx(hu[12, 22, 18] / 200, abs=0.06)


def test_percentiles_become_the_two_intensities(case):
    view = {"view": "2d", "size": 32, "scaling": "percentile", "percentiles": [0, 100]}
    shown = encoder_input(case, settings_of(view=view, intensities=[0, 255]))
    assert shown.shape == (1, 32, 32)
    assert 0 <= shown.min() < 60 < 200 < shown.max() <= 255


def test_axes_follow_the_patient(case):
    spl, ras = (encoder_input(case, settings_of(axes=axes))[0] for axes in ("SPL", "RAS"))
    # From S, P, L to R, A, S: the axes in another order, left and back turned to right and front.
    np.testing.assert_array_equal(ras, spl.transpose(2, 1, 0)[::-1, ::-1, :])
    assert ras[:8].mean() > ras[-8:].mean()  # brighter towards the left, where R begins


def test_a_grey_image_is_given_in_every_channel_of_a_network_for_photographs(case):
    view = {"view": "2d", "size": 32, "scaling": "percentile"}
    plain = encoder_input(case, settings_of(view=view, intensities=[0, 1]))[0]
    shown = encoder_input(
        case, settings_of(view=view, intensities=[0, 1], mean=[0.5, 0.4, 0.3], sd=[0.2, 0.2, 0.1])
    )
    np.testing.assert_allclose(
        shown, [(plain - 0.5) / 0.2, (plain - 0.4) / 0.2, (plain - 0.3) / 0.1], rtol=1e-5
    )
    assert len(embed(case, settings_of(view=view, intensities=[0, 1], mean=[0.5] * 3, sd=[0.2] * 3))[0]) == 64


def test_by_default_the_surroundings_are_seen_and_on_request_the_lesion_alone(case):
    box = encoder_input(case, settings_of())[0]
    alone = encoder_input(case, settings_of(view=SMALL["view"] | {"mask_background": True}))[0]
    assert (box[0, 0] != 0).any()
    assert (alone[0, 0] == 0).all()


def test_a_view_may_match_histograms_and_the_sequence_matched_to_stays_as_it_is(case):
    view = SMALL["view"] | {"histogram_matching": {"reference": "T1C"}, "scaling": "none"}
    settings = settings_of(view=view)
    assert settings.matching_reference() == "T1C"
    with pytest.raises(LesionError, match="no T1C image to match"):
        encoder_input(case, settings)
    brighter = replace(case, matching_reference=sitk.Cast(case.image * 3 + 50, sitk.sitkFloat32))
    itself = replace(case, matching_reference=case.image)
    plain = encoder_input(case, settings_of(view=SMALL["view"] | {"scaling": "none"}))
    np.testing.assert_array_equal(encoder_input(itself, settings), plain)
    inside = plain[0, 10:22, 10:22, 10:22]
    matched = encoder_input(brighter, settings)[0, 10:22, 10:22, 10:22]
    assert matched.mean() == pytest.approx(3 * inside.mean() + 50, rel=0.05)


@pytest.mark.parametrize(("regime", "surroundings"), [("box", True), ("lesion", False)])
def test_the_mask_regime_is_the_views(case, regime, surroundings):
    shown = encoder_input(case, settings_of(view=SMALL["view"] | {"mask": regime}))[0]
    assert (shown[0, 0] != 0).any() == surroundings


def test_random_weights_are_named_so_and_follow_their_seed(case):
    values = ENGINE.extract(case, profile_of(seed=4))
    assert {step.step: step.done for step in values.steps}["weights"] == "random (seed 4)"
    listing = profile_listing(profile_of())
    assert set(listing["family"]) == {"encoder with random weights"}
    assert values == ENGINE.extract(case, profile_of(seed=4))
    assert values != ENGINE.extract(case, profile_of(seed=5))


def test_the_content_of_the_weights_decides_the_digest_and_their_name_does_not(folder, tmp_path):
    first = read_profile(folder / "small.yaml").digest()
    (tmp_path / "weights").mkdir()
    moved = tmp_path / "weights" / "other-name.pth"
    moved.write_bytes((folder / "weights" / "resnet_18.pth").read_bytes())
    text = PROFILE.replace("resnet_18.pth", "other-name.pth").replace("licence: none", "licence: MIT")
    (tmp_path / "small.yaml").write_text(text)
    assert read_profile(tmp_path / "small.yaml").digest() == first
    state = torch.load(moved, weights_only=True)
    state["state_dict"]["module.conv1.weight"] += 1
    torch.save(state, moved)
    assert read_profile(tmp_path / "small.yaml").digest() != first


def test_a_profile_without_its_weights_is_listed_and_only_refuses_to_be_used(folder, tmp_path, case):
    (tmp_path / "small.yaml").write_text(PROFILE)
    profile = read_profile(tmp_path / "small.yaml")
    assert len(profile_listing(profile)) == 64
    with pytest.raises(DeclarationError, match="do not exist") as caught:
        ss.extract(case.image, case.mask, profile=tmp_path / "small.yaml")
    assert "made for this test" in caught.value.remedy


def test_another_file_than_the_declared_one_is_refused(folder, case, tmp_path):
    digest = hash_file(folder / "weights" / "resnet_18.pth")
    for declared, fits in ((digest, True), ("0" * 64, False)):
        path = folder / "declared.yaml"
        path.write_text(PROFILE + f"  sha256: '{declared}'\n")
        if fits:
            assert len(ss.extract(case.image, case.mask, profile=path)) == 64
        else:
            with pytest.raises(DeclarationError, match=f"have the SHA-256 {digest}, not 0000"):
                ss.extract(case.image, case.mask, profile=path)


def test_weights_of_another_network_name_what_does_not_fit(folder, case):
    profile = read_profile(folder / "small.yaml")
    deeper = profile.settings.model_copy(update={"network": "resnet34"})
    deeper.came_from(folder)
    with pytest.raises(ModelError, match=r"missing: layer1\.2"):
        ENGINE.extract(case, replace(profile, settings=deeper))
    with pytest.raises(ModelError, match=r"missing: layer1\.2"):  # before any lesion is opened
        deeper.check_ready("the profile 'deeper'")


def test_a_lesion_that_the_network_cannot_take_costs_itself(case, monkeypatch):
    def too_small(*_: Any) -> None:
        raise RuntimeError("Expected more than 1 spatial element")

    monkeypatch.setattr(ResNetEncoder, "forward", too_small)
    with pytest.raises(LesionError, match="cannot take an input of 32 voxels a side"):
        ENGINE.extract(case, profile_of())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": "a.pt"}, "need 'source' and 'licence'"),
        ({"sha256": "0" * 64}, "random weights have neither"),
        ({"layout": "medcalnet"}, "must be one of torchvision"),
        ({"sha256": "abc"}, "sha256"),
        ({"network": "nnunet", "features": 320}, "cannot be random"),
        ({"network": "resnet18", "features": 320}, "'features' is needed by nnunet"),
        ({"network": "unet3d", "view": {"view": "2d", "size": 64}}, "takes cubes"),
        ({"network": "unet3d", "dilated": True}, "goes with ResNets"),
        (
            {"network": "swin-unetr", "view": {"view": "3d", "size": 48}},
            "a multiple of 32 for swin-unetr, not 48",
        ),
        ({"view": {"view": "3d", "windows": {"CT": [0, 1]}}}, "stands under 'window'"),
        ({"view": {"view": "3d", "mask_channel": True}}, "no channel for the mask"),
        ({"view": {"view": "3d", "grid": "first"}}, "can only be own"),
        ({"window": [0, 1], "view": {"view": "3d", "bias_correction": {}}}, "take away"),
        ({"axes": "SPP"}, "must name one of S and I"),
        ({"view": {"view": "2d"}, "axes": "RAS"}, "goes with cubes"),
        ({"window": [100, -100]}, "must rise"),
        ({"intensities": [0, 1]}, "goes with a window"),
        ({"mean": [0.5]}, "a number for each channel"),
        ({"mean": [0.5], "sd": [1], "view": {"view": "2.5d"}}, "a view of one image"),
    ],
)
def test_what_cannot_be_is_refused_in_plain_words(changes, message):
    with pytest.raises(ValidationError, match=message):
        settings_of(**changes)


@pytest.mark.parametrize("name", ["medicalnet-resnet18", "fmcib", "radimagenet-resnet50", "ct-fm"])
def test_the_profiles_of_published_weights_can_be_listed(name):
    profile = read_profile(builtin_folder() / "features" / f"{name}.yaml")
    expected = {"medicalnet-resnet18": 512, "fmcib": 4096, "radimagenet-resnet50": 2048, "ct-fm": 512}
    assert len(profile_listing(profile)) == expected[name]
    assert not profile.settings.is_random


def test_settings_and_catalogue_know_no_torch():
    modules = closure("samesplit.features.engines.encoder_settings")
    assert "samesplit.pretrained.layouts" in modules
    assert not {"samesplit.pretrained.files", "samesplit.pretrained.weights"} & set(modules)
