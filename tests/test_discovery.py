"""Whoever a family recognizes, Home Assistant is asked for: its own matcher runs over the manifest.

What is recognized but not asked for would be found by hand only, and nobody would know why.
"""

import json
from pathlib import Path

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from homeassistant.components.bluetooth.match import IntegrationMatcher
from homeassistant.components.bluetooth.models import BluetoothServiceInfoBleak
from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms.families import candidates, recognize
from custom_components.smart_bms.const import DOMAIN
from custom_components.smart_bms.pack_entry import bluetooth_paths
from custom_components.smart_bms.simulator.daly.labels import K_D2
from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.smart123.labels import GEN2_BRSP
from tests.support.captures import CAPTURES
from tests.support.packs import daly_pack, jbd_pack, jk_pack, smart123_pack

MANIFEST = json.loads(
    (Path(__file__).parents[1] / "custom_components" / "smart_bms" / "manifest.json").read_text(encoding="utf-8")
)

FF00, FFF0, FFE0 = (f"0000{short}-0000-1000-8000-00805f9b34fb" for short in ("ff00", "fff0", "ffe0"))
NORDIC, BLUERADIOS = "6e400001-b5a3-f393-e0a9-e50e24dcca9e", "da2b84f1-6279-48de-bdc0-afbea0226079"


def heard(
    name: str = "", address: str = "12:34:56:78:9A:BC", data: dict[int, bytes] | None = None, services: tuple = ()
) -> BluetoothServiceInfoBleak:
    """Return what Home Assistant hears; a device without a name is named by its address."""
    advertisement = AdvertisementData(name or None, data or {}, {}, list(services), None, -60, ())
    return BluetoothServiceInfoBleak(
        name=name or address,
        address=address,
        rssi=-60,
        manufacturer_data=data or {},
        service_data={},
        service_uuids=list(services),
        source="test",
        device=BLEDevice(address, name or None, None),
        advertisement=advertisement,
        connectable=True,
        time=0.0,
        tx_power=None,
    )


def matcher() -> IntegrationMatcher:
    found = IntegrationMatcher([{**asked, "domain": DOMAIN} for asked in MANIFEST["bluetooth"]])
    found.async_setup()
    return found


def is_discovered(info: BluetoothServiceInfoBleak) -> bool:
    return matcher().match_domains(info) == {DOMAIN}


def family_of(info: BluetoothServiceInfoBleak) -> str | None:
    family = recognize(bluetooth_paths.advertisement_of(info))
    return family.key if family else None


MAC, MAC_BYTES = "D1:1A:04:00:00:01", bytes.fromhex("d11a04000001")
MADE = {
    "jk": [
        heard(data={2917: bytes.fromhex("88a0c847800fd5c5")}),
        heard(data={19274: b"\0\1"}),
        *(heard(f"{start}B2A8S20P", services=(FFE0,)) for start in ("JK-", "JK_", "jk-", "jk_")),
    ],
    "jbd": [
        heard("xiaoxiang BMS", services=(FF00,)),
        heard("sp04s034l4s200a", services=(FF00,)),
        heard("Shed", "A5:C2:37:00:00:01", services=(FF00,)),
        heard("WTaHdAZ0000000001", "AA:C2:37:00:00:01", {0xC2AA: b"\x37\0\0\1\0\2"}, (FFF0,)),
        heard("WTeHdB00001", services=(FFF0,)),
        heard("Shed", "EE:C2:37:00:00:01", services=(FFF0,)),
        heard("Shed", data={6226: bytes.fromhex("2837c2a5")}, services=(FFF0,)),
    ],
    "daly": [
        *(heard(f"{start}40D63C3223A2") for start in ("DL-", "JHB-", "dl-", "jhb-")),
        heard("DL-40D63C3223A2\0\0\0"),
        *(
            heard("Shed", data={company: b"\x16" + MAC_BYTES + mark})
            for company in (0x0102, 0x0104, 0x0106, 0x0302, 0x0303, 0x0402)
            for mark in (b"DL", b"JHB")
        ),
        heard("", MAC, {0x0102: b"\x16" + MAC_BYTES}),
    ],
    "smart123": [
        heard("123\\SmartBMS"),
        heard("123\\SmartBMS\0\0"),
        *(heard(data={2330: bytes((first, kind, 13, 2))}) for first in (0, 1) for kind in (2, 4, 6)),
        *(heard("123BMS", data={company: b"\0\6\r\2"}) for company in (133, 1674)),
        *(heard(data={133: b"\0\6\r\2"}, services=(service,)) for service in (NORDIC, BLUERADIOS)),
        *(heard(data={1674: b"\0\6\r\2"}, services=(service,)) for service in (NORDIC, BLUERADIOS)),
    ],
}


