// Numbers, times and ages as the user's locale has them.

import type { HassLocale, HomeAssistant } from "./ha.js";

const KNOWN = 2000;
const MINUS = "\u2212";
export const DASH = "\u2013";

const FORMATS: Partial<Record<HassLocale["number_format"], string[]>> = {
  comma_decimal: ["en-US", "en"],
  decimal_comma: ["de", "es", "it"],
  quote_decimal: ["de-CH"],
  space_comma: ["fr", "sv", "cs"],
  none: ["en-US"], // as Home Assistant does: a point, and no grouping
};

/** Formats for one locale; make a new one when it changes. */
export class Formatter {
  private readonly tags: string | string[] | undefined;
  private readonly grouping: boolean;
  private readonly zone: string | undefined;
  private readonly hour12: boolean;
  private readonly formats = new Map<number, Intl.NumberFormat>();
  /** What was formatted before: the same few voltages come again and again. */
  private readonly known = new Map<string, string>();

  constructor(
    readonly locale: HassLocale,
    zone?: string,
  ) {
    const format = locale.number_format;
    this.tags = format === "system" ? undefined : (FORMATS[format] ?? locale.language);
    this.grouping = format !== "none";
    this.zone = locale.time_zone === "local" ? undefined : zone;
    this.hour12 = locale.time_format === "12" || (locale.time_format !== "24" && hasHalves(locale));
  }

  static of(hass: HomeAssistant): Formatter {
    return new Formatter(hass.locale, hass.config.time_zone);
  }

  number(value: number | null | undefined, digits = 0): string {
    if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
    const rounded = `${digits} ${value.toFixed(digits)}`;
    let shown = this.known.get(rounded);
    if (shown === undefined) {
      shown = this.formatted(value, digits);
      if (this.known.size >= KNOWN) this.known.clear();
      this.known.set(rounded, shown);
    }
    return shown;
  }

  private formatted(value: number, digits: number): string {
    let format = this.formats.get(digits);
    if (format === undefined) {
      format = new Intl.NumberFormat(this.tags, {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
        useGrouping: this.grouping,
      });
      this.formats.set(digits, format);
    }
    const text = format.format(Math.abs(value));
    // What rounds to nothing has no sign.
    return value < 0 && text !== format.format(0) ? MINUS + text : text;
  }

  /** A number with its unit, kept on one line; a dash alone where it is not known. */
  unit(value: number | null | undefined, digits: number, unit: string): string {
    const text = this.number(value, digits);
    return text === DASH ? DASH : `${text}\u00a0${unit}`;
  }

  /** With a sign also when positive. */
  signed(value: number | null | undefined, digits: number, unit = ""): string {
    const number = this.number(value, digits);
    const text = unit ? this.unit(value, digits, unit) : number;
    const more = value !== null && value !== undefined && value > 0 && number !== DASH;
    return more && number !== this.number(0, digits) ? `+${text}` : text;
  }

  volts(value: number | null | undefined, digits = 2): string {
    return this.unit(value, digits, "V");
  }

  cell(value: number | null | undefined): string {
    return this.number(value, 3);
  }

  amps(value: number | null | undefined): string {
    return this.unit(value, ampDigits(value), "A");
  }

  millivolts(volts: number | null | undefined): string {
    return this.unit(volts === null || volts === undefined ? null : volts * 1000, 0, "mV");
  }

  power(watts: number | null | undefined): string {
    if (watts === null || watts === undefined) return DASH;
    const size = Math.abs(watts);
    if (size < 999.5) return this.unit(watts, 0, "W");
    return this.unit(watts / 1000, size < 9995 ? 2 : 1, "kW");
  }

  energy(wattHours: number | null | undefined): string {
    if (wattHours === null || wattHours === undefined) return DASH;
    const size = Math.abs(wattHours);
    if (size < 999.5) return this.unit(wattHours, 0, "Wh");
    return this.unit(wattHours / 1000, size < 99_950 ? 1 : 0, "kWh");
  }

  /** Any value in a unit of the protections. */
  value(value: number | null | undefined, unit: string | null): string {
    if (unit === "V") return this.volts(value, value !== null && value !== undefined && Math.abs(value) < 10 ? 3 : 2);
    if (unit === "A") return this.amps(value);
    if (unit === "\u00b0C" || unit === "K") return this.unit(value, 1, unit === "K" ? "\u00b0C" : unit);
    return this.unit(value, 0, unit ?? "").trim();
  }

  clock(at: Date, seconds = false): string {
    const options: Intl.DateTimeFormatOptions = { hour: this.hour12 ? "numeric" : "2-digit", minute: "2-digit" };
    if (seconds) options.second = "2-digit";
    // Not `hour12: false`: in some locales that is 24:05 after midnight.
    options.hourCycle = this.hour12 ? "h12" : "h23";
    return this.date(at, options);
  }

  day(at: Date): string {
    return this.date(at, { day: "numeric", month: "short" });
  }

  private date(at: Date, options: Intl.DateTimeFormatOptions): string {
    if (Number.isNaN(at.getTime())) return DASH;
    if (this.zone !== undefined) options.timeZone = this.zone;
    return new Intl.DateTimeFormat(this.locale.language, options).format(at);
  }
}

/** Whether the day has two halves of twelve hours, where the user leaves it to the language or the system. */
function hasHalves(locale: HassLocale): boolean {
  const tag = locale.time_format === "system" ? undefined : locale.language;
  return new Intl.DateTimeFormat(tag, { hour: "numeric" }).resolvedOptions().hour12 ?? false;
}

export function ampDigits(value: number | null | undefined): number {
  return value !== null && value !== undefined && Math.abs(value) >= 99.95 ? 0 : 1;
}

export interface Span {
  /** Key of a text. */
  unit: "seconds" | "minutes" | "hours" | "hours_minutes" | "days" | "days_hours";
  first: number;
  /** Of the smaller unit; 0 where there is only one. */
  second: number;
}

const MANY_DAYS = 3; // so many that nobody counts hours

/** A span of time in at most two units, as people say it. */
export function span(seconds: number): Span {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return { unit: "seconds", first: whole, second: 0 };
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return { unit: "minutes", first: minutes, second: 0 };
  if (minutes < 24 * 60) return two("hours", minutes, 60);
  const hours = Math.round(minutes / 60);
  if (hours < 24 * MANY_DAYS) return two("days", hours, 24);
  return { unit: "days", first: Math.round(hours / 24), second: 0 };
}

function two(unit: "hours" | "days", count: number, of: number): Span {
  const first = Math.floor(count / of);
  const second = count % of;
  if (second === 0) return { unit, first, second };
  return { unit: unit === "hours" ? "hours_minutes" : "days_hours", first, second };
}
