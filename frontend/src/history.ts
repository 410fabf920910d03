// Lines of the last hours, from Home Assistant's own history. Loaded when they are seen, and renewed now and then.

import { css, html, LitElement, nothing, svg, type TemplateResult } from "lit";
import type { PackContext } from "./context.js";
import { define } from "./define.js";

const HOURS = 12;
const EVERY = 300_000; // ms
const POINTS = 96;

interface Point {
  s: string;
  lu: number;
}

/** Power and state of charge of the last hours, or the voltage of one cell. */
export class History extends LitElement {
  private number: number | undefined;
  private given: PackContext | undefined;
  private lines: Record<string, [number, number][]> = {};
  private loadedAt = Number.NEGATIVE_INFINITY;
  private loadedOf = "";
  private observer: IntersectionObserver | undefined;
  private seen = false;

  set context(context: PackContext) {
    this.given = context;
    if (this.loadedOf !== context.info.entry_id) {
      this.loadedOf = context.info.entry_id;
      this.loadedAt = Number.NEGATIVE_INFINITY;
    }
    this.maybeLoad();
  }

  /** Number of the cell, from 1. */
  set cell(number: number) {
    if (this.number !== number) {
      this.number = number;
      this.lines = {};
      this.loadedAt = Number.NEGATIVE_INFINITY;
      this.maybeLoad();
    }
  }

  private get keys(): string[] {
    return this.number === undefined ? ["power", "soc"] : [`cell_voltage_${this.number}`];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer = new IntersectionObserver((entries) => {
      this.seen = entries.at(-1)?.isIntersecting ?? false;
      this.maybeLoad();
    });
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer?.disconnect();
  }

  private maybeLoad(): void {
    if (!this.seen || document.hidden || performance.now() - this.loadedAt < EVERY || this.given === undefined) return;
    this.loadedAt = performance.now();
    void this.load(this.given, this.keys);
  }

  private async load({ hass, info }: PackContext, keys: string[]): Promise<void> {
    const ids = keys.map((key) => info.entities[key]).filter((id): id is string => id !== undefined);
    if (ids.length === 0) return;
    const end = Date.now();
    const start = end - HOURS * 3_600_000;
    try {
      const found = await hass.callWS<Record<string, Point[]>>({
        type: "history/history_during_period",
        start_time: new Date(start).toISOString(),
        end_time: new Date(end).toISOString(),
        entity_ids: ids,
        minimal_response: true,
        no_attributes: true,
      });
      // Another cell was chosen while this was on its way.
      if (String(keys) !== String(this.keys)) return;
      this.lines = {};
      for (const key of keys) {
        const points = found[info.entities[key] ?? ""] ?? [];
        this.lines[key] = thin(
          points.map((point) => [point.lu * 1000, Number(point.s)]),
          start,
          end,
        );
      }
      this.requestUpdate();
    } catch {
      // Without the recorder there is no history: the card is whole without it.
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.number !== undefined) return this.ofCell(this.lines[`cell_voltage_${this.number}`] ?? []);
    const power = this.lines.power ?? [];
    const soc = this.lines.soc ?? [];
    const empty = this.given === undefined || power.length < 2;
    this.toggleAttribute("empty", empty);
    if (empty || this.given === undefined) return nothing;
    const { t, f } = this.given;
    const watts = power.map(([, value]) => value);
    const reach = Math.max(100, ...watts.map(Math.abs));
    const range = `${f.power(Math.min(...watts))} – ${f.power(Math.max(...watts))}`;
    return html`<div class="row small"><span>${t.text("last_hours", { hours: HOURS })}</span><span>${range}</span></div>
      <svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label=${`${t.text("last_hours", { hours: HOURS })}: ${range}`}>
        ${svg`<path class="soc" d=${area(soc, (value) => 40 - (40 * value) / 100)}></path>
        <path class="zero" d="M0 20H100"></path>
        <path class="power" d=${line(power, (value) => 20 - (19 * value) / reach)}></path>`}
      </svg>`;
  }

  /** The line of one cell fills the height: what differs is millivolts. */
  private ofCell(points: [number, number][]): TemplateResult | typeof nothing {
    this.toggleAttribute("empty", points.length < 2 || this.given === undefined);
    if (points.length < 2 || this.given === undefined) return nothing;
    const { t, f } = this.given;
    const volts = points.map(([, value]) => value);
    const least = Math.min(...volts);
    const most = Math.max(...volts);
    const reach = Math.max(0.005, most - least);
    const range = `${f.volts(least, 3)} – ${f.volts(most, 3)}`;
    return html`<div class="row small"><span>${t.text("last_hours", { hours: HOURS })}</span><span>${range}</span></div>
      <svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label=${`${t.text("last_hours", { hours: HOURS })}: ${range}`}>
        ${svg`<path class="power" d=${line(points, (value) => 38 - (36 * (value - least)) / reach)}></path>`}
      </svg>`;
  }

  static override styles = css`
    :host {
      display: grid;
      gap: 4px;
    }
    :host([empty]) {
      margin-block-start: -14px;
    }
    .row {
      display: flex;
      justify-content: space-between;
      color: var(--ink2);
      font-size: 12px;
    }
    svg {
      inline-size: 100%;
      block-size: 48px;
      display: block;
    }
    .soc {
      fill: var(--level-soft);
      stroke: none;
    }
    .zero {
      stroke: var(--line);
      vector-effect: non-scaling-stroke;
    }
    .power {
      fill: none;
      stroke: var(--ink);
      stroke-width: 1.5;
      vector-effect: non-scaling-stroke;
    }
  `;
}

/** Return means of equal spans, as x from 0 to 100 and value; where nothing is known there is no point. */
export function thin(points: [number, number][], start: number, end: number): [number, number][] {
  const result: [number, number][] = [];
  const step = (end - start) / POINTS;
  let index = 0;
  let last: number | null = null;
  for (let bucket = 0; bucket < POINTS; bucket += 1) {
    const until = start + (bucket + 1) * step;
    let sum = 0;
    let count = 0;
    for (let point = points[index]; point !== undefined && point[0] <= until; point = points[++index]) {
      // "unavailable" is no number: what was before is not known to have stayed.
      last = Number.isFinite(point[1]) ? point[1] : null;
      if (last === null) continue;
      sum += last;
      count += 1;
    }
    // History holds changes: until the next one the value stays.
    if (count > 0) result.push([middle(bucket), sum / count]);
    else if (last !== null) result.push([middle(bucket), last]);
  }
  return result;
}

function middle(bucket: number): number {
  return ((bucket + 0.5) * 100) / POINTS;
}

/** Return the parts of a line between which nothing is known. */
export function parts(points: [number, number][]): [number, number][][] {
  const result: [number, number][][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    if (point[0] - before > 150 / POINTS) result.push([]);
    result.at(-1)?.push(point);
    before = point[0];
  }
  return result;
}

type Height = (value: number) => number;

function line(points: [number, number][], y: Height): string {
  const one = (part: [number, number][]) =>
    `M${part.map(([x, value]) => `${x.toFixed(1)} ${y(value).toFixed(1)}`).join("L")}`;
  return parts(points).map(one).join("");
}

function area(points: [number, number][], y: Height): string {
  return parts(points)
    .map((part) => `${line(part, y)}L${part.at(-1)?.[0].toFixed(1)} 40L${part[0]?.[0].toFixed(1)} 40Z`)
    .join("");
}

define("smart-bms-history", History);
