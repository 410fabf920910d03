"""Dates: what a board without a clock says is not believed."""

from datetime import UTC, datetime

import pytest

from custom_components.smart_bms.bms.dates import believable


@pytest.mark.parametrize(
    ("year", "believed"), [(1970, False), (2000, False), (2026, True), (2040, True), (2099, False)]
)
def test_a_date_before_the_first_version_or_far_ahead_is_wrong(year, believed) -> None:
    assert believable(datetime(year, 7, 1, tzinfo=UTC).timestamp()) is believed
