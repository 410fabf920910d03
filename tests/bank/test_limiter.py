"""Bank limits: stable enough for an inverter and a database, and above what the packs allow for one update at most."""

import random

import pytest

from custom_components.smart_bms.bank.current_imbalance import CurrentImbalance
from custom_components.smart_bms.bank.limiter import BankLimiter
from custom_components.smart_bms.bank.member import MemberLimits
from custom_components.smart_bms.bank.merge import merge
from custom_components.smart_bms.bank.soc_window import within_window
from custom_components.smart_bms.pack_entry.publishing import DEFAULT_POLICIES, PublishFilter, Quantity
from custom_components.smart_bms.protection.soc_plan import SocPlan, SocWindow
from custom_components.smart_bms.simulator.battery import household
from tests.support.bank_members import PARALLEL, member


def follow(limiter: BankLimiter, now: float, charge: float | None, voltage: float | None = 56.0) -> MemberLimits:
    aim = MemberLimits(charge_voltage=voltage, charge_current=charge, discharge_current=charge)
    return limiter.update(aim, now, strings=2, cells=16)


def test_a_limit_falls_at_once_and_rises_slowly() -> None:
    limiter = BankLimiter()
    assert follow(limiter, 0, 100.0).charge_current == 100
    assert follow(limiter, 2, 99.0).charge_current == 100  # within the dead band
    assert follow(limiter, 4, 60.0).charge_current == 60
    assert follow(limiter, 6, 100.0).charge_current == 60
    assert follow(limiter, 6, 100.0).charge_limited_by == "recovering"
    assert follow(limiter, 32, 100.0).charge_current == 60
    assert follow(limiter, 34, 100.0).charge_current == 80
    assert follow(limiter, 36, 100.0).charge_current == 100
    assert follow(limiter, 36, 100.0).charge_limited_by == ""
    assert follow(limiter, 38, 0.0) == MemberLimits(charge_voltage=56.0, charge_current=0.0, discharge_current=0.0)
    assert follow(limiter, 40, None).charge_current is None
    assert follow(limiter, 42, 0.0, None).charge_voltage is None


def rows_of_an_hour(*, calm: bool) -> dict[str, int]:
    """Return how often each limit of a bank with an uneven string is written in an hour, at a look every two seconds."""
    load, noise = household(3), random.Random(3)
    filters = {
        name: PublishFilter(DEFAULT_POLICIES[Quantity.STATE]) for name in ("charge_current", "discharge_current")
    }
    rows, uneven, limiter = dict.fromkeys(filters, 0), CurrentImbalance(), BankLimiter()
    known: dict[str, float] = {}
    for second in range(0, 3600, 2):
        total = load(50_000.0 + second)
        part = 0.85 + noise.gauss(0, 0.02)  # packs are read one after the other
        bank = merge([member("a", current=total * part), member("b", current=total * (1 - part))], PARALLEL, known)
        uneven.update(bank, float(second))
        if calm:
            known, limits = dict(uneven.shares), limiter.update(bank.limits, float(second), strings=2, cells=16)
        else:
            known = {share.packs: share.share or 0.0 for share in bank.shares} if uneven.is_imbalanced else {}
            limits = bank.limits
        for name, publish_filter in filters.items():
            rows[name] += publish_filter.submit(round(getattr(limits, name), 1), float(second))
    return rows


@pytest.mark.parametrize("name", ["charge_current", "discharge_current"])
def test_a_bank_with_an_uneven_string_writes_few_rows(name) -> None:
    assert rows_of_an_hour(calm=False)[name] > 500
    assert rows_of_an_hour(calm=True)[name] < 60


def test_a_banks_own_target_and_floor_reduce_what_its_packs_allow():
    window = SocWindow()
    window.plan = SocPlan(target=80, floor=20)
    limits = MemberLimits(charge_current=100.0, discharge_current=60.0, discharge_limited_by="coldest")
    for soc, charge, discharge in ((50, 100, 60), (79, 50, 60), (80, 0, 60), (21, 100, 30), (20, 100, 0)):
        window.update(soc, 1.0)
        found = within_window(limits, window)
        assert (found.charge_current, found.discharge_current) == (charge, discharge)
        assert found.charge_limited_by == ("" if charge == 100 else "target_soc")
        assert found.discharge_limited_by == ("coldest" if discharge == 60 else "discharge_floor")
    assert within_window(MemberLimits(charge_current=0.0, charge_limited_by="unfit"), window).charge_limited_by == (
        "unfit"
    )
