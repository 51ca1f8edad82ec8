"""Warnings of pydicom are gathered by thread, and the settings of all warnings are left as they were."""

from __future__ import annotations

import threading
import warnings

import pydicom

from samesplit.imaging.dicom.file_warnings import pydicom_warnings


def warn(value: str) -> None:
    """Let pydicom warn of a value."""
    pydicom.DataElement("SeriesInstanceUID", "UI", value)


def test_threads_that_overlap_have_their_own_warnings_and_change_nothing_for_good() -> None:
    before = warnings.showwarning, list(warnings.filters)
    told: dict[str, list[str]] = {}
    steps = [threading.Event() for _ in range(3)]

    def first() -> None:
        with pydicom_warnings() as gathered:
            steps[0].set()
            assert steps[1].wait(30)
            warn("CT")
        told["first"] = gathered
        steps[2].set()

    def second() -> None:
        assert steps[0].wait(30)
        with pydicom_warnings() as gathered:
            steps[1].set()
            assert steps[2].wait(30)  # the one that came first has gone
            warn("MR")
        told["second"] = gathered

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [[text[:29] for text in told[name]] for name in ("first", "second")] == [
        ["Invalid value for VR UI: 'CT'"],
        ["Invalid value for VR UI: 'MR'"],
    ]
    assert (warnings.showwarning, list(warnings.filters)) == before


def test_warnings_of_others_and_of_threads_that_gather_none_go_where_they_always_go() -> None:
    with warnings.catch_warnings(record=True) as shown, pydicom_warnings() as gathered:
        warnings.simplefilter("always")
        warnings.warn("of somebody else", stacklevel=1)
        elsewhere = threading.Thread(target=warn, args=("CT",))
        elsewhere.start()
        elsewhere.join()
        warn("MR")
    assert [str(one.message)[:29] for one in shown] == ["of somebody else", "Invalid value for VR UI: 'CT'"]
    assert [text[:29] for text in gathered] == ["Invalid value for VR UI: 'MR'"]
