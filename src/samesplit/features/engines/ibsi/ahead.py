"""Compile what a profile needs in several processes at once, before its first lesion on this machine.

numba compiles a kernel when it is first called, one after the other: most of the time of a first extraction. Here
the work is cut into pieces, each of which calls the kernels of source files that no other piece calls; so no two
processes ever write the same file of numba's cache, which is not safe for that. A piece runs its families on a
made-up lesion of some hundred voxels. Each process takes the next piece that nobody has taken, and when all are
done the first lesion finds its kernels compiled. Whatever goes wrong in another process costs time and nothing
else: what it did not compile is compiled where it is needed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from samesplit.execution.processes import cores
from samesplit.features.engines.ibsi.extraction import TEXTURE_FAMILIES
from samesplit.features.engines.ibsi.settings import IbsiSettings
from samesplit.features.engines.ibsi.textures import family_aggregations
from samesplit.features.families.ascending import ascending
from samesplit.features.families.autocorrelation import spatial_autocorrelation
from samesplit.features.families.local_intensity import local_intensity
from samesplit.features.families.morphology import shape
from samesplit.features.families.region import Region
from samesplit.features.families.texture import LevelVolume, MaskGeometry
from samesplit.features.filters.respond import respond
from samesplit.features.processing.discretisation import equal_probability
from samesplit.features.processing.grid import Spacing
from samesplit.features.processing.preparation import prepare
from samesplit.features.processing.settings import ProcessingSettings
from samesplit.imaging.case import Case

__all__ = ["compile_ahead", "pieces", "run_pieces"]

_LONG_ENOUGH_S = 3.0
"""A process that compiles less than this does not pay for its own start."""
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Piece:
    """Work that compiles kernels.

    Attributes:
        seconds: About how long it takes where nothing is compiled.
        run: Does it.
    """

    seconds: float
    run: Callable[[], None]


class _Sample:
    """A made-up lesion: what kernels compile for depends on the kinds of arrays, not on what is in them."""

    def __init__(self, settings: IbsiSettings) -> None:
        self.settings = settings
        draw = np.random.default_rng(0)
        self.image = draw.uniform(1, 9, size=(9, 8, 9))
        self.mask = np.zeros(self.image.shape, dtype=np.uint8)
        self.mask[2:7, 2:6, 2:7] = 1

    @cached_property
    def region(self) -> Region:
        """The lesion on its own voxels."""
        return Region(self.image, self.mask, self.mask, (1.0, 1.0, 1.0))

    @cached_property
    def geometry(self) -> MaskGeometry:
        """Its masks."""
        return MaskGeometry(self.mask, self.mask)

    @cached_property
    def volume(self) -> LevelVolume:
        """Its intensities as eight grey levels."""
        return LevelVolume(self.geometry, self.geometry.place(self.image[self.mask > 0].astype(np.uint8)))

    def case(self) -> Case:
        """Return it as if it had been read, with voxels a little larger than those of the profile's grid."""
        image = sitk.GetImageFromArray(self.image.astype(np.float32))
        mask = sitk.GetImageFromArray(self.mask)
        for one in (image, mask):
            one.SetSpacing([1.25 * (length or 1.0) for length in reversed(self._target())])
        return Case(image, mask)

    def grid(self) -> None:
        """Interpolate, and discretise where that takes a kernel."""
        given = self.settings.processing
        plain = ProcessingSettings(
            image_interpolation=given.image_interpolation, mask_interpolation=given.mask_interpolation
        )
        target = self._target()
        prepare(self.case(), plain, spacings_mm=[target], margin_mm=0.0).at(target)
        responses = self.settings.of_responses() or self.settings
        methods = {one.method for one in (*self.settings.discretisation, *responses.discretisation)}
        if "equalised" in methods:
            equal_probability(np.sort(self.region.values()), 8)

    def shape(self) -> None:
        """Surface, hull, boxes and ellipsoids."""
        shape(self.geometry, self.region.spacing_mm)

    def autocorrelation(self) -> None:
        """Moran's I and Geary's C, of arrays that are cut out of larger ones as those of lesions are."""
        inside = self.geometry.intensity[(slice(1, -1),) * 3]
        spatial_autocorrelation(self.image[self.geometry.box], inside, self.region.spacing_mm)

    def peaks(self) -> None:
        """Local intensity."""
        local_intensity(self.region)

    def textures(self, families: Sequence[str]) -> None:
        """Texture families, in the aggregations of the profile."""
        of_responses = self.settings.of_responses()
        asked = [] if of_responses is None else family_aggregations(of_responses)
        for family, aggregation in dict.fromkeys([*family_aggregations(self.settings), *asked]):
            if family in families:
                TEXTURE_FAMILIES[family](self.volume, aggregation, self.settings)

    def order(self) -> None:
        """Order intensities: whole numbers and responses of filters in one way, interpolated ones in another."""
        given = self.settings.processing
        interpolated = given.spacing_mm is not None and given.image_interpolation != "nearest"
        rounded = given.rounding in ("after", "both", "stored")
        many = np.random.default_rng(0).uniform(1, 9, size=1 << 12)
        if given.normalisation is not None or (interpolated and not rounded):
            ascending(many)
        if self.settings.filters is not None or rounded or not interpolated:
            ascending(np.floor(many))

    def filters(self) -> None:
        """Respond to filters of the profile, one of each kind."""
        assert self.settings.filters is not None
        kinds = {(one.kind, one.dimensions): one for one in self.settings.filters.filters}
        for _ in respond(self.image, self.region.spacing_mm, list(kinds.values())):
            pass

    def _target(self) -> Spacing:
        coarse = self.settings.texture_spacing_mm
        return (coarse[0],) * 3 if coarse else self.settings.processing.target_mm


