import { css, html, nothing, type TemplateResult } from "lit";
import type { Context } from "../context.js";
import type { Status } from "../generated/messages.js";
import { statusWords } from "../sentences.js";
import { icon } from "./icon.js";

/** By rank: each has a shape of its own. */
const ICONS: Record<number, string> = {
  1: "mdi:lock-outline",
  2: "mdi:wifi-off",
  3: "mdi:cancel",
  4: "mdi:clock-outline",
  5: "mdi:cancel",
  6: "mdi:vector-difference",
  7: "mdi:arrow-collapse-right",
  8: "mdi:alert-outline",
  9: "mdi:check",
  10: "mdi:information-outline",
  11: "mdi:check",
};

export function statusIcon(status: Status): string {
  return ICONS[status.rank] ?? "mdi:information-outline";
}

/** The one thing that matters now. */
export function statusStrip(context: Context, short = false): TemplateResult {
  const { data, t, f, info } = context;
  const { status, also } = data;
  const words = statusWords(status, "connection" in data ? data : {}, t, f);
  const detail = status.level === "well" && "protections" in data ? nearest(context) : words.detail;
  return html`<section class="strip ${status.level}" role=${status.level === "stop" ? "alert" : "status"} aria-label=${info.name}>
    ${icon(statusIcon(status))}
    <div>
      <div class="title">${words.title}</div>
      ${detail && !short ? html`<div class="detail">${detail}</div>` : nothing}
      ${
        also.length > 0 && !short
          ? html`<details><summary>${t.text("also", { count: also.length })}</summary>
            <ul>${also.map((item) => html`<li>${statusWords(item, {}, t, f).title}</li>`)}</ul></details>`
          : nothing
      }
    </div>
  </section>`;
}

function nearest({ data, t, f }: Context): string {
  const first = "protections" in data ? data.protections.find((item) => item.margin !== null) : undefined;
  if (first === undefined) return "";
  return t.text("nearest", { name: t.name(first.key), margin: f.value(first.margin, first.unit) });
}

export const statusStyles = css`
  .strip {
    display: flex;
    gap: 10px;
    padding: 8px 12px;
    border-radius: 10px;
    border: 1px solid transparent;
  }
  .strip > div {
    min-inline-size: 0;
    flex: 1;
  }
  .strip .title {
    font-weight: 500;
    overflow-wrap: anywhere;
  }
  .strip .detail,
  .strip details {
    font-size: 13px;
    color: var(--ink);
  }
  .strip.well {
    padding-block: 0;
    padding-inline: 0;
  }
  .strip.well .detail {
    color: var(--ink2);
  }
  .strip.info {
    background: var(--soft);
  }
  .strip.hold {
    background: var(--hold-soft);
    border-color: color-mix(in oklab, var(--hold) 45%, transparent);
    color: var(--hold);
  }
  .strip.stop {
    background: var(--stop-soft);
    border-color: color-mix(in oklab, var(--stop) 45%, transparent);
    color: var(--stop);
  }
  .strip summary {
    cursor: pointer;
    color: var(--act);
    min-block-size: 24px;
  }
  .strip ul {
    margin: 2px 0;
    padding-inline-start: 18px;
  }
`;
