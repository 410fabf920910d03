// A badge: icon, state of charge, and two words.

import { css, html, type TemplateResult } from "lit";
import { BatteryCard } from "../base.js";
import { icon } from "../blocks/icon.js";
import { statusIcon } from "../blocks/status.js";
import type { Context } from "../context.js";
import { later } from "../lazy.js";
import { statusWords } from "../sentences.js";

export class BatteryBadge extends BatteryCard {
  static getStubConfig(): object {
    return {};
  }

  static async getConfigForm(): Promise<object> {
    return (await later()).form("badge", []);
  }

  protected card(context: Context): TemplateResult {
    const { data, info, t, f, config } = context;
    const calm = data.status.level === "well" || data.status.level === "info";
    const words = calm && context.fresh ? (config.name ?? info.name) : statusWords(data.status, {}, t, f).title;
    return html`<button class="badge ${context.fresh ? data.status.level : "gone"}" @click=${() => context.more("soc")}>
      ${icon(calm && context.fresh ? "mdi:battery-outline" : statusIcon(data.status))}
      <span><b>${data.soc === null ? "–" : `${f.number(data.soc)} %`}</b><span class="words">${words}</span></span>
    </button>`;
  }

  protected override shell(content: TemplateResult, name: string): TemplateResult {
    return html`<div role="group" aria-label=${name}>${content}</div>`;
  }

  static override styles = [
    ...BatteryCard.styles,
    css`
      .badge {
        display: flex;
        align-items: center;
        gap: 8px;
        min-block-size: 36px;
        padding: 2px 12px;
        border: 1px solid var(--line);
        border-radius: 18px;
        background: var(--card);
        font-size: 12px;
        line-height: 1.2;
        text-align: start;
      }
      /* Badges stand in one row: one that still waits must not be taller than the others. */
      .waiting {
        min-block-size: 36px;
        padding: 0;
      }
      .badge > span {
        display: grid;
      }
      .badge b {
        font-weight: 500;
      }
      .words {
        max-inline-size: 22em;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .hold {
        border: 2px solid var(--hold);
        color: var(--hold);
      }
      .stop {
        border: 2px solid var(--stop);
        color: var(--stop);
      }
      .gone {
        border-style: dashed;
        border-color: var(--edge);
      }
    `,
  ];
}
