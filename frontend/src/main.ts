// Registers the cards, the badge and the dashboard with Home Assistant. What is rarely needed is loaded when it is.

import { BatteryBadge } from "./cards/badge.js";
import { PackCard } from "./cards/pack.js";
import { TileCard } from "./cards/tile.js";
import { define } from "./define.js";
import type { HomeAssistant } from "./ha.js";
import { type LazyCard, later, lazyCard } from "./lazy.js";
import type { StrategyConfig } from "./strategy.js";
import { suggestion } from "./suggest.js";

const DOCUMENTATION = "https://github.com/smart-bms/smart-bms/blob/main/docs/card.md";
const GRID = { columns: 12, rows: "auto", min_columns: 6 } as const;

const LATER: Record<string, LazyCard> = {
  "smart-bms-cells-card": { grid: GRID, size: 6, blocks: ["history"], kind: "cells" },
  "smart-bms-protection-card": {
    grid: GRID,
    size: 7,
    blocks: [],
    kind: "pack",
  },
  "smart-bms-health-card": { grid: GRID, size: 8, blocks: [], kind: "pack" },
  "smart-bms-bank-card": { grid: GRID, size: 8, blocks: [], kind: "bank" },
  "smart-bms-packs-card": { grid: GRID, size: 6, blocks: [], kind: "packs" },
  "smart-bms-energy-card": { grid: GRID, size: 3, blocks: [], kind: "energy" },
  "smart-bms-control-card": { grid: GRID, size: 4, blocks: [], kind: "pack" },
  "smart-bms-parameters-card": {
    grid: GRID,
    size: 10,
    blocks: [],
    kind: "pack",
  },
  "smart-bms-log-card": { grid: GRID, size: 5, blocks: [], kind: "pack" },
};

const NAMES: Record<string, [string, string]> = {
  "smart-bms-card": [
    "Smart BMS battery pack",
    "State of charge, power, what may flow, and each cell between its limits",
  ],
  "smart-bms-tile-card": ["Smart BMS tile", "A battery in one row"],
  "smart-bms-packs-card": ["Smart BMS batteries", "All packs and banks, worst first"],
  "smart-bms-bank-card": ["Smart BMS bank", "Several packs as one battery"],
  "smart-bms-cells-card": ["Smart BMS cells", "Each cell between its limits"],
  "smart-bms-protection-card": ["Smart BMS protection", "How far each protection is from its limit"],
  "smart-bms-health-card": [
    "Smart BMS cell health",
    "Resistance, voltage difference and capacity, and what they rest on",
  ],
  "smart-bms-energy-card": ["Smart BMS energy", "What went in and out today"],
  "smart-bms-control-card": ["Smart BMS controls", "Switches, confirmed by the pack"],
  "smart-bms-parameters-card": ["Smart BMS parameters", "What the pack is set to"],
  "smart-bms-log-card": ["Smart BMS write log", "What was written to the pack"],
};

define("smart-bms-card", PackCard);
define("smart-bms-tile-card", TileCard);
define("smart-bms-badge", BatteryBadge);
for (const [tag, card] of Object.entries(LATER)) define(tag, lazyCard(tag, card));
define(
  "ll-strategy-dashboard-smart-bms",
  class extends HTMLElement {
    static registryDependencies = ["devices", "entities"];

    static async generate(config: StrategyConfig, hass: HomeAssistant): Promise<object> {
      return (await later()).dashboard(config, hass);
    }

    static getCreateSuggestions(): object {
      return { title: "Batteries", icon: "mdi:battery-heart-variant" };
    }
  },
);

window.customCards ??= [];
for (const [type, [name, description]] of Object.entries(NAMES)) {
  window.customCards.push({
    type,
    name,
    description,
    preview: true,
    documentationURL: DOCUMENTATION,
    // One suggestion for an entity is enough: it names the card that fits.
    ...(type === "smart-bms-card" ? { getEntitySuggestion: suggestion } : {}),
  });
}
window.customBadges ??= [];
window.customBadges.push({
  type: "smart-bms-badge",
  name: "Smart BMS battery",
  preview: true,
  documentationURL: DOCUMENTATION,
});
window.customStrategies ??= [];
window.customStrategies.push({
  type: "smart-bms",
  strategyType: "dashboard",
  name: "Smart BMS",
  description: "All batteries, worst first, and a page for each",
  documentationURL: DOCUMENTATION,
});
