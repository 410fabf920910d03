// What went in and out today, counted at every reading.

import { css, html, nothing, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { BatteryCard } from "../base.js";
import { head, headStyles } from "../blocks/head.js";
import { icon } from "../blocks/icon.js";
import { moreStyles } from "../blocks/more.js";
import type { Context } from "../context.js";
import { define } from "../define.js";
import type { Energy } from "../generated/messages.js";

export class EnergyCard extends BatteryCard {
  protected override about = "energy_today" as const;
  protected card(context: Context): TemplateResult {
    const { t, data, info } = context;
    return html`<div class="content">
      ${head(context, t.text("energy_today"), info.name)}
      ${data.energy === null ? html`<div class="muted">${t.text("no_current")}</div>` : body(data.energy, context)}
    </div>`;
  }

  static override styles = [
    ...BatteryCard.styles,
    headStyles,
    moreStyles,
    css`
      .both {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 8px 12px;
        align-items: center;
      }
      .both .what {
        display: inline-flex;
        gap: 6px;
        align-items: center;
      }
      .both .track {
        block-size: 12px;
      }
      .track > i {
        inset-inline: 0;
        transform-origin: left;
      }
      :host([dir="rtl"]) .track > i {
        transform-origin: right;
      }
      .in {
        background: var(--in);
      }
      .out {
        background: var(--out);
      }
    `,
  ];
}

function body(energy: Energy, { t, f }: Context): TemplateResult {
  const most = Math.max(energy.charged_today, energy.discharged_today, 1);
  const bar = (value: number, name: string) =>
    html`<div class="track" aria-hidden="true"><i class=${name} style=${styleMap({ transform: `scaleX(${value / most})` })}></i></div>`;
  return html`<div class="both">
      <span class="what">${icon("mdi:tray-arrow-down")}${t.text("energy_charged", { value: f.energy(energy.charged_today) })}</span>${bar(energy.charged_today, "in")}
      <span class="what">${icon("mdi:tray-arrow-up")}${t.text("energy_discharged", { value: f.energy(energy.discharged_today) })}</span>${bar(energy.discharged_today, "out")}
    </div>
    <div class="small muted">${t.text("energy_total", { charged: f.energy(energy.charged), discharged: f.energy(energy.discharged) })}${
      energy.efficiency === null ? nothing : html` · ${t.text("efficiency", { value: f.number(energy.efficiency, 1) })}`
    }</div>`;
}

define("smart-bms-energy-card-body", EnergyCard);
