// The card of a pack: is it well, how full, what flows, what may it do, which cell, and how old is this.

import { css, html, nothing, type TemplateResult } from "lit";
import { BatteryCard, type Kind } from "../base.js";
import { cellStyles, cells, ruler } from "../blocks/cells.js";
import { directionStyles, directions } from "../blocks/directions.js";
import { head, headStyles } from "../blocks/head.js";
import { balancing, energyFlow, moreStyles, temperatures } from "../blocks/more.js";
import { now, nowStyles } from "../blocks/now.js";
import { statusStrip, statusStyles } from "../blocks/status.js";
import type { Context, PackContext } from "../context.js";
import type { GridOptions } from "../ha.js";
import { later } from "../lazy.js";

export const BLOCKS = ["status", "limits", "cells", "balancing", "temperatures", "flow", "history"] as const;

export class PackCard extends BatteryCard {
  static override kinds: Kind[] = ["pack"];

  static getStubConfig(): object {
    return {};
  }

  static async getConfigForm(): Promise<object> {
    return (await later()).form("pack", BLOCKS);
  }

  getCardSize(): number {
    return 8;
  }

  getGridOptions(): GridOptions {
    return { columns: 12, rows: "auto", min_columns: 6 };
  }

  protected override firstUpdated(): void {
    // The lines of the last hours come after everything that is known now.
    void later();
  }

  protected card(context: Context): TemplateResult {
    return packContent(context as PackContext, (block) => this.hides(block), this.width < 300);
  }

  static override styles = [
    ...BatteryCard.styles,
    headStyles,
    nowStyles,
    statusStyles,
    directionStyles,
    cellStyles,
    moreStyles,
    css`
      .halves {
        display: grid;
        gap: 14px;
        align-content: start;
      }
      @container (min-width: 700px) {
        .content.pack {
          grid-template-columns: minmax(0, 2fr) minmax(0, 3fr);
          column-gap: 28px;
        }
      }
      .simulated::before {
        content: "";
        position: absolute;
        inset: 0 0 auto;
        block-size: 5px;
        background: var(--hatch);
      }
    `,
  ];
}

export function packContent(context: PackContext, hides: (block: string) => boolean, small: boolean): TemplateResult {
  const { data, info } = context;
  const shows = (block: string, content: () => TemplateResult | typeof nothing) => (hides(block) ? nothing : content());
  const flow = data.flow !== null && !hides("flow") ? data.flow : null;
  return html`<div class="content pack ${info.simulated ? "simulated" : ""}">
    <div class="halves">
      ${head(context)}
      ${flow === null ? now(context) : energyFlow(context, flow)}
      ${shows("status", () => statusStrip(context))}
      ${shows("limits", () => directions(context))}
    </div>
    <div class="halves">
      ${shows("cells", () => (small ? html`<div>${ruler(context)}</div>` : cells(context)))}
      ${small ? nothing : shows("balancing", () => balancing(context))}
      ${small ? nothing : shows("temperatures", () => temperatures(context))}
      ${small ? nothing : shows("history", () => html`<smart-bms-history .context=${context}></smart-bms-history>`)}
    </div>
  </div>`;
}
