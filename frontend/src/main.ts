// Registers the cards, the badge and the dashboard with Home Assistant. What is rarely needed is loaded when it is.

import { BatteryBadge } from "./cards/badge.js";
import { PackCard } from "./cards/pack.js";
import { TileCard } from "./cards/tile.js";
import { define } from "./define.js";
import type { HomeAssistant } from "./ha.js";
import { Texts } from "./i18n.js";
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

type PickerKey =
  | "bank"
  | "cells"
  | "control"
  | "energy"
  | "health"
  | "log"
  | "pack"
  | "packs"
  | "parameters"
  | "protection"
  | "tile";

/** By tag, the key of its name and description in Home Assistant's card picker. */
const NAMES: Record<string, PickerKey> = {
  "smart-bms-card": "pack",
  "smart-bms-tile-card": "tile",
  "smart-bms-packs-card": "packs",
  "smart-bms-bank-card": "bank",
  "smart-bms-cells-card": "cells",
  "smart-bms-protection-card": "protection",
  "smart-bms-health-card": "health",
  "smart-bms-energy-card": "energy",
  "smart-bms-control-card": "control",
  "smart-bms-parameters-card": "parameters",
  "smart-bms-log-card": "log",
};

/** Texts of the card picker: English until the user's language is known. */
const picker = new Texts("en");

function defineAll(): void {
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
        return { title: picker.text("batteries"), icon: "mdi:battery-heart-variant" };
      }
    },
  );
}

// Home Assistant replaces the browser's registry of elements while it starts; what was defined before is lost with the old one.
customElements.whenDefined("home-assistant").then(defineAll);

const cards = Object.entries(NAMES).map(([type, key]) => ({
  type,
  key,
  name: "",
  description: "",
  preview: true,
  documentationURL: DOCUMENTATION,
  // One suggestion for an entity is enough: it names the card that fits.
  ...(type === "smart-bms-card" ? { getEntitySuggestion: suggestion } : {}),
}));
const badge = { type: "smart-bms-badge", name: "", preview: true, documentationURL: DOCUMENTATION };
const strategy = {
  type: "smart-bms",
  strategyType: "dashboard",
  name: "Smart BMS",
  description: "",
  documentationURL: DOCUMENTATION,
};

function nameAll(): void {
  for (const card of cards) {
    card.name = picker.text(`picker_${card.key}`);
    card.description = picker.text(`picker_${card.key}_about`);
  }
  badge.name = picker.text("picker_badge");
  strategy.description = picker.text("picker_dashboard_about");
}

nameAll();
window.customCards ??= [];
window.customCards.push(...cards);
window.customBadges ??= [];
window.customBadges.push(badge);
window.customStrategies ??= [];
window.customStrategies.push(strategy);

/** Home Assistant reads the names when its picker opens: they are put in place once it says which language it speaks. */
async function translate(tries = 120): Promise<void> {
  const language = document.querySelector<HTMLElement & { hass?: HomeAssistant }>("home-assistant")?.hass?.language;
  if (language !== undefined) {
    await picker.loadOwn(language);
    nameAll();
  } else if (tries > 0) setTimeout(() => translate(tries - 1), 500);
}
translate();
