// The cells of a pack, each with what is known of it.

import { css, html, nothing, type TemplateResult } from "lit";
import { BatteryCard, type Kind } from "../base.js";
import { type CellChoice, cellStyles, cells } from "../blocks/cells.js";
import { head, headStyles } from "../blocks/head.js";
import type { Context, PackContext } from "../context.js";
import { define } from "../define.js";

const REMEMBERED = "smart-bms-scale";

export class CellsCard extends BatteryCard {
  protected override about = "cells" as const;
  static override kinds: Kind[] = ["pack"];
  private chosen: number | null = null;
  private scale: CellChoice["scale"] | undefined;

  protected card(context: Context): TemplateResult {
    const pack = context as PackContext;
    const { t } = context;
    const scale =
      this.scale ?? this.config?.scale ?? (localStorage.getItem(REMEMBERED) as CellChoice["scale"] | null) ?? "limits";
    const choice: CellChoice = {
      scale,
      chosen: this.chosen,
      choose: (number) => {
        this.chosen = number;
        this.requestUpdate();
      },
    };
    const button = (value: CellChoice["scale"]) =>
      html`<button aria-pressed=${scale === value} @click=${() => this.setScale(value)}>${t.text(value)}</button>`;
    return html`<div class="content" @keydown=${(event: KeyboardEvent) => this.move(event, pack)}>
      ${head(context)}
      <div class="scales" role="group" aria-label=${t.text("cells")}>${button("limits")}${button("difference")}</div>
      ${cells(pack, choice)}
      ${this.details(pack)}
    </div>`;
  }

  private setScale(scale: CellChoice["scale"]): void {
    this.scale = scale;
    localStorage.setItem(REMEMBERED, scale);
    this.requestUpdate();
  }

  /** One stop for the tabulator; arrows move between the cells. */
  private move(event: KeyboardEvent, { info }: PackContext): void {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 8, ArrowUp: -8 }[event.key];
    const from = this.chosen ?? 1;
    const to = event.key === "Home" ? 1 : event.key === "End" ? info.cells : step === undefined ? null : from + step;
    if (to === null || !(event.target as HTMLElement).hasAttribute("data-cell")) return;
    event.preventDefault();
    this.chosen = Math.min(info.cells, Math.max(1, to));
    this.requestUpdate();
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>(`[data-cell="${this.chosen}"]`)?.focus(),
    );
  }

  private details(pack: PackContext): TemplateResult {
    const { data, info, t, f } = pack;
    const number = this.chosen ?? data.cells.highest;
    if (number === null) return html``;
    const at = number - 1;
    const voltage = data.cells.voltages[at] ?? null;
    const { overvoltage, undervoltage } = info.cell_limits;
    const lines = [
      `${f.volts(voltage, 3)}${voltage === null || data.cells.mean === null ? "" : ` · ${f.signed(1000 * (voltage - data.cells.mean), 0, "mV")} ${t.text("from_mean")}`}`,
      voltage === null || overvoltage === null
        ? ""
        : t.text("to_limit", { value: f.millivolts(overvoltage - voltage), name: t.name("cell_overvoltage") }),
      voltage === null || undervoltage === null
        ? ""
        : t.text("to_limit", { value: f.millivolts(voltage - undervoltage), name: t.name("cell_undervoltage") }),
      data.cells.wire_resistances[at] === undefined
        ? ""
        : t.text("wire", { value: f.number(data.cells.wire_resistances[at], 3) }),
      data.cells.temperatures[at] === undefined ? "" : f.unit(data.cells.temperatures[at], 0, "°C"),
      resistance(data, at, t, f),
    ];
    const sign =
      number === data.cells.highest
        ? ` ▲ ${t.text("cell_highest")}`
        : number === data.cells.lowest
          ? ` ▼ ${t.text("cell_lowest")}`
          : "";
    // The highest cell is another one each second: only of a chosen one are the last hours asked for, and spoken of.
    return html`<div class="details"><h3 aria-live=${this.chosen === null ? "off" : "polite"}>${t.text("cell", { number })}${sign}</h3>
      ${lines.filter(Boolean).map((line) => html`<div class="small">${line}</div>`)}</div>
    ${this.chosen === null || this.hides("history") ? nothing : html`<smart-bms-history .cell=${number} .context=${pack}></smart-bms-history>`}`;
  }

  static override styles = [
    ...BatteryCard.styles,
    headStyles,
    cellStyles,
    css`
      .scales {
        display: inline-flex;
        justify-self: end;
        border: 1px solid var(--edge);
        border-radius: 20px;
        overflow: hidden;
      }
      .scales button {
        padding: 4px 14px;
        min-block-size: 40px;
        font-weight: 500;
      }
      .scales [aria-pressed="true"] {
        background: var(--ink);
        color: var(--card);
      }
      .details {
        display: grid;
        gap: 4px;
        padding: 12px;
        border-radius: 10px;
        background: var(--soft);
      }
    `,
  ];
}

function resistance(data: PackContext["data"], at: number, t: PackContext["t"], f: PackContext["f"]): string {
  const value = data.health?.resistance.values[at];
  if (value === undefined || value === null) return "";
  return `${t.text("resistance")} ${f.number(value, 2)} ± ${f.number(data.health?.resistance.uncertainties[at], 2)} mΩ`;
}

define("smart-bms-cells-card-body", CellsCard);
