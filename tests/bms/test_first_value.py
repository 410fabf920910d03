"""How long a user waits: until a pack can be added, and until its first value after a start, with the timing of real use."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from bleak.backends.device import BLEDevice
import pytest

from custom_components.smart_bms.bms.advertisement import Advertisement
from custom_components.smart_bms.bms.errors import PackError
from custom_components.smart_bms.bms.families import Family, attempts, candidates
from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.daly import labels as daly_labels
from custom_components.smart_bms.simulator.daly.labels import _SERVICES_B as BOTH_CHANNELS, R24_A5
from custom_components.smart_bms.simulator.jbd import labels as jbd_labels
from custom_components.smart_bms.simulator.jk import labels as jk_labels
from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.radio import SimulatedRadio
from custom_components.smart_bms.simulator.smart123 import labels as smart123_labels
from tests.support.packs import daly_pack, jbd_pack, jk_pack, smart123_pack
from tests.support.radio import advertised

LONGEST = 10.0
"""Seconds to add a pack, and to its first value."""
KNOWN = 6.0
"""Seconds to the first value of a pack that earlier sessions have learned about."""
MAX_OF_RARE = 14.0
"""The same for a board of which nothing was advertised, and that answers in the last way that is tried."""
ELSEWHERE = replace(R24_A5, services=BOTH_CHANNELS, notify_handle=21, write_handle=24)
MAKERS = (
    (daly_labels, daly_pack),
    (jbd_labels, jbd_pack),
    (jk_labels, jk_pack),
    (smart123_labels, smart123_pack),
)


def kinds() -> Iterator[Any]:
    for labels, make in MAKERS:
        for name, label in vars(labels).items():
            if isinstance(label, labels.Label):
                # Bridges have no advertisement of the vendor's.
                options = {"name": "Bridge"} if "BRIDGE" in name else {}
                yield pytest.param(lambda m=make, n=label, o=options: m(label=n, **o), id=f"{make.__name__}-{name}")
    yield pytest.param(lambda: daly_pack(ELSEWHERE, cells=8), id="daly-A5-on-the-other-channel")


def password_of(pack: Peripheral) -> str | None:
    return getattr(pack.label, "pin", None) or getattr(pack.label, "password", None)


async def contact(
    radio: SimulatedRadio,
    pack: Peripheral,
    family: Family,
    kept: dict[str, Any],
    *,
    hasty: bool = False,
    password: Any = None,
) -> Pack:
    found = Pack(
        family,
        "test",
        lambda: BLEDevice(pack.address, pack.name, {}),
        context=SessionContext(
            address=pack.address,
            password=password,
            learned=kept,
            client_class=radio.direct_client_class(),
            advertisement=lambda: advertised(pack),
        ),
    )
    await found.first_contact(hasty=hasty)
    return found


async def added(radio: SimulatedRadio, pack: Peripheral, families: tuple[Family, ...], kept: dict[str, Any]) -> Family:
    """Do what adding a pack does."""
    for family, hasty in attempts(families):
        try:
            await contact(radio, pack, family, kept, hasty=hasty, password=password_of(pack))
        except PackError:
            continue
        return family
    raise AssertionError("nobody knew it")


@pytest.mark.parametrize("make", kinds())
async def test_a_pack_is_added_in_ten_seconds_and_known_from_then_on(make: Callable[[], Peripheral]) -> None:
    pack, kept, loop = make(), {}, asyncio.get_running_loop()
    radio = SimulatedRadio(pack)
    radio.start()
    try:
        began = loop.time()
        family = await added(radio, pack, candidates(advertised(pack)), kept)
        assert family.key == pack.family
        assert loop.time() - began < LONGEST
        began = loop.time()
        await contact(radio, pack, family, kept, password=password_of(pack))
        assert loop.time() - began < KNOWN
    finally:
        await radio.stop()


@pytest.mark.parametrize("make", kinds())
async def test_a_pack_that_may_be_of_several_families_is_added_soon_too(make: Callable[[], Peripheral]) -> None:
    """Under a name of the user's, with nothing else in its advertisement: only connecting can tell."""
    pack, loop = make(), asyncio.get_running_loop()
    unnamed = Advertisement(name="Shed", address="AC:00:00:00:00:01", service_uuids=(pack.services[0].uuid,))
    radio = SimulatedRadio(pack)
    radio.start()
    try:
        began = loop.time()
        family = await added(radio, pack, candidates(unnamed), {})
        assert family.key == pack.family
        rare = pack.label == ELSEWHERE
        assert loop.time() - began < (MAX_OF_RARE if rare else LONGEST)
    finally:
        await radio.stop()
