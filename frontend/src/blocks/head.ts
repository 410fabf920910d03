import { css, html, nothing, type TemplateResult } from "lit";
import type { Context } from "../context.js";
import type { BankInfo, PackInfo } from "../generated/messages.js";
import { icon } from "./icon.js";

/** What the battery is, in small letters: make, cells, chemistry, capacity. */
export function subtitle({ info, t, f }: Context): string {
  return info.kind === "pack" ? packSubtitle(info, t, f) : bankSubtitle(info, t, f);
}

function packSubtitle(info: PackInfo, t: Context["t"], f: Context["f"]): string {
  const model = info.model.toUpperCase().startsWith(info.family.toUpperCase())
    ? info.model
    : `${info.family} ${info.model}`;
  const cells = info.cells > 0 ? t.text("cells_count", { count: info.cells }) : "";
  const chemistry = info.chemistry?.toUpperCase() ?? "";
  return [model.trim(), `${cells} ${chemistry}`.trim(), info.capacity === null ? "" : f.unit(info.capacity, 0, "Ah")]
    .filter(Boolean)
    .join(" · ");
}

function bankSubtitle(info: BankInfo, t: Context["t"], f: Context["f"]): string {
  const values = { strings: info.strings, series: info.in_series };
  const wiring =
    info.in_series === 1
      ? t.text("bank_parallel", values)
      : info.strings === 1
        ? t.text("bank_series", values)
        : t.text("bank_of", values);
  return [wiring, info.capacity === null ? "" : f.unit(info.capacity, 0, "Ah")].filter(Boolean).join(" · ");
}

/** How old the newest reading is: full while current, half when it is late, hollow when nothing is shown as current. */
export function age(context: Context): TemplateResult {
  const { age, fresh, info, t } = context;
  const late = info.kind === "pack" && age !== null && age > 2 * info.interval + 1;
  const state = !fresh ? "stale" : late ? "late" : "current";
  const text = age === null ? t.text("not_known") : fresh ? t.age(age) : t.text("age", { time: t.age(age) });
  return html`<span class="age small ${state}"><i></i>${text}</span>`;
}

export function head(
  context: Context,
  title = context.config.name ?? context.info.name,
  below = subtitle(context),
): TemplateResult {
  const simulated = context.info.kind === "pack" && context.info.simulated;
  return html`<div class="head">
    <div class="row">
      <h2>${title}</h2>
      <span class="marks">
        ${simulated ? html`<span class="tag small">${icon("mdi:flask-outline")}${context.t.text("simulated")}</span>` : nothing}
        ${age(context)}
      </span>
    </div>
    ${below ? html`<div class="muted small">${below}</div>` : nothing}
  </div>`;
}

export const headStyles = css`
  .head .row {
    align-items: center;
    flex-wrap: nowrap;
  }
  .marks {
    display: flex;
    align-items: center;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 4px 8px;
    flex: none;
  }
  .age {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    color: var(--ink2);
    min-inline-size: 3.2em;
    justify-content: flex-end;
  }
  .age i {
    inline-size: 8px;
    block-size: 8px;
    box-sizing: border-box;
    border-radius: 50%;
    border: 1.5px solid var(--level);
    background: var(--level);
  }
  .age.late i {
    background: linear-gradient(90deg, var(--level) 50%, transparent 50%);
  }
  .age.stale {
    color: var(--ink);
  }
  .age.stale i {
    background: none;
    border-color: var(--ink);
  }
  .tag {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    border: 1px dashed var(--edge);
    border-radius: 12px;
    padding: 1px 8px 1px 4px;
  }
`;
