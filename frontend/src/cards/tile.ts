// A battery in one row, or with its ruler in four.

import { css, html, nothing, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { BatteryCard } from "../base.js";
import { cellStyles, ruler } from "../blocks/cells.js";
import { age, head, headStyles } from "../blocks/head.js";
import { icon } from "../blocks/icon.js";
import { now, nowStyles } from "../blocks/now.js";
import { statusIcon, statusStrip, statusStyles } from "../blocks/status.js";
import type { Context, PackContext } from "../context.js";
import type { GridOptions } from "../ha.js";
import { later } from "../lazy.js";
import { limitScale, place } from "../scale.js";
import { statusWords } from "../sentences.js";

export class TileCard extends BatteryCard {
  protected override landmark = "group";

  static getStubConfig(): object {
    return {};
  }

  static async getConfigForm(): Promise<object> {
    return (await later()).form("tile", []);
  }

  getCardSize(): number {
    return 1;
  }

  getGridOptions(): GridOptions {
    return { columns: 6, rows: 1, min_columns: 6, min_rows: 1, max_rows: 4 };
  }

  set layout(layout: string | undefined) {
    this.toggleAttribute("panel", layout === "panel");
  }

  protected card(context: Context): TemplateResult {
    const rows = Number(this.config?.grid_options?.rows ?? 1);
    return rows >= 4 ? summary(context) : tile(context, rows >= 2);
  }

  static override styles = [
    ...BatteryCard.styles,
    headStyles,
    nowStyles,
    statusStyles,
    cellStyles,
    css`
      :host {
        min-block-size: 56px;
      }
      .waiting {
        min-block-size: 0;
      }
    `,
    tileStyles(),
  ];
}

/** One row: level, name, what flows or what is wrong, and how old it is. */
export function tile(context: Context, withRuler = false, open = () => context.more("status")): TemplateResult {
  const { data, info, t, f, config, width } = context;
  const { status } = data;
  const calm = status.level === "well" || status.level === "info";
  const words = statusWords(status, "connection" in data ? data : {}, t, f).title;
  const soc = data.soc === null ? "" : `${f.number(data.soc)} %`;
  const power = (data.power ?? 0) > 0 ? `+${f.power(data.power)}` : f.power(data.power);
  const line =
    context.fresh && calm ? [soc, power].filter(Boolean).join(" · ") : [soc, words].filter(Boolean).join(" · ");
  return html`<button class="tile ${context.fresh ? status.level : "gone"}" @click=${open}>
      <span class="symbol">
        <i class="fill" style=${styleMap({ transform: `scaleY(${(data.soc ?? 0) / 100})` })}></i>
        ${icon(calm && context.fresh ? "mdi:battery-outline" : statusIcon(status))}
      </span>
      <span class="names"><b>${config.name ?? info.name}</b><span class="small ${calm ? "muted" : "word"}">${line}</span></span>
      ${age(context)}
      ${width >= 330 && info.kind === "pack" && !withRuler ? mini(context as PackContext) : nothing}
    </button>
    ${withRuler && info.kind === "pack" ? html`<div class="below">${ruler(context as PackContext)}</div>` : nothing}`;
}

/** Head, what flows, cells between their limits, and the status in one line. */
export function summary(context: Context): TemplateResult {
  return html`<div class="content">
    ${head(context)}${now(context, true)}
    ${context.info.kind === "pack" ? html`<div>${ruler(context as PackContext)}</div>` : nothing}
    ${statusStrip(context, true)}
  </div>`;
}

function mini({ data, info }: PackContext): TemplateResult | typeof nothing {
  const voltages = data.cells.voltages;
  const scale = limitScale(info.cell_limits, voltages);
  if (scale === null || voltages.length > 24) return nothing;
  return html`<span class="mini" aria-hidden="true">${voltages.map((voltage, index) => {
    const at = voltage === null ? 0 : place(voltage, scale);
    return html`<i class=${data.cells.marked[String(index + 1)] ?? ""} style=${styleMap({ transform: `scaleY(${at})` })}></i>`;
  })}</span>`;
}

function tileStyles() {
  return css`
    .tile {
      display: flex;
      align-items: center;
      gap: 12px;
      inline-size: 100%;
      min-block-size: 56px;
      padding: 8px 12px;
      box-sizing: border-box;
      text-align: start;
    }
    .symbol {
      position: relative;
      flex: none;
      inline-size: 36px;
      block-size: 36px;
      border-radius: 10px;
      background: var(--track);
      display: grid;
      place-items: center;
      overflow: hidden;
    }
    .symbol .fill {
      position: absolute;
      inset: 0;
      background: var(--level-soft);
      box-shadow: inset 0 2px 0 var(--level);
      transform-origin: bottom;
    }
    .symbol .icon {
      position: relative;
    }
    .hold .symbol,
    .hold .word {
      color: var(--hold);
    }
    .hold .symbol {
      box-shadow: inset 0 0 0 2px var(--hold);
    }
    .stop .symbol,
    .stop .word {
      color: var(--stop);
    }
    .stop .symbol {
      box-shadow: inset 0 0 0 2px var(--stop);
      background: var(--stop-soft);
    }
    .gone .symbol {
      background: none;
      box-shadow: inset 0 0 0 1.5px var(--edge);
    }
    .gone .fill {
      display: none;
    }
    .names {
      display: grid;
      flex: 1;
      min-inline-size: 0;
    }
    .names > * {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .names b {
      font-weight: 500;
    }
    .mini {
      display: flex;
      gap: 1px;
      block-size: 28px;
    }
    .mini i {
      inline-size: 3px;
      background: var(--level-soft);
      box-shadow: inset 0 2px 0 var(--level);
      transform-origin: bottom;
    }
    .mini .hold {
      background: var(--hold);
    }
    .mini .stop {
      background: var(--stop);
    }
    .below {
      padding: 0 16px 12px;
    }
  `;
}

export { tileStyles };
