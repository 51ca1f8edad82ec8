"""PET units: activity concentration becomes SUV by body weight, or the lesion fails; nothing stays unclear.

Follows the vendor-neutral computation of SUV of the Quantitative Imaging Biomarkers Alliance (QIBA FDG-PET/CT
profile, appendix "Conversion of PET image activity to SUV").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pydicom
from pydicom.valuerep import DA, DT, TM

from samesplit.errors import LesionError
from samesplit.imaging.dicom.files import text_of

__all__ = ["suv_factor"]

_PHILIPS_FACTOR = (0x7053, 0x1000)
_LONGEST = 10
"""Half-lives after which no scan is made: a thousandth of the dose is left."""


def suv_factor(headers: Sequence[pydicom.Dataset], *, where: Path) -> tuple[float | None, str | None]:
    """Return the number that turns a PET series' rescaled values into SUV by body weight.

    For Bq/mL: `weight_g / (dose_bq * 2 ** (-(scan start - injection) / half_life))`. Values that are corrected for
    decay to the injection (DecayCorrection ADMIN) need no decay factor.

    Args:
        headers: One header a slice.
        where: The folder, for messages.

    Returns:
        The factor, None when nothing is to be done (another modality, or SUV already), and a note for the ledger.

    Raises:
        LesionError: The unit is another one, or the header lacks what the formula needs.
    """
    header = headers[0]
    if text_of(header, "Modality") != "PT":
        return None, None
    units = {text_of(each, "Units") for each in headers}
    if len(units) > 1:
        raise _cannot(f"the slices have several units ({', '.join(sorted(units))})", where)
    unit = units.pop()
    if unit == "GML":
        kind = text_of(header, "SUVType")
        if kind in ("", "BW"):
            return None, None
        raise _cannot(f"the SUV are normalised by {kind}, not by body weight", where)
    if unit == "CNTS" and header.get(_PHILIPS_FACTOR) is not None:
        factor = float(header[_PHILIPS_FACTOR].value)
        if factor > 0 and math.isfinite(factor):
            return factor, f"image: PET counts became SUV by body weight (the scanner's factor {factor:g})"
    if unit != "BQML":
        raise _cannot(f"the PET unit is {unit or 'not given'}", where)
    return _from_activity(headers, where)


def _from_activity(headers: Sequence[pydicom.Dataset], where: Path) -> tuple[float, str]:
    header = headers[0]
    corrections = {str(value) for value in header.get("CorrectedImage") or ()}
    if not {"ATTN", "DECY"} <= corrections:
        raise _cannot("the PET is not corrected for attenuation and decay (CorrectedImage)", where)
    sequence = header.get("RadiopharmaceuticalInformationSequence")
    if not sequence:
        raise _cannot("the PET header has no RadiopharmaceuticalInformationSequence", where)
    drug = sequence[0]
    weight_g = _positive(header, "PatientWeight", where) * 1000.0
    dose_bq = _positive(drug, "RadionuclideTotalDose", where)
    how = text_of(header, "DecayCorrection")
    if how == "ADMIN":
        decay, told = 1.0, "decay corrected to the injection"
    elif how == "START":
        half_life_s = _positive(drug, "RadionuclideHalfLife", where)
        start, source = _scan_start(headers, where)
        waited = _waited(header, drug, start, half_life_s, where)
        decay = 2.0 ** (-waited.total_seconds() / half_life_s)
        told = f"{waited.total_seconds() / 60:.1f} min after the injection by the {source}"
    else:
        raise _cannot(f"the PET values are corrected for decay to {how or 'an unknown time'}", where)
    factor = weight_g / (dose_bq * decay)
    return factor, (
        f"image: Bq/mL became SUV by body weight ({weight_g / 1000:g} kg, {dose_bq / 1e6:.4g} MBq, {told})"
    )


def _scan_start(headers: Sequence[pydicom.Dataset], where: Path) -> tuple[datetime, str]:
    """Return the time to which decay is corrected: the series' start, or an earlier first acquisition.

    A series time later than an acquisition is the time at which the series was written.
    """
    series = _moment(text_of(headers[0], "SeriesDate"), text_of(headers[0], "SeriesTime"))
    moments = [
        _moment(text_of(header, "AcquisitionDate"), text_of(header, "AcquisitionTime")) for header in headers
    ]
    acquired = min((moment for moment in moments if moment is not None), default=None)
    if series is not None and (acquired is None or series <= acquired):
        return series, "series time"
    if acquired is None:
        raise _cannot("the PET header has neither a series time nor acquisition times", where)
    return acquired, "first acquisition time"


def _waited(
    header: pydicom.Dataset, drug: pydicom.Dataset, start: datetime, half_life_s: float, where: Path
) -> timedelta:
    """From the injection to the scan's start, when such a wait can be."""
    whole = text_of(drug, "RadiopharmaceuticalStartDateTime")
    injected = _dated(whole, header, where) if whole else _undated(drug, start, where)
    waited = start - injected
    longest = timedelta(seconds=_LONGEST * half_life_s)
    if waited < timedelta(0):
        raise _cannot(f"the scan starts {-waited} before the injection", where)
    if waited > longest:
        raise _cannot(
            f"the scan starts {waited} after the injection, more than {_LONGEST} half-lives of "
            f"{half_life_s / 60:.4g} min",
            where,
        )
    if not whole and waited + timedelta(days=1) <= longest:
        raise _cannot(
            f"the PET header has the hour of the injection ({injected:%H:%M}) but not its day, and with a "
            f"half-life of {half_life_s / 3600:.4g} h it may have been days before",
            where,
        )
    return waited


def _dated(text: str, header: pydicom.Dataset, where: Path) -> datetime:
    """Convert a time to the zone of the series' own times; one without an offset is in that zone already."""
    moment = datetime.fromisoformat(DT(text).isoformat())
    if moment.tzinfo is None:
        return moment
    zone = text_of(header, "TimezoneOffsetFromUTC")
    if not zone:
        raise _cannot(
            f"the injection is given with a time zone ({text}) and the series has none (TimezoneOffsetFromUTC)",
            where,
        )
    return moment.astimezone(datetime.strptime(zone, "%z").tzinfo).replace(tzinfo=None)


def _undated(drug: pydicom.Dataset, start: datetime, where: Path) -> datetime:
    """Return an hour on the day of the scan, or on the day before where the scan is in the morning."""
    hour = _moment(f"{start:%Y%m%d}", text_of(drug, "RadiopharmaceuticalStartTime"))
    if hour is None:
        raise _cannot("the PET header has no time of injection", where)
    before_midnight = hour > start and start.hour < 12
    return hour - timedelta(days=1) if before_midnight else hour


def _moment(day: str, time: str) -> datetime | None:
    if not day or not time:
        return None
    date, clock = DA(day), TM(time)
    return None if date is None or clock is None else datetime.combine(date, clock)


def _positive(dataset: pydicom.Dataset, keyword: str, where: Path) -> float:
    text = text_of(dataset, keyword)
    value = float(text) if text else math.nan
    if not (value > 0 and math.isfinite(value)):
        raise _cannot(f"the PET header has no usable {keyword} ({text or 'empty'})", where)
    return value


def _cannot(problem: str, where: Path) -> LesionError:
    return LesionError(
        f"{problem}, so the values cannot become SUV by body weight",
        where=where,
        remedy="complete the header, or convert the series to an SUV image (NIfTI) before",
    )
