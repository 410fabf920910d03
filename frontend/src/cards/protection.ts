// How far each protection of a pack is from its limit.

import { css, html, nothing, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { BatteryCard, type Kind } from "../base.js";
import { directionStyles, directions } from "../blocks/directions.js";
import { head, headStyles } from "../blocks/head.js";
import { icon } from "../blocks/icon.js";
import { statusStrip, statusStyles } from "../blocks/status.js";
import type { Context, PackContext } from "../context.js";
import { define } from "../define.js";
import type { Protection } from "../generated/messages.js";
import { protectionLine } from "../scale.js";

const SHOWN = 4;

export class ProtectionCard extends BatteryCard {
  protected override about = "protection" as const;
  static override kinds: Kind[] = ["pack"];
  private all = false;

  protected card(context: Context): TemplateResult {
    const { data, t, f, info } = context as PackContext;
    const shown = this.all ? data.protections : data.protections.slice(0, SHOWN);
    const rest = data.protections.length - shown.length;
    return html`<div class="content">
      ${head(context, t.text("protection"), info.name)}
      ${data.status.rank <= 6 ? statusStrip(context) : nothing}
      ${directions(context, true)}
      ${data.charge_voltage_limit === null || !context.fresh ? nothing : html`<div class="small">${t.text("charge_to", { value: f.volts(data.charge_voltage_limit) })}</div>`}
      <div>${shown.map((protection) => line(protection, context as PackContext))}</div>
      ${
        rest > 0
          ? html`<button class="button" @click=${() => this.show()}>${t.text("far_away", { count: rest })}</button>`
          : nothing
      }
      ${data.protections.length === 0 ? html`<div class="muted">${t.text("not_known")}</div>` : html`<div class="small muted">${t.text("right_end")} · <i class="swatch"></i>${t.text("stays_off")}</div>`}
    </div>`;
  }

  private show(): void {
    this.all = true;
    this.requestUpdate();
  }

  static override styles = [
    ...BatteryCard.styles,
    headStyles,
    statusStyles,
    directionStyles,
    css`
      .protection {
        display: grid;
        gap: 4px;
        padding-block: 10px;
        border-block-end: 1px solid var(--line);
      }
      .protection:last-child {
        border: 0;
      }
      .protection b {
        font-weight: 500;
      }
      .protection .what {
        display: inline-flex;
        gap: 6px;
        align-items: baseline;
      }
      .bar {
        position: relative;
        block-size: 8px;
        border-start-start-radius: 4px;
        border-end-start-radius: 4px;
        background: var(--track);
        border-inline-end: 2px solid var(--ink);
      }
      .bar > * {
        position: absolute;
        inset-block: 0;
      }
      .bar .release,
      .swatch {
        background: var(--hatch);
      }
      .bar .way {
        inset-inline-start: 0;
        inset-block: 2px;
        background: var(--ink2);
      }
      .bar .point {
        inline-size: 10px;
        block-size: 10px;
        inset-block: -1px;
        margin-inline-start: -5px;
        border-radius: 50%;
        background: var(--ink2);
      }
      .pending .point,
      .pending .way {
        background: var(--hold);
      }
      .pending .icon,
      .pending b {
        color: var(--hold);
      }
      .tripped .point {
        background: var(--stop);
        border-radius: 0;
        transform: rotate(45deg);
      }
      .tripped .way {
        background: var(--stop);
      }
      .tripped .icon,
      .tripped b {
        color: var(--stop);
      }
      .swatch {
        display: inline-block;
        inline-size: 12px;
        block-size: 10px;
        margin-inline-end: 4px;
      }
    `,
  ];
}

function line(protection: Protection, { t, f }: PackContext): TemplateResult {
  const { state, key, value, limit, release, unit, margin, seconds, cell, uncertainty } = protection;
  const on = state === "clear" && seconds !== null ? "pending" : state;
  const path = {
    clear: "mdi:minus",
    pending: "mdi:clock-outline",
    tripped: "mdi:rhombus-outline",
    unknown: "mdi:information-outline",
  }[on];
  const drawn = protectionLine(protection);
  const words =
    state === "tripped"
      ? t.text("tripped")
      : state === "pending"
        ? t.text("trips_in", { time: t.time(seconds ?? 0) })
        : seconds !== null
          ? uncertainty
            ? t.text("in_time_sure", { time: t.time(seconds), uncertainty: t.time(uncertainty) })
            : t.text("in_time", { time: t.time(seconds) })
          : state === "unknown"
            ? t.text("not_known")
            : t.text("left", { value: f.value(margin, unit) });
  const where = cell === null ? f.value(value, unit) : `${t.text("cell", { number: cell })}: ${f.value(value, unit)}`;
  const back =
    release === null
      ? f.value(limit, unit)
      : `${f.value(limit, unit)}, ${t.text("recovers", { values: f.value(release, unit) })}`;
  return html`<div class="protection ${on}" role="group" aria-label=${`${t.name(key)}: ${words}`}>
    <div class="row"><span class="what">${icon(path)}${t.name(key)}</span><b>${words}</b></div>
    ${
      drawn === null
        ? nothing
        : html`<div class="bar" aria-hidden="true">
          ${drawn.release === null ? nothing : html`<i class="release" style=${styleMap({ "inset-inline": `${100 * drawn.release.from}% 0` })}></i>`}
          <i class="way" style=${styleMap({ "inline-size": `${100 * drawn.at}%` })}></i>
          <i class="point" style=${styleMap({ "inset-inline-start": `${100 * drawn.at}%` })}></i>
        </div>`
    }
    <div class="row small muted"><span>${where}</span><span>${back}</span></div>
  </div>`;
}

define("smart-bms-protection-card-body", ProtectionCard);
