"""Asking the door, and what it answers."""

from dataclasses import replace

import pytest

from custom_components.smart_bms.control.request import WriteRequest
from custom_components.smart_bms.control.validation_issue import RejectedError
from custom_components.smart_bms.control.write_log import WriteOutcome

ASK = WriteRequest(source="test", user="Ada", user_id="1")
SURE = replace(ASK, confirm=True)
PROCEDURE = replace(ASK, procedure=True)


def outcomes(records) -> list[WriteOutcome]:
    return [record.outcome for record in records]


async def refused(site, changes, request=ASK) -> list[str]:
    with pytest.raises(RejectedError) as error:
        await site.control.apply(changes, request)
    assert site.sent == []
    assert not site.control.write_log.records
    return [issue.code for issue in error.value.issues]
