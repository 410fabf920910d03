import { css, html, nothing, type TemplateResult } from "lit";
import type { PackContext } from "../context.js";
import { DASH } from "../format.js";
import { type CellScale, cellLayout, differenceScale, differs, limitScale, place, shade } from "../scale.js";

const TOLD_ONE_BY_ONE = 3; // s: younger than that is not worth a word

export interface CellChoice {
  scale: "limits" | "difference";
  chosen: number | null;
  choose(number: number): void;
}

/** Each cell between the limits of its own pack. */
export function cells(context: PackContext, choice: CellChoice | null = null): TemplateResult | typeof nothing {
  const { data, info, t, f, fresh, width } = context;
  const count = Math.max(info.cells, data.cells.voltages.length);
  if (count === 0) return nothing;
  const voltages = Array.from({ length: count }, (_, place) => data.cells.voltages[place] ?? null);
  const known = voltages.filter((voltage): voltage is number => voltage !== null);
  const { columns, height } = cellLayout(count, width);
  const scale =
    choice?.scale === "difference"
      ? differenceScale(voltages, data.cells.mean)
      : limitScale(info.cell_limits, voltages);
  const range =
    known.length === 0
      ? t.text("not_known")
      : `${f.cell(Math.min(...known))} ${DASH} ${f.volts(Math.max(...known), 3)}`;
  return html`<section class="cells" role="group" aria-label=${t.text("cells")}>
    <div class="row">
      <span><h3>${t.text("cells")}</h3> <span class="muted small">${known.length > 0 && known.length < count ? t.text("cells_known", { known: known.length, count }) : range}</span></span>
      <b>${fresh && data.cells.difference !== null ? `Δ ${f.millivolts(data.cells.difference)}` : nothing}</b>
    </div>
    ${
      columns === 0
        ? html`${ruler(context)}${mosaic(context, voltages)}`
        : html`<div class="grid" role="list" style=${`--columns:${columns};--height:${height}px`}>
          ${voltages.map((voltage, place) => cell(context, place + 1, voltage, scale, choice))}
        </div>`
    }
    ${caption(context, scale, choice)}
  </section>`;
}

function cell(
  context: PackContext,
  number: number,
  voltage: number | null,
  scale: CellScale | null,
  choice: CellChoice | null,
): TemplateResult {
  const { data, t, f } = context;
  const { lowest, highest, marked, mean, difference } = data.cells;
  const apart = differs(difference, context.info.cell_limits.balance_trigger);
  const mark = marked[String(number)] ?? "";
  const sign = number === highest ? "▲" : number === lowest ? "▼" : "";
  const takes = data.balancing.takes_from.includes(number);
  const gives = data.balancing.gives_to.includes(number);
  const temperature = data.cells.temperatures[number - 1];
  const below =
    temperature !== undefined && temperature !== null
      ? `${f.number(temperature)}°`
      : apart && mean !== null && voltage !== null
        ? f.signed(1000 * (voltage - mean), 0)
        : "";
  const words = [
    voltage === null ? t.text("cell_not_known", { number }) : `${t.text("cell", { number })}, ${f.volts(voltage, 3)}`,
    number === highest ? t.text("cell_highest") : number === lowest ? t.text("cell_lowest") : "",
    mark === "hold" ? t.text("cell_holds_back") : mark === "stop" ? t.text("cell_beyond") : "",
    takes ? t.text("cell_gives") : gives ? t.text("cell_takes") : "",
  ];
  const at = voltage === null || scale === null ? null : place(voltage, scale);
  const extreme = sign !== "" && apart ? "extreme" : "";
  const body = html`<span class="number">${number}${sign ? html`<i>${sign}</i>` : nothing}</span>
    <span class="box ${voltage === null ? "missing" : ""}">
      ${at === null ? nothing : html`<span class="body" style=${`transform:scaleY(${at})`}></span><span class="edge" style=${`transform:translateY(${-100 * at}%)`}><i></i></span>`}
      ${part(scale?.lowRelease)}${part(scale?.highRelease)}
      ${takes || gives ? html`<span class="balance ${takes ? "down" : "up"}"></span>` : nothing}
    </span>
    <span class="voltage">${f.cell(voltage)}</span>
    <span class="below muted">${below}</span>`;
  const classes = `cell ${mark} ${extreme} ${sign ? "sign" : ""} ${choice?.chosen === number ? "chosen" : ""}`;
  return choice === null
    ? html`<div class=${classes} role="listitem" aria-label=${words.filter(Boolean).join(", ")}>${body}</div>`
    : html`<div role="listitem"><button class=${classes} tabindex=${(choice.chosen ?? 1) === number ? 0 : -1} data-cell=${number}
          aria-pressed=${choice.chosen === number} @click=${() => choice.choose(number)}><span class="visually-hidden">${words.filter(Boolean).join(", ")}</span><span class="seen" aria-hidden="true">${body}</span></button></div>`;
}

