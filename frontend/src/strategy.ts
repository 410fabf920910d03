// A dashboard of all batteries, made anew from what there is whenever it is opened or a device comes or goes.

import type { Battery } from "./generated/messages.js";
import { type HomeAssistant, pageOf } from "./ha.js";
import { type Texts, textsOf } from "./i18n.js";

export interface StrategyConfig {
  type: string;
  /** Device ids that are left out. */
  hide?: string[];
}

type Card = Record<string, unknown>;

/** Return which batteries there are now, without staying subscribed. */
async function batteries(hass: HomeAssistant): Promise<Battery[]> {
  return new Promise((resolve) => {
    let end: (() => Promise<void>) | undefined;
    let found: Battery[] | undefined;
    hass.connection
      .subscribeMessage<{ batteries: Battery[] }>(
        (message) => {
          if (found !== undefined) return;
          found = message.batteries;
          resolve(found);
          if (end !== undefined) void end();
        },
        { type: "smart_bms/subscribe_batteries" },
      )
      .then((stop) => {
        end = stop;
        if (found !== undefined) void stop();
      })
      .catch(() => resolve([]));
  });
}

/** Return the dashboard as it is now. */
export async function dashboard(config: StrategyConfig, hass: HomeAssistant): Promise<object> {
  const [all, t] = await Promise.all([batteries(hass), textsOf(hass)]);
  const shown = all.filter((battery) => battery.device_id !== null && !config.hide?.includes(battery.device_id));
  return { title: t.text("batteries"), views: views(shown, t, hass.user?.is_admin ?? false) };
}

/** Return the views: an overview where there are several, then one for each bank and pack. */
export function views(shown: Battery[], t: Texts, admin: boolean): object[] {
  if (shown.length === 0) {
    return [
      {
        title: t.text("batteries"),
        path: "overview",
        icon: "mdi:battery-outline",
        cards: [card("smart-bms-packs-card", undefined)],
      },
    ];
  }
  const [only] = shown;
  if (shown.length === 1 && only !== undefined) return [battery(only, t, admin)];
  return [overview(shown, t), ...shown.map((one) => battery(one, t, admin))];
}

function card(type: string, device: string | undefined, more: Card = {}): Card {
  return { type: `custom:${type}`, ...(device === undefined ? {} : { device }), ...more };
}

function section(title: string, cards: Card[]): object {
  return { type: "grid", cards: [{ type: "heading", heading: title }, ...cards] };
}

function overview(shown: Battery[], t: Texts): object {
  const banks = shown.filter((one) => one.kind === "bank");
  const main = banks[0] ?? shown[0];
  const device = main?.device_id ?? undefined;
  const sections = [
    section(t.text("batteries"), [
      card("smart-bms-packs-card", undefined, { pages: true, grid_options: { columns: 12, rows: "auto" } }),
    ]),
    section(main?.name ?? "", [card(main?.kind === "bank" ? "smart-bms-bank-card" : "smart-bms-card", device)]),
    section(t.text("energy_today"), [
      card("smart-bms-energy-card", device),
      ...(main?.kind === "pack" ? [card("smart-bms-protection-card", device)] : []),
    ]),
  ];
  const badges = shown.map((one) => card("smart-bms-badge", one.device_id ?? undefined));
  return {
    type: "sections",
    title: t.text("overview"),
    path: "overview",
    max_columns: 3,
    header: { badges_wrap: "scroll" },
    badges,
    sections,
  };
}

function battery(one: Battery, t: Texts, admin: boolean): object {
  const device = one.device_id ?? undefined;
  const live =
    one.kind === "bank"
      ? [
          section(one.name, [card("smart-bms-bank-card", device)]),
          section(t.text("energy_today"), [card("smart-bms-energy-card", device)]),
        ]
      : [
          section(one.name, [card("smart-bms-card", device)]),
          section(t.text("protection"), [
            card("smart-bms-protection-card", device),
            card("smart-bms-energy-card", device),
          ]),
          section(t.text("health"), [card("smart-bms-health-card", device), card("smart-bms-cells-card", device)]),
          ...(admin
            ? [
                section(
                  t.text("parameters"),
                  ["control", "parameters", "log"].map((name) => card(`smart-bms-${name}-card`, device)),
                ),
              ]
            : []),
        ];
  return { type: "sections", title: one.name, path: pageOf(one.entry_id), max_columns: 3, sections: live };
}
