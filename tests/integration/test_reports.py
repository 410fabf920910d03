"""What Home Assistant says of our use of it would stand in the user's log: no test may cause it."""

from homeassistant.helpers.frame import ReportBehavior, report_usage

from custom_components.smart_bms.const import DOMAIN


async def test_a_report_that_names_us_would_fail_a_test(hass, house, pack, adopt, nothing_reported) -> None:
    await adopt(pack)
    assert nothing_reported == []
    report_usage("does what it should not", integration_domain=DOMAIN)
    assert len(nothing_reported) == 1
    assert "does what it should not" in nothing_reported.pop()


async def test_a_report_about_others_is_theirs(hass, nothing_reported) -> None:
    report_usage("does what it should not", core_behavior=ReportBehavior.LOG)
    assert nothing_reported == []
