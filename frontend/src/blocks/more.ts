import { css, html, nothing, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import type { PackContext } from "../context.js";
import type { Flow } from "../generated/messages.js";
import { icon } from "./icon.js";

/** What the balancer does, if it does anything. */
export function balancing({ data, t, f }: PackContext): TemplateResult | typeof nothing {
  const { active, current, takes_from: from, gives_to: to } = data.balancing;
  if (!active) return nothing;
  const cells = (from.length > 0 ? from : to).join(", ");
  const values = { current: f.amps(current), cells };
  const text =
    cells === ""
      ? t.text("balancing_some")
      : to.length > 0
        ? t.text("balancing_to", values)
        : current === null
          ? t.text("balancing_from_plain", values)
          : t.text("balancing_from", values);
  return html`<div class="line balancing">${icon("mdi:scale-balance")}<span>${text}</span></div>`;
}

/** From the coldest to the hottest cell, and the MOSFETs. */
export function temperatures(context: PackContext): TemplateResult | typeof nothing {
  const { data, t, f } = context;
  const { mosfet, ...probes } = data.temperatures;
  const values = Object.entries(probes)
    .filter(([key]) => key !== "board" && key !== "ambient")
    .map(([, value]) => value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const near = data.status.probe;
  if (values.length === 0 && mosfet === undefined && !data.heating) return nothing;
  return html`<div class="line">
    ${
      values.length === 0
        ? nothing
        : html`<span class=${near !== null && near !== "mosfet" ? "near" : ""}>${icon("mdi:thermometer")}${t.text(
            low === high ? "temperature_one" : "temperature_cells",
            { low: f.number(low, 1), high: f.number(high, 1) },
          )}</span>`
    }
    ${mosfet === undefined ? nothing : html`<span class=${near === "mosfet" ? "near" : ""}>${icon("mdi:thermometer")}${t.text("temperature_power_stage", { value: f.number(mosfet) })}</span>`}
    ${data.heating ? html`<span>${icon("mdi:fire")}${t.text("heating")}</span>` : nothing}
  </div>`;
}

/** Source, battery and load of a pack that measures both. */
export function energyFlow(context: PackContext, flow: Flow): TemplateResult {
  const { data, t, f } = context;
  const soc = data.soc;
  const pace = (power: number | null) =>
    power === null || Math.abs(power) < 5
      ? ""
      : Math.abs(power) < 300
        ? "slow"
        : Math.abs(power) < 1500
          ? "middle"
          : "fast";
  const today = (value: number | null) =>
    value === null ? nothing : html`<div class="muted small">${t.text("today", { value: f.energy(value) })}</div>`;
  const column = (power: number | null, word: string, current: number | null, wattHours: number | null) => html`<div>
      <div class="watts">${f.power(power)}</div><div class="muted small">${word} · ${f.amps(current)}</div>${today(wattHours)}</div>`;
  const word =
    data.current === null
      ? ""
      : data.current > 0
        ? t.text("charging")
        : data.current < 0
          ? t.text("discharging")
          : t.text("at_rest");
  return html`<div class="system">
    <div class="picture" role="img" aria-label=${`${t.text("source")} ${f.power(flow.source_power)}, ${f.number(soc)} %, ${t.text("load")} ${f.power(flow.load_power)}`}>
      <span class="ring sun">${icon("mdi:white-balance-sunny")}</span>
      <span class="wire source ${pace(flow.source_power)}"></span>
      <span class="battery"><i style=${styleMap({ transform: `scaleX(${(soc ?? 0) / 100})` })}></i><b>${f.number(soc)} %</b></span>
      <span class="wire ${pace(flow.load_power)}"></span>
      <span class="ring">${icon("mdi:lightbulb-outline")}</span>
    </div>
    <div class="columns">
      ${column(flow.source_power, t.text("source"), flow.source_current, flow.source_today)}
      <div><div class="watts">${f.signed(data.power, 0) === "–" ? f.power(null) : (data.power ?? 0) > 0 ? `+${f.power(data.power)}` : f.power(data.power)}</div>
        <div class="muted small">${word} · ${f.volts(data.voltage)}</div></div>
      ${column(flow.load_power, t.text("load"), flow.load_current, flow.load_today)}
    </div>
    <div class="line lamps small">${["E", "Vh", "Vl", "Th", "Tl"].map((lamp) => html`<i class=${flow.lamps.includes(lamp) ? "lit" : ""}>${lamp}</i>`)}
      ${flow.lamps.length === 0 ? html`<span class="muted">${t.text("lamps")}</span>` : nothing}
      <span>${t.text("relay_charge")} <b>${relay(flow.charge_relay_closed, t)}</b></span>
      <span>${t.text("relay_load")} <b>${relay(flow.load_relay_closed, t)}</b></span>
    </div>
  </div>`;
}

function relay(closed: boolean | null, t: PackContext["t"]): string {
  return closed === null ? t.text("not_known") : t.text(closed ? "closed" : "open");
}

export const moreStyles = css`
  .line {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 16px;
    align-items: center;
    font-size: 13px;
  }
  .line > span {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .line .icon {
    color: var(--ink2);
  }
  .balancing .icon {
    color: var(--bal);
  }
  .near {
    font-weight: 700;
  }
  .system {
    display: grid;
    gap: 8px;
  }
  .picture {
    display: flex;
    align-items: center;
  }
  .ring {
    inline-size: 48px;
    block-size: 48px;
    flex: none;
    box-sizing: border-box;
    border: 2px solid var(--ink);
    border-radius: 50%;
    display: grid;
    place-items: center;
  }
  .ring.sun {
    border-color: var(--sun);
    color: var(--sun);
  }
  .wire {
    flex: 1;
    block-size: 4px;
    color: var(--out);
    background: linear-gradient(var(--line), var(--line)) center / 100% 1px no-repeat;
    overflow: hidden;
    position: relative;
  }
  .wire.source {
    color: var(--sun);
  }
  .wire:is(.slow, .middle, .fast)::after {
    content: "";
    position: absolute;
    inset: 0 -14px;
    background: radial-gradient(circle 2px, currentColor 95%, transparent) 0 / 14px 4px repeat-x;
    animation: run 2.4s linear infinite;
  }
  .wire.middle::after {
    animation-duration: 1.4s;
  }
  .wire.fast::after {
    animation-duration: 0.7s;
  }
  @keyframes run {
    to {
      transform: translateX(14px);
    }
  }
  :host([dir="rtl"]) .wire::after {
    animation-direction: reverse;
  }
  @media (prefers-reduced-motion: reduce) {
    .wire::after {
      animation: none !important;
    }
  }
  .battery {
    position: relative;
    flex: 1.6;
    block-size: 46px;
    border: 2px solid var(--edge);
    border-radius: 10px;
    overflow: hidden;
    display: grid;
    place-items: center;
    font-size: 20px;
  }
  .battery i {
    position: absolute;
    inset: 0;
    background: var(--level-soft);
    border-inline-end: 2px solid var(--level);
    transform-origin: left;
  }
  .battery b {
    position: relative;
    font-weight: 400;
  }
  .columns {
    display: flex;
    justify-content: space-between;
    gap: 8px;
    text-align: center;
  }
  .columns > :first-child {
    text-align: start;
  }
  .columns > :last-child {
    text-align: end;
  }
  .watts {
    font-size: 18px;
  }
  .lamps i {
    font-style: normal;
    border: 1px solid var(--edge);
    border-radius: 6px;
    padding: 1px 8px;
  }
  .lamps i.lit {
    background: var(--stop);
    color: var(--card);
    border-color: var(--stop);
  }
`;
