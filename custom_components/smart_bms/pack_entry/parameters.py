"""The parameters of a pack in Home Assistant: the stored write log, an event for each record, the drift issue."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..bms.pack import Pack
from ..bms.settings import Setting
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
from ..control.write_log import WriteLog, WriteRecord
from ..control.writer import ParameterWriter
from ..storage.pack_store import LEARNED, PROTECTION, TEMPORARY, pack_store
from ..storage.profiles import async_profiles
from ..texts import fill_text, parameter_name
from .default_password_issue import async_set_default_password
from .drift_issue import HIDDEN, async_create_drift_issue, async_delete_drift_issue

MAX_AGE_SHOWN: Final = 900.0
"""s for which a parameter is shown without a connection; connected packs are read every ten minutes or so."""
_SAVE_DELAY: Final = 1.0
"""s after which a change is saved, together with those that come meanwhile."""


async def async_request(hass: HomeAssistant, context: Context | None, source: str, **flags: bool) -> WriteRequest:
    """Return a write request of the context's user; `source` is what asked: a platform, an action, a repair."""
    user_id = context.user_id if context else None
    user = await hass.auth.async_get_user(user_id) if user_id else None
    return WriteRequest(source=source, user_id=user_id, user=user.name if user else None, context=context, **flags)


def _reading_options(pack: Pack) -> dict[str, str]:
    """Return the options that decide how the pack's values are read."""
    options = pack.context.options
    return {
        option.key: str(options.get(option.key, option.choices[0])) for option in pack.family.options if option.choices
    }


class Parameters:
    """The parameters of one pack: their writer, and what is stored, reported and shown of them."""

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
        """`name` returns the pack's name, which users change; `kept` is the content of the pack's store.

        `options` are those about control; `protection` returns the state of the protections that is stored.
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
        self._reading_options = _reading_options(pack)
        # The intended values are other numbers if the pack is read in another way now.
        same = kept.get("reading", self._reading_options) == self._reading_options
        self.writer = ParameterWriter(
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
            on_record=self._async_record,
            on_drift=self._async_drift,
            temporary=kept.get(TEMPORARY),
        )

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Read the parameters at an interval; return what stops that."""

        async def refresh(_: Any) -> None:
            """Read the parameters."""
            await self.writer.refresh()

        return async_track_time_interval(self._hass, refresh, self._interval, cancel_on_shutdown=True)

    @callback
    def async_settings_read(self) -> None:
        """Compare the parameters that were read with the intended ones, and update the issues."""
        settings, identity = self._pack.current_settings, self._pack.last_identity
        if settings is None or identity is None:
            return
        before = dict(self.writer.baseline.values)
        self.writer.handle_settings(settings)
        if not self.writer.drift:
            # An issue of before a reload may be settled meanwhile.
            async_delete_drift_issue(self._hass, self._entry_id)
        if self.writer.baseline.values != before:
            self._store.async_delay_save(self._stored_data, _SAVE_DELAY)
        default = identity.details.get("default_password")
        if isinstance(default, bool) and self._pack.family.password_protects and not self._simulated:
            async_set_default_password(self._hass, self._entry_id, default=default)

    @callback
    def async_update_counters(self, counters: Mapping[str, int]) -> None:
        """Update the totals of how often each protection has tripped, as the pack counts."""
        if counters and self.counter_totals.update(counters):
            self._store.async_delay_save(self._stored_data, _SAVE_DELAY)

    @callback
    def async_save_learned(self) -> None:
        """Save what the sessions learned of the pack, if it changed."""
        if self._pack.context.learned != self._learned:
            self._learned = deepcopy(self._pack.context.learned)
            self._store.async_delay_save(self._stored_data, _SAVE_DELAY)

    @callback
    def async_schedule_save(self) -> None:
        """Save the state of the protections soon."""
        self._store.async_delay_save(self._stored_data, _SAVE_DELAY)

    async def async_finish(self) -> None:
        """Wait until all writes have ended, and save."""
        await self.writer.finish()
        await self._async_save()

    def _stored_data(self) -> dict[str, Any]:
        """Return the content of the pack's store."""
        return {
            "records": self.writer.write_log.as_list(),
            "baseline": self.writer.baseline.values,
            "tally": self.counter_totals.as_dict(),
            LEARNED: self._pack.context.learned,
            "reading": self._reading_options,
            PROTECTION: self._protection(),
            TEMPORARY: self.writer.temporary.as_dict(),
        }

    async def _async_save(self) -> None:
        """Save now; a write is only sent after it was logged on disk."""
        await self._store.async_save(self._stored_data())

    async def _async_backup(self, command: str) -> None:
        """Store all parameters as a profile before a command that changes many."""
        at = dt_util.now().strftime("%Y-%m-%d %H:%M")
        placeholders = {"name": self._name(), "command": parameter_name(self._hass, command), "time": at}
        await self.async_backup(
            fill_text(self._hass, "selector.text.options.backup_before", placeholders), automatic=True
        )

    async def async_backup(self, name: str, *, automatic: bool = False) -> Profile:
        """Store all parameters as a profile; of automatic ones only the newest stay. Raises RejectedError."""
        simulated_entry = self._entry_id if self._simulated else None
        automatic_entry = self._entry_id if automatic else None
        return await async_profiles(self._hass).async_backup(self._pack, name, simulated_entry, automatic_entry)

    @callback
    def _async_record(self, record: WriteRecord, context: Context | None) -> None:
        """Save the write log, and fire the event of which the logbook makes its entry."""
        self._store.async_delay_save(self._stored_data, _SAVE_DELAY)
        device = dr.async_get(self._hass).async_get_device_by_identifier((DOMAIN, self._address), self._entry_id)
        self._hass.bus.async_fire(
            EVENT_PARAMETER,
            {
                "device_id": device.id if device else None,
                "name": self._name(),
                "parameter": record.parameter,
                **dict.fromkeys(("old", "new", "found"), HIDDEN),
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
        """Return the description of the parameter of a record; None if it is unknown."""
        catalog = self.writer.catalog
        return catalog.settings.get(record.parameter) if catalog else None

    def _is_personal(self, record: WriteRecord) -> bool:
        """Return whether the values of a record may only be shown to administrators."""
        setting = self._setting(record)
        return setting is None or setting.personal

    def _unit(self, record: WriteRecord) -> str:
        """Return the unit of the values of a record."""
        setting = self._setting(record)
        return str(setting.unit) if setting else ""

    @callback
    def _async_drift(self, drift: Mapping[str, Difference], is_new: bool) -> None:
        """Create, update or delete the issue about what differs from the intended values."""
        if is_new or not drift:
            # A new change must be seen even if the issue about an earlier one was ignored.
            async_delete_drift_issue(self._hass, self._entry_id)
        if drift:
            async_create_drift_issue(self._hass, self._entry_id, self._name(), drift, self.writer.catalog)
