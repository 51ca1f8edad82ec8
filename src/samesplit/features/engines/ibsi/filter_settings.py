"""What the key `filters` of a profile may say: which response maps are made, and which features taken of them."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal, get_args

from pydantic import Field, field_serializer, field_validator, model_validator

from samesplit.declarations import Declaration
from samesplit.features.engines.ibsi.choices import Discretisation, FeatureChoice, IvhSettings
from samesplit.features.filters.expansion import expanded
from samesplit.features.filters.settings import Boundary, Filter

__all__ = ["FilterSettings"]


class FilterSettings(Declaration):
    """Features of response maps: the interpolated image after a filter of the IBSI's standard 2.

    A list of values stands for one filter each: `{kind: log, sigma_mm: [1, 2, 3]}` makes three response maps, two
    lists make every combination, and `subband: all` makes all subbands of a wavelet (where it is rotation
    invariant, those that no rotation turns into another). Re-segmentation is that of the unfiltered image, and the
    names of features begin with that of their filter: `log_2mm_stat_mean`.
    """

    images: tuple[tuple[Filter, ...], ...] = Field(min_length=1)
    """The filters (below)."""
    boundary: Boundary = "mirror"
    """What lies outside the image, for filters that do not say."""
    dimensions: Literal[2, 3] = 3
    """2 filters slice by slice; for filters that do not say. Gabor filters say `planes`."""
    features: FeatureChoice | None = None
    """Features of each response map; by default those of the profile without morphology, local intensity, IVH."""
    discretisation: tuple[Discretisation, ...] | None = None
    """How responses become grey levels. Their scale is not that of the image, so a fixed number of bins suits
    them; by default those of the profile, where they are FBN or equalised."""
    ivh: IvhSettings = IvhSettings(method="FBN", bins=1000)
    """How responses become the levels of the intensity-volume histogram; by default by 1,000 bins (FBN)."""

    @model_validator(mode="before")
    @classmethod
    def _expanded(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not isinstance(given.get("images"), list | tuple):
            return given
        may_be = {"boundary": get_args(Boundary), "dimensions": (2, 3)}
        shared = {key: given[key] for key, values in may_be.items() if given.get(key) in values}
        images = [
            tuple(one) if isinstance(one, list | tuple) else expanded(one, shared) for one in given["images"]
        ]
        return given | {"images": images}

    @field_validator("discretisation", mode="before")
    @classmethod
    def _one_or_more(cls, given: Any) -> Any:
        return [given] if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _consistent(self) -> FilterSettings:
        twice = [name for name, count in Counter(one.name for one in self.filters).items() if count > 1]
        if twice:
            raise ValueError(f"`images` makes the response map {twice[0]} twice")
        if self.features is not None and self.features.morphology:
            raise ValueError(
                "a response map has the lesion's own shape: ask for morphology in `features` above"
            )
        unplaced = [
            one.name for one in self.discretisation or () if one.method == "FBS" and one.origin is None
        ]
        if unplaced:
            raise ValueError(f"{unplaced[0]} has no first bin: give `origin`")
        return self

    @field_serializer("images")
    def _one_by_one(self, images: tuple[tuple[Filter, ...], ...]) -> list[dict[str, Any]]:
        """Write one filter after the other: read again, they are the same."""
        return [one.model_dump(mode="json") for several in images for one in several]

    @property
    def filters(self) -> tuple[Filter, ...]:
        """Every filter, in the order of the features."""
        return tuple(one for several in self.images for one in several)