function part(range: { from: number; to: number } | null | undefined): TemplateResult | typeof nothing {
  if (!range || range.to <= range.from) return nothing;
  return html`<span class="release" style=${`inset-block:${100 * (1 - range.to)}% ${100 * range.from}%`}></span>`;
}

/** A line from cut-off to cut-off, with a mark for each cell. */
export function ruler(context: PackContext): TemplateResult | typeof nothing {
  const { data, info, t, f } = context;
  const voltages = data.cells.voltages;
  const scale = limitScale(info.cell_limits, voltages);
  const { lowest, highest, difference } = data.cells;
  const value = (number: number | null) => (number === null ? null : (voltages[number - 1] ?? null));
  const words = `▼ ${lowest ?? DASH} ${f.cell(value(lowest))} · ▲ ${highest ?? DASH} ${f.volts(value(highest), 3)} · Δ ${f.millivolts(difference)}`;
  if (scale === null) return html`<div class="track ruler" role="img" aria-label=${t.text("not_known")}></div>`;
  const mark = (number: number | null) => (number === null ? "" : (data.cells.marked[String(number)] ?? ""));
  const tick = (voltage: number | null, classes: string) =>
    voltage === null
      ? nothing
      : html`<i class="tick ${classes}" style=${`inset-inline-start:${100 * place(voltage, scale)}%`}></i>`;
  const low = value(lowest);
  const high = value(highest);
  return html`<div class="track ruler" role="img" aria-label=${words}>
      ${across(scale.lowRelease)}${across(scale.highRelease)}
      ${low === null || high === null ? nothing : html`<span class="between" style=${`inset-inline-start:${100 * place(low, scale)}%;inline-size:${100 * (place(high, scale) - place(low, scale))}%`}></span>`}
      ${tick(low, mark(lowest))}${tick(high, mark(highest))}
    </div>
    <div class="row small muted ends"><span>${f.number(scale.low, 2)}</span><span class="words" aria-hidden="true">${words}</span><span>${f.number(scale.high, 2)}</span></div>`;
}

function across(range: { from: number; to: number } | null): TemplateResult | typeof nothing {
  if (range === null || range.to <= range.from) return nothing;
  return html`<span class="release" style=${`inset-inline:${100 * range.from}% ${100 * (1 - range.to)}%`}></span>`;
}

