"""Numbers of how full and how empty a battery is wanted: they belong to the owner, not to the pack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.number import NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.const import EntityCategory, UnitOfRatio, UnitOfTime
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.device_registry import DeviceInfo

from ..const import DOMAIN
from ..pack_entry.publishing import Quantity, Value
from ..pack_entry.push_coordinator import PushCoordinator
from ..protection.soc_plan import HIGHEST, LEAST_WINDOW
from .published import PublishedEntity


@dataclass(frozen=True, kw_only=True)
class SocPlanNumberDescription(NumberEntityDescription):
    """A number, and the part of the plan that it shows and changes."""

    part: str


def _described(
    key: str, part: str, unit: str, lowest: float = 0.0, *, enabled: bool = True
) -> SocPlanNumberDescription:
    """Return the description of a number."""
    return SocPlanNumberDescription(
        key=key,
        translation_key=key,
        part=part,
        native_unit_of_measurement=unit,
        native_min_value=lowest,
        native_max_value=HIGHEST[part],
        native_step=1,
        mode=NumberMode.BOX,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=enabled,
    )


SOC_PLAN_NUMBERS: Final = (
    _described("target_soc", "target", UnitOfRatio.PERCENTAGE, 20),
    _described("discharge_floor", "floor", UnitOfRatio.PERCENTAGE),
    _described("full_every", "full_every", UnitOfTime.DAYS, enabled=False),
    _described("chosen_soc", "chosen", UnitOfRatio.PERCENTAGE, enabled=False),
)


class SocPlanNumber(PublishedEntity[PushCoordinator[Any]], NumberEntity):
    """One part of the plan of a pack or bank."""

    entity_description: SocPlanNumberDescription

    def __init__(
        self,
        coordinator: PushCoordinator[Any],
        description: SocPlanNumberDescription,
        *,
        unique_id: str,
        device_info: DeviceInfo,
        attribution: str | None,
    ) -> None:
        """Show what the description says."""
        self._attr_attribution = attribution
        super().__init__(
            coordinator,
            description,
            Quantity.STATE,
            unique_id=f"{unique_id}_{description.key}",
            device_info=device_info,
            always=True,
        )

    @override
    def current_value(self) -> Value:
        """Return what is wanted now."""
        value: float = getattr(self.coordinator.plan, self.entity_description.part)
        return value

    @property
    @override
    def native_value(self) -> float | None:
        """Return what was published last."""
        value = self._filter.value
        return value if isinstance(value, (int, float)) else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Want another value from now on. Raises ServiceValidationError if floor and target would meet."""
        part = self.entity_description.part
        wanted: Mapping[str, float] = self.coordinator.plan.as_dict() | {part: value}
        # Also what is no number at all is none of the values that are apart enough.
        if not wanted["target"] - wanted["floor"] >= LEAST_WINDOW:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="target_near_floor",
                translation_placeholders={
                    "target": f"{wanted['target']:.0f}",
                    "floor": f"{wanted['floor']:.0f}",
                    "least": f"{LEAST_WINDOW:.0f}",
                },
            )
        self.coordinator.async_change_plan(**{part: value})
