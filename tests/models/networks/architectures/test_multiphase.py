from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from samesplit.errors import ModelError
from samesplit.models.networks.architectures.build import build_network
from samesplit.models.networks.architectures.multiphase import CrossAttention, present_phases
from samesplit.models.networks.batch_norm import take_statistics
from samesplit.models.networks.explanation.grad_cam import class_activation_maps, explained_layer

METHODS = ["concatenation", "cross-attention", "mean"]


@pytest.fixture
def images():
    """Four lesions of three phases of three slices; the last lacks the middle phase."""
    images = torch.rand(4, 9, 16, 16, generator=torch.Generator().manual_seed(1))
    images[3, 3:6] = 0
    return images


@pytest.fixture
def build(tiny):
    def make(method="concatenation", *, classes=2, seed=0, **changes):
        torch.manual_seed(seed)
        settings = tiny(fusion={"method": method, **changes.pop("fusion", {})}, **changes)
        return build_network(settings, 9, classes=classes)

    return make


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("encoders", "classes"), [("separate", 2), ("shared", 3)])
def test_every_way_of_fusing_trains_all_its_parameters(build, images, method, encoders, classes):
    network = build(method, classes=classes, fusion={"encoders": encoders}).train()
    logits = network(images)
    logits.square().sum().backward()
    assert logits.shape == (4, 1 if classes == 2 else 3)
    assert len(network.encoders) == (3 if encoders == "separate" else 1)
    assert network.embed(images).shape == (4, 192 if method == "concatenation" else 64)
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize("method", METHODS)
def test_a_missing_phase_changes_nothing_but_what_stands_in_its_place(build, images, method):
    """Its encoder could give anything: no lesion's embedding hears of it."""
    network = build(method).eval()
    before = network.embed(images)
    with torch.no_grad():
        network.encoders[1].bn1.bias += 5
    after = network.embed(images)
    torch.testing.assert_close(after[3], before[3])
    assert not torch.allclose(after[0], before[0])


def test_the_mean_of_the_phases_is_that_of_those_that_are_there(build, images):
    network = build("mean").eval()
    each = [network.encoders[phase](images[:, 3 * phase : 3 * phase + 3]) for phase in range(3)]
    embedding = network.embed(images)
    torch.testing.assert_close(embedding[0], (each[0][0] + each[1][0] + each[2][0]) / 3)
    torch.testing.assert_close(embedding[3], (each[0][3] + each[2][3]) / 2)


def test_phases_are_side_by_side_in_their_order_with_a_learnt_vector_for_a_missing_one(build, images):
    network = build("concatenation").eval()
    with torch.no_grad():
        network.missing[1] = 7.0
    embedding = network.embed(images).unflatten(1, (3, 64))
    for phase in (0, 2):
        alone = network.encoders[phase](images[:, 3 * phase : 3 * phase + 3])
        torch.testing.assert_close(embedding[:, phase], alone)
    assert (embedding[3, 1] == 7).all()
    assert not (embedding[0, 1] == 7).any()


def test_attention_does_not_look_at_a_missing_phase():
    torch.manual_seed(2)
    attention = CrossAttention(3, 16, 4).eval()
    embeddings, present = torch.rand(2, 3, 16), torch.tensor([[True, True, True], [True, False, True]])
    before = attention(embeddings, present)
    changed = embeddings.clone()
    changed[:, 1] = changed[:, 1].flip(1)
    after = attention(changed, present)
    torch.testing.assert_close(after[1, [0, 2]], before[1, [0, 2]])
    assert not torch.allclose(after[0, [0, 2]], before[0, [0, 2]])


def test_the_maps_under_grad_cam_are_those_of_the_phases_in_their_order(build, images):
    network, seen = build().eval(), []
    network.target_layer().register_forward_hook(lambda layer, inputs, output: seen.append(output))
    embedding = network.embed(images)
    maps = seen[0]
    assert maps.shape == (4, 3 * 64, 1, 1)
    torch.testing.assert_close(maps.flatten(1)[:3], embedding[:3])
    assert (maps[3, 64:128] == 0).all()


def test_grad_cam_may_look_at_an_earlier_stage_of_all_phases(build, images):
    network = build().eval()
    assert network.map_layers()[0] is network.target_layer()
    layer = explained_layer(network, images[:1])
    assert layer == "stages.0"  # 16 pixels: no stage has 7 cells, and the first is the finest
    maps = class_activation_maps(network, images, layer, classes=2)
    assert maps.shape == (4, 2, 16, 16)
    assert maps.max() == 1