def pieces(settings: IbsiSettings) -> Mapping[str, Piece]:
    """Return the pieces of work that compile the kernels of a profile, those that take longest first.

    Only what the profile asks for is among them. No two of them call kernels of one source file.
    """
    sample = _Sample(settings)
    undefined = settings.not_defined()
    responses = settings.of_responses()
    morphology = set(settings.features.of("morphology")) - undefined | set(settings.native.of("morphology"))
    spatial = {"morph_moran_i", "morph_geary_c", "morph_integ_int"}
    peaks = {*settings.features.of("local_intensity")} - undefined | {*settings.native.of("local_intensity")}
    wanted = {family for family, _ in family_aggregations(settings)}
    if responses is not None:
        wanted |= {family for family, _ in family_aggregations(responses)}
        peaks |= {*responses.features.of("local_intensity")}
    methods = {one.method for one in (*settings.discretisation, *(responses or settings).discretisation)}
    ordered = [choice.statistics for choice in (settings.features, settings.native) if choice.statistics]
    ordered += [responses.features.statistics] if responses is not None else []
    zones = [family for family in ("glrlm", "glszm", "gldzm", "ngldm") if family in wanted]
    found = {
        "autocorrelation": (morphology & spatial, Piece(3.2, sample.autocorrelation)),
        "runs_and_zones": (zones, Piece(3.0, partial(sample.textures, zones))),
        "filters": (settings.filters, Piece(2.5, sample.filters)),
        "shape": (morphology - spatial, Piece(2.0, sample.shape)),
        "glcm": ("glcm" in wanted, Piece(1.8, partial(sample.textures, ["glcm"]))),
        "grid": (wanted or settings.processing.spacing_mm, Piece(0.9, sample.grid)),
        "peaks": (peaks, Piece(1.8, sample.peaks)),
        "order": (any(ordered) or "equalised" in methods, Piece(0.5, sample.order)),
        "ngtdm": ("ngtdm" in wanted, Piece(0.8, partial(sample.textures, ["ngtdm"]))),
    }
    return {name: piece for name, (asked, piece) in found.items() if asked}


def run_pieces(settings: IbsiSettings, names: Sequence[str], folder: Path) -> None:
    """Run the pieces that no other process has taken.

    Args:
        settings: The profile's.
        names: The pieces to choose from, in this order.
        folder: Where processes tell one another what they have taken and done: `NAME.taken`, `NAME.done`.
    """
    of_profile = pieces(settings)
    for name in names:
        try:
            (folder / f"{name}.taken").open("x").close()
        except FileExistsError:
            continue
        try:
            of_profile[name].run()
        except Exception:  # a made-up lesion stops no real one, which will tell what is wrong
            continue
        (folder / f"{name}.done").touch()


def compile_ahead(settings: IbsiSettings, *, key: str, folder: Path, processes: int | None = None) -> None:
    """Compile a profile's kernels in several processes, where that was not done before and is worth it.

    Args:
        settings: The profile's.
        key: Names the code and the place that compiled code is kept at.
        folder: Remembers which pieces were compiled for a key.
        processes: The largest number of processes, this one included; as many as there are cores when None.
    """
    left = {
        name: piece for name, piece in pieces(settings).items() if not (folder / f"{key}-{name}").exists()
    }
    seconds = sum(piece.seconds for piece in left.values())
    others = min(processes or cores(), int(seconds / _LONG_ENOUGH_S), len(left)) - 1
    if others < 1:
        return
    with tempfile.TemporaryDirectory(prefix="samesplit-compiling-", ignore_cleanup_errors=True) as shared:
        here = Path(shared)
        (here / "settings.json").write_text(settings.model_dump_json(), encoding="utf-8")
        with _helpers(here, list(left), others):
            run_pieces(settings, list(left), here)
        with suppress(OSError):
            for name in left:
                if (here / f"{name}.done").exists():
                    (folder / f"{key}-{name}").touch()


@contextmanager
def _helpers(folder: Path, names: Sequence[str], number: int) -> Iterator[None]:
    """Other processes that run the pieces; waited for at the end, and gone after it."""
    command = [sys.executable, "-P", "-m", __spec__.name, str(folder), *names]  # -P: nothing from this folder
    # What this process can import, they can.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    started: list[subprocess.Popen[bytes]] = []
    quiet = subprocess.DEVNULL
    try:
        with suppress(OSError):  # no process can be started: this one does everything
            for _ in range(number):
                started.append(
                    subprocess.Popen(command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
                )
        yield
        for one in started:
            with suppress(subprocess.TimeoutExpired):
                one.wait(timeout=_PATIENCE_S)
    finally:
        for one in started:
            one.kill()
            one.wait()


def main() -> None:
    """Be one of the other processes: the folder that they share and the names of the pieces are the arguments."""
    folder = Path(sys.argv[1])
    settings = IbsiSettings.model_validate_json((folder / "settings.json").read_text(encoding="utf-8"))
    run_pieces(settings, sys.argv[2:], folder)


if __name__ == "__main__":
    main()
