// What was learned of a pack's cells, with its evidence.

import { css, html, nothing, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { BatteryCard, type Kind } from "../base.js";
import { head, headStyles } from "../blocks/head.js";
import { icon } from "../blocks/icon.js";
import { moreStyles } from "../blocks/more.js";
import { statusStyles } from "../blocks/status.js";
import type { Context, PackContext } from "../context.js";
import { define } from "../define.js";
import type { CellHealth } from "../generated/messages.js";
import { clamp } from "../scale.js";

export class HealthCard extends BatteryCard {
  protected override about = "health" as const;
  static override kinds: Kind[] = ["pack"];

  protected card(context: Context): TemplateResult {
    const pack = context as PackContext;
    const { t, info } = pack;
    const health = pack.data.health;
    return html`<div class="content">
      ${head(context, t.text("health"), info.name)}
      ${health === null ? html`<div class="muted">${t.text("no_current")}</div>` : body(health, pack)}
    </div>`;
  }

  static override styles = [
    ...BatteryCard.styles,
    headStyles,
    statusStyles,
    moreStyles,
    css`
      section {
        display: grid;
        gap: 8px;
      }
      .dots {
        display: grid;
        grid-template-columns: repeat(8, 1fr);
        gap: 8px 0;
        text-align: center;
      }
      .dot .place {
        position: relative;
        display: block;
        block-size: 44px;
        background: linear-gradient(var(--line), var(--line)) center / 100% 1px no-repeat;
      }
      .dot .range {
        position: absolute;
        inset-inline: calc(50% - 0.75px);
        background: var(--ink2);
      }
      .dot .mark {
        position: absolute;
        inset-inline-start: calc(50% - 5px);
        inline-size: 10px;
        block-size: 10px;
        margin-block-end: -5px;
        border-radius: 50%;
        background: var(--level);
      }
      .dot.weak .mark {
        border-radius: 0;
        transform: rotate(45deg);
        background: var(--hold);
      }
      .dot.weak {
        color: var(--hold);
        font-weight: 700;
      }
      .capacity > i {
        inset-inline: 0;
        background: var(--level);
        transform-origin: left;
      }
      :host([dir="rtl"]) .capacity > i {
        transform-origin: right;
      }
      .capacity {
        block-size: 14px;
      }
      dl {
        display: grid;
        grid-template-columns: 1fr auto;
        gap: 4px 12px;
        margin: 0;
      }
      dd {
        margin: 0;
        font-weight: 500;
      }
    `,
  ];
}

function body(health: CellHealth, context: PackContext): TemplateResult {
  const { t, f } = context;
  const verdict =
    health.consistent === null
      ? nothing
      : health.consistent
        ? html`<div class="strip well">${icon("mdi:check")}<div class="title">${t.text("cells_alike")}</div></div>`
        : html`<div class="strip hold" role="status">${icon("mdi:alert-outline")}<div class="title">${t.text("cells_doubtful", { cells: health.weakest.join(", ") })}</div></div>`;
  const occasions = (["full", "rest", "load"] as const).filter((key) => health.imbalance[key] !== undefined);
  return html`${verdict}
    <section><div class="row"><h3>${t.text("resistance")}</h3><span class="small muted">${t.text("resistance_steps", { count: health.resistance.steps })}</span></div>
      ${resistances(health, context)}</section>
    <section><h3>${t.text("imbalance")}</h3>
      ${
        occasions.length === 0
          ? html`<div class="small muted">${t.text("imbalance_waits")}</div>`
          : html`<dl>${occasions.map((key) => html`<dt>${t.text(`imbalance_${key}`)}</dt><dd>${f.millivolts(health.imbalance[key])}</dd>`)}</dl>`
      }</section>
    <section><h3>${t.text("capacity")}</h3>${capacity(health, context)}</section>
    ${
      health.days_since_full === null
        ? nothing
        : html`<div class="line"><span>${icon("mdi:clock-outline")}${
            health.soc_drift === null
              ? t.text("since_full", { time: t.time(86_400 * health.days_since_full) })
              : t.text("since_full_drift", {
                  time: t.time(86_400 * health.days_since_full),
                  value: f.number(health.soc_drift, 1),
                })
          }</span></div>`
    }`;
}

function resistances(health: CellHealth, { t, f }: PackContext): TemplateResult {
  const { values, uncertainties, steps } = health.resistance;
  const known = values.filter((value): value is number => value !== null);
  if (known.length === 0) return html`<div class="small muted">${t.text("resistance_waits", { count: steps })}</div>`;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const reach = Math.max(...known.map((value) => Math.abs(value - mean)), mean / 4);
  const at = (value: number) => 100 * clamp(0.5 + (0.4 * (value - mean)) / reach);
  return html`<div class="small muted">${t.text("resistance_mean", { value: f.number(mean, 2) })}</div>
    <div class="dots small" role="list">${values.map((value, index) => {
      const uncertainty = uncertainties[index] ?? 0;
      const weak = health.weakest.includes(index + 1);
      return html`<div class="dot ${weak ? "weak" : ""}" role="listitem" aria-label=${`${t.text("cell", { number: index + 1 })}: ${f.unit(value, 2, "mΩ")}`}>
        <span class="muted">${index + 1}</span>
        <span class="place">${
          value === null
            ? nothing
            : html`<i class="range" style=${styleMap({ "inset-block": `${100 - at(value + uncertainty)}% ${at(value - uncertainty)}%` })}></i>
              <i class="mark" style=${styleMap({ "inset-block-end": `${at(value)}%` })}></i>`
        }</span>${f.number(value, 2)}</div>`;
    })}</div>`;
}

function capacity(health: CellHealth, { t, f }: PackContext): TemplateResult {
  const { learned_capacity: learned, design_capacity: design } = health;
  if (learned === null) return html`<div class="small muted">${t.text("capacity_waits")}</div>`;
  return html`${
    design
      ? html`<div class="track capacity" aria-hidden="true"><i style=${styleMap({ transform: `scaleX(${clamp(learned / design)})` })}></i></div>`
      : nothing
  }<div class="row small"><span>${t.text("capacity_learned", { value: f.number(learned, 1) })}</span>
    <span class="muted">${design ? `${t.text("capacity_design", { value: f.number(design) })} · ${f.number((100 * learned) / design)} %` : nothing}</span></div>`;
}

define("smart-bms-health-card-body", HealthCard);
