"""A pack on the simulated radio, and the writer to it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.pack import Change, Pack
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.control.baseline import Baseline
from custom_components.smart_bms.control.request import WritePermission
from custom_components.smart_bms.control.write_log import WriteLog, WriteRecord
from custom_components.smart_bms.control.writer import ParameterWriter
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral
from custom_components.smart_bms.simulator.peripheral import Peripheral

from .radio import fast, finder, on_radio
from .running_pack import BACKOFF, running
from .waiting import until

ALL = WritePermission(control=True, dangerous=True, experimental=True)


class Site:
    """A pack, the writer to it, and what was reported."""

    def __init__(self, peripheral: Peripheral, pack: Pack, permission: WritePermission, stored: dict[str, Any]) -> None:
        self.peripheral = peripheral
        self.pack = pack
        self.records: list[WriteRecord] = []
        self.drifts: list[dict[str, Any]] = []
        self.saved: list[list[dict[str, Any]]] = []
        self.backups: list[str] = []
        self.stored: dict[str, Any] = {}
        """What would be on disk after a crash."""
        self.control = ParameterWriter(
            pack,
            permission=permission,
            write_log=WriteLog(stored.get("records", ())),
            baseline=Baseline(stored.get("baseline")),
            save=self._save,
            backup=self._backup,
            on_record=lambda record, _: self.records.append(replace(record)),
            on_drift=lambda drift, _: self.drifts.append(dict(drift)),
            temporary=stored.get("temporary"),
        )

    async def _save(self) -> None:
        self.saved.append(self.control.write_log.as_list())
        self.stored = deepcopy(
            {
                "records": self.control.write_log.as_list(),
                "baseline": self.control.baseline.values,
                "temporary": self.control.temporary.as_dict(),
            }
        )

    async def _backup(self, command: str) -> None:
        self.backups.append(command)

    def on_change(self, change: Change) -> None:
        """Pass parameters that were read to the writer."""
        if change in (Change.SETTINGS, Change.STATE) and (settings := self.pack.current_settings):
            self.control.handle_settings(settings)

    @property
    def sent(self) -> list[int]:
        """Ids of the writes that were sent."""
        return [data[4] for data in self.peripheral.written if data[4] not in (0x96, 0x97)]

    def value(self, key: str) -> Any:
        """Return a parameter as it was read last."""
        assert self.pack.current_settings is not None
        return self.pack.current_settings.values[key]

    def vanish_at_the_next_write(self, *, obeys: bool) -> None:
        """Lose the connection at the next write, before the pack answers; `obeys`: it applies the write all the same."""
        peripheral = self.peripheral

        def vanish(handle: int, data: bytes) -> None:
            if obeys:
                peripheral.change_elsewhere(data)
            peripheral.hang_up = True
            del peripheral.on_write

        peripheral.on_write = vanish  # type: ignore[method-assign]

    async def until(self, condition: Callable[[], Any], seconds: float = 5.0) -> None:
        """Wait until something is true. Raises TimeoutError."""
        await until(condition, seconds)

    async def streaming(self) -> None:
        """Wait for readings and parameters."""
        await self.until(lambda: self.pack.state is ConnectionState.STREAMING and self.pack.current_settings)


@asynccontextmanager
async def site_of(
    monkeypatch: pytest.MonkeyPatch,
    peripheral: Peripheral,
    permission: WritePermission = ALL,
    stored: dict[str, Any] | None = None,
    password: str | None = None,
) -> AsyncIterator[Site]:
    """Connect to a pack that streams; `stored` is what an earlier run has stored."""
    async with on_radio(monkeypatch, peripheral) as radio:
        sites: list[Site] = []
        pack = Pack(
            fast(peripheral.family),
            "test",
            finder(radio, peripheral.address),
            lambda change: sites[0].on_change(change) if sites else None,
            backoff=BACKOFF,
            context=SessionContext(address=peripheral.address, password=password),
        )
        sites.append(Site(peripheral, pack, permission, stored or {}))
        try:
            async with running(pack):
                await sites[0].streaming()
                yield sites[0]
        finally:
            await sites[0].control.finish()


def switches(site: Site) -> tuple[bool, bool]:
    """Return how the charge and discharge switch of a JK pack stand."""
    assert isinstance(site.peripheral, JkPeripheral)
    board = site.peripheral.board
    return board.charge_switch, board.discharge_switch
