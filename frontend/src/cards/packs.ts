// All packs and banks: a row where all is well, more where something needs a look. Worst first.

import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { BatteryCard, HassElement } from "../base.js";
import { cellStyles } from "../blocks/cells.js";
import { headStyles } from "../blocks/head.js";
import { nowStyles } from "../blocks/now.js";
import { statusStyles } from "../blocks/status.js";
import type { Context } from "../context.js";
import { define } from "../define.js";
import { openPage, pageOf } from "../ha.js";
import { listOf } from "../stream.js";
import { roles } from "../styles.js";
import { summary, tile, tileStyles } from "./tile.js";

const SETTLED = 30_000;

/** One battery of the list; it tells the list how bad it is. */
class PackRow extends BatteryCard {
  private configured: string | undefined;
  /** Whether the dashboard has a page for it. */
  pages = false;

  set entry(entryId: string) {
    if (this.configured === entryId) return;
    this.configured = entryId;
    this.setConfig({ type: "smart-bms-pack-row", device: entryId });
  }

  protected card(context: Context): TemplateResult {
    const { status } = context.data;
    this.dispatchEvent(new CustomEvent("smart-bms-rank", { detail: status.rank, bubbles: true, composed: true }));
    const calm = status.level === "well" || (status.level === "info" && context.fresh);
    const open = this.pages ? () => openPage(pageOf(this.configured ?? "")) : undefined;
    return calm ? tile(context, false, open) : summary(context);
  }

  protected override shell(content: TemplateResult, name: string): TemplateResult {
    return html`<div class="one" role="group" aria-label=${name || nothing}>${content}</div>`;
  }

  static override styles = [
    ...BatteryCard.styles,
    headStyles,
    nowStyles,
    statusStyles,
    cellStyles,
    tileStyles(),
    css`
      .one {
        container-type: inline-size;
      }
    `,
  ];
}

export class PacksCard extends HassElement {
  private readonly ranks = new Map<string, number>();
  private order: string[] = [];
  private orderedAt = Number.NEGATIVE_INFINITY;
  private stop: (() => void) | undefined;

  protected seenChanged(seen: boolean): void {
    if (seen) this.stop ??= listOf(this.hass).listen(() => this.requestUpdate());
    else {
      this.stop?.();
      this.stop = undefined;
    }
    this.requestUpdate();
  }

  protected override shouldUpdate(): boolean {
    return this.config !== undefined && this.texts !== undefined;
  }

  protected override render(): TemplateResult {
    const batteries = listOf(this.hass).batteries ?? [];
    if (batteries.length === 0) {
      const list = listOf(this.hass);
      const key = list.missing ? "stopped" : list.batteries === undefined ? undefined : "no_battery";
      return html`<ha-card><div class="empty">${key === undefined ? nothing : this.texts?.text(key)}</div></ha-card>`;
    }
    const ids = this.sorted(batteries.map((battery) => battery.entry_id));
    return html`<ha-card>${repeat(
      ids,
      (id) => id,
      (id) => {
        return html`<smart-bms-pack-row data-id=${id} .hass=${this.hass} .entry=${id} .pages=${this.config?.pages ?? false} @smart-bms-rank=${(event: CustomEvent<number>) => this.rank(id, event.detail)}></smart-bms-pack-row>`;
      },
    )}</ha-card>`;
  }

  protected override statesChanged(): void {
    for (const row of this.renderRoot?.querySelectorAll<PackRow>("smart-bms-pack-row") ?? []) row.hass = this.hass;
  }

  private rank(id: string, rank: number): void {
    if (this.ranks.get(id) === rank) return;
    this.ranks.set(id, rank);
    this.requestUpdate();
  }

  private sorted(ids: string[]): string[] {
    const weight = (id: string) => {
      const rank = this.ranks.get(id) ?? 12;
      return rank <= 2 ? rank + 3.5 : rank;
    };
    const wanted = [...ids].sort((one, other) => weight(one) - weight(other));
    const same = this.order.length === ids.length && ids.every((id) => this.order.includes(id));
    const held = this.matches(":hover, :focus-within") || performance.now() - this.orderedAt < SETTLED;
    if (!same || !held) {
      if (this.ranks.size >= ids.length && wanted.join() !== this.order.join()) this.orderedAt = performance.now();
      this.order = wanted;
    }
    return this.order;
  }

  static override styles = [
    roles,
    css`
      smart-bms-pack-row {
        block-size: auto;
        border-block-end: 1px solid var(--line);
      }
      smart-bms-pack-row:last-child {
        border: 0;
      }
      .empty {
        padding: 16px;
      }
    `,
  ];
}

define("smart-bms-pack-row", PackRow);
define("smart-bms-packs-card-body", PacksCard);