@pytest.mark.parametrize(
    ("family", "info"),
    [
        pytest.param(family, info, id=f"{family}-{place}")
        for family, listed in MADE.items()
        for place, info in enumerate(listed)
    ],
)
def test_who_is_recognized_is_discovered(family, info) -> None:
    assert family_of(info) == family
    assert is_discovered(info)


@pytest.mark.parametrize(
    "pack",
    [jk_pack(), jbd_pack(), daly_pack(), daly_pack(K_D2, name="Shed"), smart123_pack(), smart123_pack(GEN2_BRSP)],
)
def test_simulated_packs_are_discovered(pack: Peripheral) -> None:
    info = heard(pack.name, pack.address, pack.manufacturer_data, pack.service_uuids)
    assert family_of(info) is None or is_discovered(info)


names = st.one_of(
    st.sampled_from(("", "Shed", "123", "123\\TUNE+", "JBD-1", "Dl-1", "jHB-2", "Jk_3", "WTxHdB", "WTeHdA1", "SX100")),
    st.sampled_from([info.name for listed in MADE.values() for info in listed]),
    st.text(max_size=12),
)
addresses = st.sampled_from((MAC, "A5:C2:37:28:18:52", "EE:C2:37:00:00:01", "C8:47:80:00:00:01", "6E1E7A3C-0C2A"))
companies = st.sampled_from((76, 133, 1674, 2330, 2917, 19274, 0xC2AA, 6226, 0x0102, 0x0106, 0x0302, 0x6446))
payloads = st.one_of(
    st.binary(max_size=10),
    st.sampled_from((b"\x88\xa0\xc8\x47", b"\0\6\r\2", b"\7\4\0\0", bytes.fromhex("2837c2a5"), b"\x37\0\0\1")),
    st.builds(lambda head, mark: head + MAC_BYTES + mark, st.binary(max_size=2), st.sampled_from((b"", b"DL", b"JHB"))),
)
services = st.lists(st.sampled_from((FF00, FFF0, FFE0, NORDIC, BLUERADIOS, "0000180f-0000-1000-8000-00805f9b34fb")))


@given(st.builds(heard, names, addresses, st.dictionaries(companies, payloads, max_size=2), services.map(tuple)))
@hypothesis_settings(max_examples=1500, deadline=None)
def test_whoever_is_recognized_is_discovered_whatever_else_is_heard(info) -> None:
    assert family_of(info) is None or is_discovered(info)


def test_what_only_may_be_ours_is_looked_at_again_when_its_name_is_heard() -> None:
    for first, later in (
        (heard("", MAC, {0x0102: b"\4"}), heard("DL-D11A04000001", MAC, {0x0102: b"\4"})),
        (heard("", MAC, services=(FF00,)), heard("JBD-1", MAC, services=(FF00,))),
        (heard("", MAC, services=(FFF0,)), heard("WTaHdAZ1", MAC, services=(FFF0,))),
        (heard("", MAC, services=(FFE0,)), heard("JK-B2A8S20P", MAC, services=(FFE0,))),
        (heard("", MAC, services=(NORDIC,)), heard("123\\SmartBMS", MAC, services=(NORDIC,))),
    ):
        ours = matcher()
        assert family_of(first) is None
        assert candidates(bluetooth_paths.advertisement_of(first))
        ours.match_domains(first)
        assert family_of(later)
        assert ours.match_domains(later) == {DOMAIN}


def recorded() -> list:
    found = []
    for path in sorted(CAPTURES.glob("*/advertisements.jsonl")):
        for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            record = json.loads(line)
            reported = record["expected"] | record
            data, prefix = bytes.fromhex(record["hex"]), (reported.get("address_prefix") or [""])[0]
            if data.startswith(b"\x02\x01"):
                continue  # whole fields, not manufacturer data
            address = reported.get("address") or (f"{prefix}:00:00:01" if prefix else "12:34:56:78:9A:BC")
            manufacturer = {int.from_bytes(data[:2], "little"): data[2:]} if data else {}
            info = heard(
                reported.get("local_name") or "", address, manufacturer, tuple(reported.get("service_uuids") or ())
            )
            found.append(pytest.param(record, info, id=f"{path.parent.name}-{place}"))
    return found


@pytest.mark.captures
@pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures of real packs at hand")
@pytest.mark.parametrize(("record", "info"), recorded())
def test_recorded_advertisements_that_are_recognized_are_discovered(record, info) -> None:
    assert family_of(info) is None or is_discovered(info)
    if record["expected"].get("discovered_by_home_assistant"):
        assert family_of(info) == record["family"]
        assert is_discovered(info)
