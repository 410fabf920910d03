"""Asking the writer, and what it answers."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from custom_components.smart_bms.bms.settings import SettingValue
from custom_components.smart_bms.control.request import WriteRequest
from custom_components.smart_bms.control.validation_issue import RejectedError
from custom_components.smart_bms.control.write_log import WriteOutcome, WriteRecord

from .site import Site

ASK = WriteRequest(source="test", user="Ada", user_id="1")
SURE = replace(ASK, confirm=True)
PROCEDURE = replace(ASK, procedure=True)


def outcomes(records: Iterable[WriteRecord]) -> list[WriteOutcome]:
    """Return what became of writes."""
    return [record.outcome for record in records]


async def refused(site: Site, changes: Mapping[str, SettingValue], request: WriteRequest = ASK) -> list[str]:
    """Ask for changes that are refused before anything is sent; return the codes of what speaks against them."""
    with pytest.raises(RejectedError) as error:
        await site.control.apply(changes, request)
    assert site.sent == []
    assert not site.control.write_log.records
    return [issue.code for issue in error.value.issues]