def test_only_lesions_that_have_a_phase_enter_its_batch_normalisation(build, images):
    whole, network = build().train(), build().train()
    whole.encoders[1](images[:3, 3:6])
    network(images)
    torch.testing.assert_close(network.encoders[1].bn1.running_mean, whole.encoders[1].bn1.running_mean)


def test_one_lesion_with_a_phase_in_a_batch_leaves_the_running_statistics_of_its_encoder(build, images):
    network = build().train()
    images[1:, 3:6] = 0
    network(images).sum().backward()
    assert (network.encoders[1].bn1.running_mean == 0).all()
    assert network.encoders[1].bn1.training


def test_phases_are_dropped_in_training_only_and_one_always_stays(build, images):
    network = build(fusion={"phase_dropout": 0.9})
    present = present_phases(images, 3)
    torch.manual_seed(0)
    drawn = torch.stack([network.train()._taken(present) for _ in range(50)])
    assert drawn.any(dim=2).all()
    assert not (drawn & ~present).any()
    assert 0 < drawn.float().mean() < present.float().mean()
    assert torch.equal(network.eval()._taken(present), present)


def test_a_network_for_one_phase_is_the_network_without_fusion(tiny, images):
    networks = []
    for fusion in (None, {"method": "mean"}):
        torch.manual_seed(4)
        networks.append(build_network(tiny(fusion=fusion), 3).eval())
    torch.testing.assert_close(networks[0](images[:, :3]), networks[1](images[:, :3]))


@pytest.mark.parametrize(
    ("channels", "fusion", "message"),
    [
        (6, {}, "made for 3 sequences and is given 2"),
        (8, {}, "8 channels are no whole number of sequences of 3 each"),
        (
            9,
            {"method": "cross-attention", "attention_heads": 5},
            "5 attention heads do not divide the 64 features",
        ),
    ],
)
def test_what_does_not_go_together_is_said(tiny, channels, fusion, message):
    with pytest.raises(ModelError, match=message):
        build_network(tiny(fusion=fusion, number_of_sequences=3 if channels == 6 else None), channels)


def test_every_encoder_starts_from_the_weights_that_are_given(tiny, tmp_path):
    settings = tiny(width=0.25, stem="standard", inputs={"view": "2d", "size": 32}, fusion={})
    given = build_network(settings.model_copy(update={"fusion": None}), 3).backbone
    path = tmp_path / "weights.pt"
    torch.save(given.state_dict(), path)
    network = build_network(settings, 2, weights=path)
    for encoder in network.encoders:
        assert torch.equal(encoder.layer4[0].conv1.weight, given.layer4[0].conv1.weight)
        torch.testing.assert_close(encoder.conv1.weight[:, 0], given.conv1.weight.sum(dim=1))


def test_lesions_that_lack_a_phase_are_learnt_from_and_predicted(tiny, make_fold):
    fold = make_fold(sequences=("N", "A"))
    lacking = fold.training.lesion_ids[0], fold.validation.lesion_ids[0]
    parts = []
    for cases in (fold.training, fold.validation):
        rows = cases.images
        gone = rows["lesion_id"].isin(lacking) & (rows["sequence"] == "A")
        parts.append(replace(cases, images=rows[~gone]))
    model = tiny(fusion={"method": "mean", "phase_dropout": 0.3}).build()
    model.fit(replace(fold, training=parts[0], validation=parts[1]))
    alone = replace(parts[1], images=parts[1].images[parts[1].images["sequence"] == "N"])
    predicted, without = model.predict(parts[1]), model.predict(alone)
    assert list(predicted.index) == fold.validation.lesion_ids
    assert predicted["probability"].iloc[0] == pytest.approx(without["probability"].iloc[0], abs=1e-6)
    assert not (predicted["probability"] - without["probability"]).iloc[1:].eq(0).any()


def test_statistics_are_taken_where_one_lesion_of_a_batch_has_a_phase_and_held_layers_stay_held(
    build, images
):
    """Of 16 pixels one is left in the last stage, of which batch normalisation can make nothing."""
    images[:3, 3:6] = 0
    images[3] = torch.rand(9, 16, 16, generator=torch.Generator().manual_seed(2))
    network = build("mean")
    take_statistics(network, [images])
    assert torch.equal(network.encoders[1].bn1.running_var, torch.ones(8))
    assert not torch.equal(network.encoders[0].bn1.running_var, torch.ones(8))
    network.train()
    network.encoders[1].bn1.eval()
    network(images)
    assert not network.encoders[1].bn1.training
    assert network.encoders[1].layer1[0].bn1.training
