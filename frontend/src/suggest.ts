// Which card fits to an entity of ours, for Home Assistant's card picker.

import { BANK, type HomeAssistant, type Suggestion } from "./ha.js";

const CELLS = /^cell_|^alarm_cell|^voltage_of_cell/;
const PROTECTION = /protection|_allowed$|_limit$|mismatch|disagreement/;
const HEALTH =
  /^(?!alarm_).*(?:resistance|imbalance|consistency|learn|self_discharge|soc_drift|full_cycles|efficiency)/;

/** Return the card for an entity; null if it is not ours. */
export function suggestion(hass: HomeAssistant, entityId: string): Suggestion | null {
  const entity = hass.entities[entityId];
  if (entity?.platform !== "smart_bms" || entity.device_id === undefined) return null;
  const key = entity.translation_key ?? "";
  const bank = hass.devices[entity.device_id]?.manufacturer === BANK;
  const type = bank
    ? "smart-bms-bank-card"
    : PROTECTION.test(key)
      ? "smart-bms-protection-card"
      : HEALTH.test(key)
        ? "smart-bms-health-card"
        : CELLS.test(key)
          ? "smart-bms-cells-card"
          : "smart-bms-card";
  return { label: "Smart BMS", config: { type: `custom:${type}`, device: entity.device_id } };
}