/** Many cells in one picture: one element, painted in one go. */
function mosaic(context: PackContext, voltages: (number | null)[]): TemplateResult {
  const { data, t, f, width } = context;
  const known = voltages.filter((voltage): voltage is number => voltage !== null);
  const lowest = Math.min(...known);
  const highest = Math.max(...known);
  const columns = width >= 700 ? 32 : 20;
  const rows = Math.ceil(voltages.length / columns);
  const rects = voltages.map((voltage, place) => {
    const x = (place % columns) * 10;
    const y = Math.floor(place / columns) * 10;
    const number = place + 1;
    const mark =
      data.cells.marked[String(number)] ??
      (number === data.cells.lowest || number === data.cells.highest ? "extreme" : "");
    const classes = voltage === null ? "missing" : mark;
    const opacity = voltage === null ? 1 : 0.25 + 0.75 * shade(voltage, lowest, highest);
    return `<rect class="${classes}" x="${x + 1}" y="${y + 1}" width="8" height="8" rx="1.5" fill-opacity="${opacity.toFixed(2)}"></rect>`;
  });
  const numbers = [...new Set([data.cells.lowest, data.cells.highest, ...Object.keys(data.cells.marked).map(Number)])];
  const missing = voltages.map((voltage, place) => (voltage === null ? place + 1 : 0)).filter(Boolean);
  const list = [...numbers.filter((number): number is number => number !== null), ...missing].slice(0, 5);
  const mean = data.cells.mean ?? known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  return html`<svg class="mosaic" viewBox="0 0 ${columns * 10} ${rows * 10}" role="img"
      aria-label=${t.text("cells_known", { known: known.length, count: voltages.length })} .innerHTML=${rects.join("")}></svg>
    <table class="small"><thead><tr><th>${t.text("look_at")}</th><th>${t.text("voltage")}</th><th>${t.text("from_mean")}</th></tr></thead>
    <tbody>${list.map((number) => {
      const voltage = voltages[number - 1] ?? null;
      const sign = number === data.cells.highest ? "▲ " : number === data.cells.lowest ? "▼ " : "";
      return html`<tr><td>${sign}${voltage === null ? t.text("cell_not_known", { number }) : t.text("cell", { number })}</td>
        <td>${f.volts(voltage, 3)}</td><td>${voltage === null ? DASH : f.signed(1000 * (voltage - mean), 0, "mV")}</td></tr>`;
    })}</tbody></table>`;
}

function caption(context: PackContext, scale: CellScale | null, choice: CellChoice | null): TemplateResult {
  const { data, info, t, f } = context;
  const limits = info.cell_limits;
  const releases = [limits.undervoltage_release, limits.overvoltage_release].filter((value) => value !== null);
  const ages = data.cells.ages.filter((value): value is number => value !== null);
  const oldest = ages.length > 0 ? Math.max(...ages) : 0;
  const box =
    scale === null
      ? ""
      : choice?.scale === "difference"
        ? t.text("box_difference", {
            mean: f.cell((scale.low + scale.high) / 2),
            half: f.number(500 * (scale.high - scale.low)),
          })
        : t.text(scale.own ? "box_limits" : "box_around", {
            low: f.number(scale.low, 2),
            high: f.number(scale.high, 2),
          });
  return html`<div class="caption small muted">
    <span>${box}</span>
    ${scale?.own && releases.length > 0 ? html`<span><i class="swatch"></i>${t.text("recovers", { values: releases.map((value) => f.number(value, 2)).join(" / ") })}</span>` : nothing}
    ${oldest > TOLD_ONE_BY_ONE ? html`<span>${t.text("cells_oldest", { time: t.time(oldest) })}</span>` : nothing}
  </div>`;
}

