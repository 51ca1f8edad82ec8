"""A network in training: its steps, the moving average of its weights, and its history."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from samesplit.models.networks.batch_norm import take_statistics
from samesplit.models.networks.batches import Batch
from samesplit.models.networks.fine_tuning import FineTuning
from samesplit.models.networks.not_finite import check_finite
from samesplit.models.networks.schedule import History, TrainingPlan, learning_rate
from samesplit.models.networks.training_settings import TrainingSettings

__all__ = ["Averaging", "Learner"]

AVERAGE_EVERY = 4
"""The average of the weights follows in every so many steps, and before each validation: of a large network, to
follow in every step would cost a tenth of the step."""
Tensors = list[Tensor] | tuple[Tensor, ...]


class Learner(pl.LightningModule):
    """A network and everything that its training depends on; a kind of task says what is minimised.

    All that a later round depends on is in the weights, their average, the optimiser, the seed and `history`, and
    all of it is in the checkpoint.

    Args:
        network: Takes a batch of inputs.
        settings: Optimiser, schedule and so on.
        plan: How long, and when it is validated.
        seed: Of what the network draws while it trains (dropout).
        statistics: Batches of the training part without augmentation, for the statistics of batch normalisation.
    """

    def __init__(
        self,
        network: nn.Module,
        settings: TrainingSettings,
        plan: TrainingPlan,
        *,
        seed: int,
        statistics: DataLoader[Batch] | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.settings = settings
        self.plan = plan
        self.seed = seed
        self.statistics = statistics
        self.fine_tuning = FineTuning(network, settings)
        self.average: AveragedModel | None = None
        if settings.weight_average is not None:
            self.averaging = Averaging(settings.weight_average)
            self.average = AveragedModel(network, multi_avg_fn=self.averaging)
            self.average.requires_grad_(False)
        self.history: History = []
        self._trained: list[tuple[Tensor, Tensor]] = []
        self._judged: list[tuple[Tensor, Tensor, Tensor]] = []

    @abstractmethod
    def losses(self, outputs: Tensor, labels: Tensor, *, training: bool) -> Tensor:
        """Compute the loss of each lesion, shape (batch,)."""

    @abstractmethod
    def scores(self, outputs: Tensor, labels: Tensor) -> dict[str, float]:
        """Compute what is written down of the validation part besides its loss."""

    @property
    def shown(self) -> nn.Module:
        """The network that is validated and kept: with averaged weights, or as it is."""
        averaged: nn.Module = self.network if self.average is None else self.average.module
        return averaged

    def forward(self, images: Tensor) -> Tensor:
        """Return the outputs of the network that is trained."""
        outputs: Tensor = self.network(images)
        return outputs

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW, or SGD with Nesterov momentum."""
        given, tuned = self.settings, self.fine_tuning
        groups = [{"params": tuned.body, "lr": given.learning_rate}]
        if tuned.head:
            groups.append({"params": tuned.head, "lr": given.learning_rate * given.head_learning_rate})
        if given.optimiser == "adamw":
            return torch.optim.AdamW(groups, lr=given.learning_rate, weight_decay=given.weight_decay)
        return torch.optim.SGD(
            groups,
            lr=given.learning_rate,
            momentum=given.momentum,
            nesterov=given.momentum > 0,
            weight_decay=given.weight_decay,
        )

    def on_train_epoch_start(self) -> None:
        """Forget the losses of the last round."""
        self._trained.clear()
        self._judged.clear()

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Set what this step depends on by its number alone, whatever was drawn before."""
        step = self.global_step
        rate = learning_rate(self.settings, self.plan, step, self.history)
        for group, factor in zip(
            self.optimizers().param_groups,  # type: ignore[union-attr]
            (1.0, self.settings.head_learning_rate),
            strict=False,
        ):
            group["lr"] = rate * factor
        self.fine_tuning.prepare(step)
        torch.manual_seed((self.seed * 1_000_003 + step) % 2**63)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Compute the loss of one batch."""
        images, labels, places = batch
        each = self.losses(self(images), labels, training=True)
        self._trained.append((each.detach(), places))
        total, several = self._over_processes(float(len(each)))
        return each.sum() * several / total  # several processes' gradients are averaged

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Let the average follow."""
        step = self.global_step
        if self.average is None or (step % AVERAGE_EVERY and step % self.plan.every):
            return
        before = max((step - 1) // each * each for each in (AVERAGE_EVERY, self.plan.every))
        self.averaging.passed = (before, step)
        self.average.update_parameters(self.network)

    def on_validation_epoch_start(self) -> None:
        """Make the network ready that is to be judged.

        Raises:
            ModelError: A loss of the round is not a number.
        """
        self._check_training()
        self._take_statistics()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep the outputs of one batch."""
        images, labels, places = batch
        self._judged.append((self.shown(images).float(), labels, places))

    def on_train_epoch_end(self) -> None:
        """Write down how the round went; the validation part was looked at just before.

        Raises:
            ModelError: A loss is not a number.
        """
        losses = self._check_training()
        step = self.global_step
        entry = {
            "training loss": self._over_processes(float(losses.sum()))[0]
            / self._over_processes(float(len(losses)))[0],
            "learning rate": learning_rate(self.settings, self.plan, step - 1, self.history),
            "steps": step,
            "epoch": step / self.plan.batches,
        }
        if self._judged:
            outputs, labels, places = (torch.cat(parts) for parts in zip(*self._judged, strict=True))
            each = self.losses(outputs, labels, training=False).cpu().double()
            check_finite(
                each, places, self.trainer.val_dataloaders, f"of the validation part after step {step}"
            )
            entry["validation loss"] = float(each.mean())
            entry |= self.scores(outputs, labels)
        elif len(self.history) + 1 == self.plan.rounds:
            self._take_statistics()
        self.history.append(entry)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the history with the weights."""
        checkpoint["history"] = self.history

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on from the history."""
        self.history = checkpoint["history"]

    def _check_training(self) -> Tensor:
        """Return the losses of the round's lesions, all of them numbers."""
        first = self.global_step - len(self._trained) + 1
        losses = [each.cpu().double() for each, _ in self._trained]
        for at, (each, (_, places)) in enumerate(zip(losses, self._trained, strict=True)):
            check_finite(each, places, self.trainer.train_dataloader, f"in step {first + at}")
        return torch.cat(losses)

    def _over_processes(self, value: float) -> tuple[float, int]:
        """Return the sum of a number over all processes that train this network, and how many they are."""
        if not torch.distributed.is_initialized():
            return value, 1
        whole = torch.tensor(value, dtype=torch.double, device=self.device)
        torch.distributed.all_reduce(whole)
        return float(whole), torch.distributed.get_world_size()

    def _take_statistics(self) -> None:
        if self.statistics is None:
            return
        images = (self.transfer_batch_to_device(batch[0], self.device, 0) for batch in self.statistics)
        kept = self.fine_tuning.kept_norms(self.shown, self.global_step - 1)
        take_statistics(self.shown, images, frozen=kept)


class Averaging:
    """How an average of weights follows them: exponentially, and faster in the first steps.

    Args:
        decay: What the average before a step counts for; in the step after n others at most (1 + n) / (10 + n).

    Attributes:
        passed: The step of the last time and that of this time.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.passed = (0, 1)

    @torch.no_grad()
    def __call__(self, averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
        """Move the average, in place, towards the weights as they are now."""
        kept = math.prod(min(self.decay, (1 + n) / (10 + n)) for n in range(*self.passed))
        torch._foreach_lerp_(averaged, current, 1 - kept)
