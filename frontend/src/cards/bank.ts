// A bank: the sum, what it may do, and its packs, worst first.

import { css, html, nothing, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { BatteryCard, type Kind } from "../base.js";
import { cellStyles } from "../blocks/cells.js";
import { directionStyles, directions } from "../blocks/directions.js";
import { head, headStyles } from "../blocks/head.js";
import { icon } from "../blocks/icon.js";
import { now, nowStyles } from "../blocks/now.js";
import { statusIcon, statusStrip, statusStyles } from "../blocks/status.js";
import type { BankContext, Context } from "../context.js";
import { define } from "../define.js";
import type { BankMemberData } from "../generated/messages.js";
import { clamp, limitScale, place } from "../scale.js";
import { statusWords } from "../sentences.js";

const SETTLED = 30_000; // ms for which an order stays: nothing moves under a finger

export class BankCard extends BatteryCard {
  static override kinds: Kind[] = ["bank"];
  private order: string[] = [];
  private orderedAt = Number.NEGATIVE_INFINITY;

  protected card(context: Context): TemplateResult {
    const bank = context as BankContext;
    const { data, t } = bank;
    return html`<div class="content">
      ${head(context)}${now(context)}${statusStrip(context)}${directions(context)}
      <div>${this.sorted(data.members).map((member) => row(member, bank))}</div>
      <div class="small muted">${data.members.length > 1 ? t.text("worst_first") : nothing}</div>
    </div>`;
  }

  /** Worst first; the order changes only with how bad it is, and not too often. */
  private sorted(members: BankMemberData[]): BankMemberData[] {
    const wanted = [...members].sort((one, other) => weight(one) - weight(other)).map((member) => member.entry_id);
    const held = this.matches(":hover, :focus-within") || performance.now() - this.orderedAt < SETTLED;
    const same = this.order.length === wanted.length && wanted.every((id) => this.order.includes(id));
    if (!same || !held) {
      if (wanted.join() !== this.order.join()) this.orderedAt = performance.now();
      this.order = wanted;
    }
    return this.order.flatMap((id) => members.filter((member) => member.entry_id === id));
  }

  static override styles = [
    ...BatteryCard.styles,
    headStyles,
    nowStyles,
    statusStyles,
    directionStyles,
    cellStyles,
    css`
      .member {
        display: grid;
        gap: 6px;
        padding-block: 10px;
        border-block-start: 1px solid var(--line);
      }
      .member .what {
        display: inline-flex;
        align-items: baseline;
        gap: 6px;
        font-weight: 500;
      }
      .share > i {
        inset-inline: 0;
        transform-origin: left;
      }
      .share .in {
        background: var(--in);
      }
      .share .out {
        background: var(--out);
      }
      :host([dir="rtl"]) .share > i {
        transform-origin: right;
      }
      .share .fair {
        inline-size: 2px;
        background: var(--ink);
      }
    `,
  ];
}

function weight(member: BankMemberData): number {
  // A pack out of reach comes behind one that has cut off.
  const rank = member.status?.rank ?? 2;
  return rank <= 2 ? rank + 3.5 : rank;
}

function row(member: BankMemberData, { t, f }: BankContext): TemplateResult {
  const scale = member.cell_limits === null ? null : limitScale(member.cell_limits, [member.lowest, member.highest]);
  const words = member.counted
    ? member.status === null
      ? ""
      : statusWords(member.status, {}, t, f).title
    : t.text(member.why_left_out === "incomplete" ? "left_out_incomplete" : "left_out_stale");
  const tick = (value: number | null) =>
    value === null || scale === null
      ? nothing
      : html`<i class="tick" style=${styleMap({ "inset-inline-start": `${100 * place(value, scale)}%` })}></i>`;
  const flowing = (member.current ?? 0) >= 0 ? "in" : "out";
  return html`<div class="member" role="group" aria-label=${member.name}>
    <div class="row"><span class="what">${member.status === null ? nothing : icon(statusIcon(member.status))}${member.name}</span>
      <span><b>${member.soc === null ? "–" : `${f.number(member.soc)} %`}</b> <span class="muted">${f.signed(member.current, 1, "A")}</span></span></div>
    <div class="track ruler" aria-hidden="true">${
      scale?.lowRelease
        ? html`<span class="release" style=${styleMap({ "inset-inline": `0 ${100 * (1 - scale.lowRelease.to)}%` })}></span>`
        : nothing
    }${scale?.highRelease ? html`<span class="release" style=${styleMap({ "inset-inline": `${100 * scale.highRelease.from}% 0` })}></span>` : nothing}${tick(member.lowest)}${tick(member.highest)}</div>
    <div class="row small muted"><span>${words}</span><span>${member.cell_difference === null ? "" : `Δ ${f.millivolts(member.cell_difference)}`}</span></div>
    ${
      member.share === null || member.fair_share === null
        ? nothing
        : html`<div class="track share" aria-hidden="true"><i class=${flowing} style=${styleMap({ transform: `scaleX(${clamp(member.share)})` })}></i><i class="fair" style=${styleMap({ "inset-inline-start": `${100 * clamp(member.fair_share)}%` })}></i></div>
          <div class="row small muted"><span>${t.text("carries", { share: f.number(100 * member.share) })}</span><span>${t.text("its_share", { share: f.number(100 * member.fair_share) })}</span></div>`
    }
  </div>`;
}

define("smart-bms-bank-card-body", BankCard);
