"""Home Assistant's side of the door: keeps the journal, tells of every record, raises and clears repairs."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..bms.pack import Pack
from ..bms.settings import Setting, SettingValue
from ..const import (
    CONF_ALLOW_CONTROL,
    CONF_ALLOW_DANGEROUS,
    CONF_EXPERIMENTAL,
    CONF_REREAD_INTERVAL,
    DOMAIN,
    EVENT_PARAMETER,
)
from ..control.baseline import Baseline, Difference
from ..control.counter_totals import CounterTotals
from ..control.profile import Profile
from ..control.request import WritePermission, WriteRequest
from ..control.validation_issue import format_value, parameter_name
from ..control.write_log import WriteLog, WriteRecord
from ..control.writer import ParameterWriter
from ..storage.pack_store import LEARNED, PROTECTION, TEMPORARY, pack_store
from ..storage.profiles import async_profiles
from .default_password_issue import async_note_password, async_show_passwords
from .wiring_issue import KINDS, wiring_issue

AS_GOOD_AS_NEW: Final = 900.0
"""s for which a parameter that was read is shown without the pack; connected packs are asked for theirs every ten minutes or so."""
_HIDDEN: Final = "(hidden)"
_SOON: Final = 1.0
"""Seconds within which what the pack said by itself is kept."""


def drift_issue(entry_id: str) -> str:
    """Return the id of the issue about changes made elsewhere."""
    return f"drift_{entry_id}"


@callback
def async_clear_issues(hass: HomeAssistant, entry_id: str) -> None:
    """Take back what only holds for a pack that is there."""
    wires = (wiring_issue(entry_id, kind) for kind in KINDS)
    for issue in (drift_issue(entry_id), *wires):
        ir.async_delete_issue(hass, DOMAIN, issue)
    async_show_passwords(hass, without=entry_id)


async def async_request(hass: HomeAssistant, context: Context | None, source: str, **flags: bool) -> WriteRequest:
    """Return a request in the name of whoever caused it."""
    user_id = context.user_id if context else None
    user = await hass.auth.async_get_user(user_id) if user_id else None
    return WriteRequest(source=source, user_id=user_id, user=user.name if user else None, context=context, **flags)


def _reading_of(pack: Pack) -> dict[str, str]:
    """Return how the owner wants the pack to be read."""
    chosen = pack.context.options
    return {
        option.key: str(chosen.get(option.key, option.choices[0])) for option in pack.family.options if option.choices
    }


class Parameters:
    """The parameters of one pack in Home Assistant."""

    def __init__(  # noqa: PLR0913
        self,
        hass: HomeAssistant,
        *,
        entry_id: str,
        address: str,
        name: Callable[[], str],
        pack: Pack,
        options: Mapping[str, Any],
        kept: Mapping[str, Any] | None,
        simulated: bool = False,
        protection: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        """`name` returns the pack's name, which users change; `kept` is what `store` held.

        `protection` returns what the mirror has to remember.
        """
        self._hass = hass
        self._entry_id = entry_id
        self._address = address
        self._name = name
        self._pack = pack
        self._simulated = simulated
        self._protection = protection
        self._store = pack_store(hass, entry_id)
        self._interval = timedelta(minutes=options.get(CONF_REREAD_INTERVAL, pack.family.reread_interval))
        kept = kept or {}
        self._learned: dict[str, Any] = deepcopy(kept.get(LEARNED, {}))
        self.counter_totals = CounterTotals(kept.get("tally"))
        self._reading = _reading_of(pack)
        # What was meant to be is in other numbers if the pack is read in another way now.
        same = kept.get("reading", self._reading) == self._reading
        self.control = ParameterWriter(
            pack,
            permission=WritePermission(
                control=options.get(CONF_ALLOW_CONTROL, False),
                dangerous=options.get(CONF_ALLOW_DANGEROUS, False),
                experimental=options.get(CONF_EXPERIMENTAL, False),
            ),
            write_log=WriteLog(kept.get("records", ())),
            baseline=Baseline(kept.get("baseline") if same else None),
            save=self._async_save,
            backup=self._async_backup,
            on_record=self._notify,
            on_drift=self._drifted,
            temporary=kept.get(TEMPORARY),
        )

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Read the parameters now and then; return how to stop that."""

        async def refresh(_: Any) -> None:
            await self.control.refresh()

        return async_track_time_interval(self._hass, refresh, self._interval, cancel_on_shutdown=True)

    @callback
    def async_pack_told(self) -> None:
        """Take what the pack stated of itself."""
        settings, identity = self._pack.current_settings, self._pack.last_identity
        if settings is None or identity is None:
            return
        before = dict(self.control.baseline.values)
        self.control.settings_read(settings)
        if not self.control.drift:
            # What was told before a reload may have been put right meanwhile.
            ir.async_delete_issue(self._hass, DOMAIN, drift_issue(self._entry_id))
        if self.control.baseline.values != before:
            self._store.async_delay_save(self._kept, _SOON)
        default = identity.details.get("default_password")
        if isinstance(default, bool) and self._pack.family.password_protects and not self._simulated:
            async_note_password(self._hass, self._entry_id, default=default)

    @callback
    def async_count(self, counters: Mapping[str, int]) -> None:
        """Take how often each protection has tripped, as the pack counts."""
        if counters and self.counter_totals.follow(counters):
            self._store.async_delay_save(self._kept, _SOON)

    @callback
    def async_remember(self) -> None:
        """Keep what the sessions with the pack found out, if that is news."""
        if self._pack.context.learned != self._learned:
            self._learned = deepcopy(self._pack.context.learned)
            self._store.async_delay_save(self._kept, _SOON)

    @callback
    def async_keep(self) -> None:
        """Keep what the mirror has to remember."""
        self._store.async_delay_save(self._kept, _SOON)

    async def async_finish(self) -> None:
        """Wait for the end of what was being written, and keep it."""
        await self.control.finish()
        await self._async_save()

    def _kept(self) -> dict[str, Any]:
        return {
            "records": self.control.write_log.as_list(),
            "baseline": self.control.baseline.values,
            "tally": self.counter_totals.as_dict(),
            LEARNED: self._pack.context.learned,
            "reading": self._reading,
            PROTECTION: self._protection(),
            TEMPORARY: self.control.temporary.as_dict(),
        }

    async def _async_save(self) -> None:
        await self._store.async_save(self._kept())

    async def _async_backup(self, command: str) -> None:
        """Keep all parameters before a command that changes many."""
        at = dt_util.now().strftime("%Y-%m-%d %H:%M")
        await self.async_backup(f"{self._name()} before {parameter_name(command)} {at}", automatic=True)

    async def async_backup(self, name: str, *, automatic: bool = False) -> Profile:
        """Keep all parameters under a name; of automatic ones only the newest are kept. Raises RefusedError."""
        simulated, of = (self._entry_id if flag else None for flag in (self._simulated, automatic))
        return await async_profiles(self._hass).async_backup(self._pack, name, simulated, of)

    @callback
    def _notify(self, record: WriteRecord, context: Context | None) -> None:
        """Fire the event from which the logbook makes its line."""
        self._store.async_delay_save(self._kept, _SOON)
        device = dr.async_get(self._hass).async_get_device_by_identifier((DOMAIN, self._address), self._entry_id)
        self._hass.bus.async_fire(
            EVENT_PARAMETER,
            {
                "device_id": device.id if device else None,
                "name": self._name(),
                "parameter": record.parameter,
                **dict.fromkeys(("old", "new", "found"), _HIDDEN),
                **({} if self._is_personal(record) else record.values()),
                "unit": self._unit(record),
                "command": record.is_command,
                "outcome": record.outcome.value,
                "source": record.source,
                "user": record.user,
            },
            context=context,
        )

    def _setting(self, record: WriteRecord) -> Setting | None:
        catalog = self.control.catalog
        return catalog.settings.get(record.parameter) if catalog else None

    def _is_personal(self, record: WriteRecord) -> bool:
        setting = self._setting(record)
        return setting is None or setting.personal

    def _unit(self, record: WriteRecord) -> str:
        setting = self._setting(record)
        return str(setting.unit) if setting else ""

    @callback
    def _drifted(self, drift: Mapping[str, Difference], news: bool) -> None:
        """Raise a repair while something differs from what is meant to be."""
        if news or not drift:
            # News must be seen even if an earlier message was ignored.
            ir.async_delete_issue(self._hass, DOMAIN, drift_issue(self._entry_id))
        if not drift:
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            drift_issue(self._entry_id),
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key="drift",
            translation_placeholders={"name": self._name(), "changes": self.describe_changes(drift)},
            data={"entry_id": self._entry_id},
        )

    def describe_changes(self, drift: Mapping[str, Difference], *, to_administrator: bool = False) -> str:
        """Return a line for each change. Every user can list issues; the owner's own words are for administrators."""
        catalog = self.control.catalog
        settings = catalog.settings if catalog else {}

        def change(key: str, old: SettingValue, found: SettingValue) -> str:
            setting = settings.get(key)
            if not to_administrator and (setting is None or setting.personal):
                return _HIDDEN
            return f"{format_value(old, setting)} → {format_value(found, setting)}"

        return "\n".join(f"- {parameter_name(key)}: {change(key, *values)}" for key, values in drift.items())
