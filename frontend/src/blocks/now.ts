import { css, html, nothing, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import type { Context } from "../context.js";
import { icon } from "./icon.js";

const IDLE = 0.05; // A: what rounds to nothing

/** State of charge, power, and how long it goes on like that. */
export function now(context: Context, summary = false): TemplateResult {
  const { data, t, f } = context;
  const { soc, power, current, voltage } = data;
  const flows = current === null ? 0 : current > IDLE ? 1 : current < -IDLE ? -1 : 0;
  const word =
    current === null ? "" : flows > 0 ? t.text("charging") : flows < 0 ? t.text("discharging") : idle(context);
  const line =
    current === null && context.fresh
      ? t.text("no_current")
      : [
          word || t.text("not_known"),
          ...(context.fresh ? [f.amps(current), ...(summary ? [] : [f.volts(voltage)])] : []),
        ].join(" · ");
  return html`<div class="now ${summary ? "summary" : ""}">
      <button class="soc" @click=${() => context.more("soc")} aria-label=${soc === null ? t.text("not_known") : `${f.number(soc)} %`}>
        ${f.number(soc)}${soc === null ? nothing : html`<small>%</small>`}
      </button>
      <div class="flow">
        <button class="power" @click=${() => context.more("power")}>
          <span class=${flows > 0 ? "in" : "out"}>${flows === 0 ? nothing : icon(flows > 0 ? "mdi:tray-arrow-down" : "mdi:tray-arrow-up")}</span>
          ${f.power(power)}
        </button>
        <div class="muted small">${line}</div>
      </div>
    </div>
    ${summary ? nothing : html`${bar(soc, flows)}<div class="row small">${left(context)}<span>${remaining(context)}</span></div>`}`;
}

function idle({ data, t }: Context): string {
  const cut = data.charge.allowed === false || data.discharge.allowed === false;
  return cut && data.status.level === "stop" ? t.text("cut_off") : t.text("at_rest");
}

function bar(soc: number | null, flows: number): TemplateResult {
  return html`<div class="track level" aria-hidden="true">
    ${soc === null ? nothing : html`<div class="fill" style=${styleMap({ transform: `scaleX(${soc / 100})` })}></div>`}
    ${soc === null || flows === 0 ? nothing : html`<div class="run ${flows > 0 ? "in" : "out"}" style=${styleMap({ "inset-inline-start": `max(4px, calc(${soc}% - 34px))` })}></div>`}
  </div>`;
}

function left({ data, info, fresh, t, f }: Context): TemplateResult {
  if (!fresh) {
    const last = "last_known" in data ? data.last_known : null;
    if (last === null || last === undefined) return html`<span></span>`;
    const values = { time: f.clock(new Date(last.at)), soc: f.number(last.soc), power: f.power(last.power) };
    return html`<span class="muted">${t.text("last_known", values)}</span>`;
  }
  if (data.remaining !== null) {
    const whole = info.capacity === null ? "" : t.text("of", { value: f.unit(info.capacity, 0, "Ah") });
    const value = info.capacity === null ? f.unit(data.remaining, 1, "Ah") : f.number(data.remaining, 1);
    return html`<span><b>${value}</b> <span class="muted">${whole}</span></span>`;
  }
  if (data.stored_energy !== null) return html`<span><b>${f.energy(data.stored_energy)}</b></span>`;
  return html`<span class="muted">${data.soc === null ? t.text("no_soc") : ""}</span>`;
}

function remaining({ data, t }: Context): TemplateResult {
  const full = "time_to_full" in data ? data.time_to_full : null;
  const empty = "time_to_empty" in data ? data.time_to_empty : null;
  const text = full
    ? t.text("full_in", { time: t.time(full) })
    : empty
      ? t.text("empty_in", { time: t.time(empty) })
      : "";
  return html`<span class="muted">${text}</span>`;
}

export const nowStyles = css`
  .now {
    display: flex;
    justify-content: space-between;
    align-items: end;
    gap: 8px;
  }
  .soc {
    font-size: 44px;
    line-height: 1;
    letter-spacing: -0.02em;
  }
  .soc small {
    font-size: 20px;
    color: var(--ink2);
    margin-inline-start: 3px;
  }
  .summary .soc {
    font-size: 32px;
  }
  .flow {
    text-align: end;
    min-inline-size: 0;
  }
  .power {
    display: inline-flex;
    align-items: center;
    justify-content: flex-end;
    gap: 6px;
    font-size: 22px;
    line-height: 1.2;
  }
  .summary .power {
    font-size: 18px;
  }
  .power .in {
    color: var(--in);
  }
  .power .out {
    color: var(--out);
  }
  .power span {
    display: inline-flex;
  }
  .level {
    block-size: 12px;
    margin-block: -4px -8px;
  }
  .level .fill {
    inset-inline: 0;
    background: var(--level);
    transform-origin: left;
  }
  :host([dir="rtl"]) .level .fill {
    transform-origin: right;
  }
  .run {
    inline-size: 30px;
    background: repeating-linear-gradient(115deg, var(--card) 0 3px, transparent 3px 9px);
    opacity: 0.9;
  }
  .run.out {
    background: repeating-linear-gradient(-115deg, var(--card) 0 3px, transparent 3px 9px);
  }
  @container (max-width: 339px) {
    .soc {
      font-size: 38px;
    }
  }
`;