export const cellStyles = css`
  .cells {
    display: grid;
    gap: 8px;
  }
  .cells h3 {
    display: inline;
  }
  .cells b {
    font-weight: 500;
  }
  .grid {
    display: grid;
    grid-template-columns: repeat(var(--columns), minmax(30px, 1fr));
    gap: 8px 4px;
  }
  .cell {
    display: grid;
    justify-items: center;
    gap: 1px;
    inline-size: 100%;
    font-size: 12px;
    line-height: 1.25;
    text-align: center;
  }
  .cell .seen {
    display: contents;
  }
  .cell .number {
    position: relative;
    color: var(--ink2);
  }
  .cell .number i {
    position: absolute;
    inset-inline-start: calc(100% + 2px);
    inset-block-end: 1px;
    font-style: normal;
    font-size: 9px;
    color: var(--ink);
  }
  .cell .below {
    min-block-size: 0;
  }
  .cell .box {
    position: relative;
    display: block;
    inline-size: 100%;
    block-size: var(--height);
    box-sizing: border-box;
    border-radius: 5px;
    overflow: hidden;
    background: var(--track);
    box-shadow: inset 0 0 0 1px var(--line);
  }
  .cell .box > * {
    position: absolute;
    inset-inline: 0;
  }
  .cell .body {
    inset-block: 0;
    background: var(--level-soft);
    transform-origin: bottom;
  }
  .cell .edge {
    inset-block: 0;
  }
  .cell .edge i {
    position: absolute;
    inset-inline: 0;
    inset-block-end: -2px;
    block-size: 2px;
    background: var(--level);
  }
  .cell .release,
  .ruler .release {
    background: var(--hatch);
  }
  .cell.sign .voltage {
    font-weight: 700;
  }
  .cell.extreme .box {
    box-shadow: inset 0 0 0 1.5px var(--ink);
  }
  .cell .box.missing {
    background: none;
    box-shadow: none;
    border: 1px dashed var(--edge);
  }
  .cell.hold .box {
    box-shadow: inset 0 0 0 2px var(--hold);
  }
  .cell.hold .body {
    background: var(--hold-soft);
  }
  .cell.hold .edge i {
    background: var(--hold);
  }
  .cell.hold .number,
  .cell.hold .number i,
  .cell.hold .voltage {
    color: var(--hold);
    font-weight: 700;
  }
  .cell.stop .box {
    box-shadow: inset 0 0 0 2px var(--stop);
  }
  .cell.stop .body {
    background: var(--stop-soft);
  }
  .cell.stop .number,
  .cell.stop .number i,
  .cell.stop .voltage {
    color: var(--stop);
    font-weight: 700;
  }
  .cell.chosen .box {
    outline: 2px solid var(--ink);
    outline-offset: 1px;
  }
  .cell .balance {
    inset-block: 8px;
    inline-size: 14px;
    margin-inline: auto;
    background: var(--bal);
    -webkit-mask: var(--chevrons) center bottom / 14px 9px repeat-y;
    mask: var(--chevrons) center bottom / 14px 9px repeat-y;
    --chevrons: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 14 9'%3E%3Cpath d='M2 2l5 5 5-5' fill='none' stroke='%23000' stroke-width='2.4'/%3E%3C/svg%3E");
  }
  .cell .balance.up {
    transform: scaleY(-1);
  }
  .ruler {
    block-size: 12px;
  }
  .tick {
    inline-size: 3px;
    margin-inline-start: -1.5px;
    background: var(--ink);
  }
  .tick.hold {
    background: var(--hold);
  }
  .tick.stop {
    background: var(--stop);
  }
  .ends {
    margin-block-start: 2px;
  }
  @container (max-width: 299px) {
    .ends .words {
      order: 1;
      inline-size: 100%;
    }
  }
  .between {
    background: var(--level);
  }
  .mosaic {
    inline-size: 100%;
    fill: var(--level);
  }
  .mosaic .missing {
    fill: none;
    stroke: var(--edge);
    stroke-dasharray: 2 1;
  }
  .mosaic .extreme {
    stroke: var(--ink);
    stroke-width: 1.6;
  }
  .mosaic .hold {
    fill: var(--hold);
    stroke: var(--hold);
    stroke-width: 1.6;
  }
  .mosaic .stop {
    fill: var(--stop);
    stroke: var(--stop);
    stroke-width: 1.6;
  }
  .cells table {
    border-collapse: collapse;
    inline-size: 100%;
  }
  .cells th {
    font-weight: 400;
    color: var(--ink2);
    text-align: end;
  }
  .cells td {
    text-align: end;
    padding-block: 4px;
    border-block-start: 1px solid var(--line);
  }
  .cells :is(th, td):first-child {
    text-align: start;
  }
  .caption {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 14px;
  }
  .swatch {
    display: inline-block;
    inline-size: 12px;
    block-size: 10px;
    margin-inline-end: 4px;
    background: var(--hatch);
    box-shadow: inset 0 0 0 1px var(--line);
  }
`;
