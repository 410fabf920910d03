import { describe, expect, it } from "vitest";
import { ampDigits, DASH, Formatter, span } from "../src/format.js";
import type { HassLocale } from "../src/ha.js";
import { ENGLISH, fakeHass, texts } from "./support.js";

const NARROW = "\u202f"; // what French groups with
const SPACE = "\u00a0";
const MINUS = "\u2212";

function formatter(language: string, changes: Partial<HassLocale> = {}, zone = "UTC"): Formatter {
  return new Formatter({ ...ENGLISH, language, ...changes }, zone);
}

const en = formatter("en");

describe("numbers", () => {
  it.each([
    ["en", "language", "1,234.50"],
    ["de", "language", "1.234,50"],
    ["de-CH", "language", "1’234.50"],
    ["fr", "language", `1${NARROW}234,50`],
    ["fa", "language", "۱٬۲۳۴٫۵۰"],
    ["de", "comma_decimal", "1,234.50"],
    ["en", "decimal_comma", "1.234,50"],
    ["en", "quote_decimal", "1’234.50"],
    ["en", "space_comma", `1${NARROW}234,50`],
    ["de", "none", "1234.50"],
  ] as const)("are those of %s with the format %s", (language, number_format, wanted) => {
    const shown = formatter(language, { number_format }).number(1234.5, 2);
    expect(shown.replace("'", "’")).toBe(wanted);
  });

  it("follow the system where that is asked for", () => {
    const shown = formatter("de", { number_format: "system" }).number(1234.5, 1);
    const system = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1 }).format(1234.5);
    expect(shown).toBe(system);
  });

  it.each([null, undefined, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "%s is a dash",
    (value) => {
      expect(en.number(value, 2)).toBe(DASH);
      expect(en.unit(value, 2, "V")).toBe(DASH);
      expect(en.signed(value, 2, "V")).toBe(DASH);
      expect(en.volts(value)).toBe(DASH);
      expect(en.cell(value)).toBe(DASH);
      expect(en.amps(value)).toBe(DASH);
      expect(en.millivolts(value)).toBe(DASH);
      expect(en.power(value)).toBe(DASH);
      expect(en.energy(value)).toBe(DASH);
      expect(en.value(value, "V")).toBe(DASH);
      expect(en.value(value, null)).toBe(DASH);
    },
  );

  it("have a minus sign and not a hyphen, also where digits are others", () => {
    expect(en.number(-3.3004, 3)).toBe(`${MINUS}3.300`);
    expect(formatter("de").number(-1234.5, 1)).toBe(`${MINUS}1.234,5`);
    expect(formatter("fa").number(-42)).toBe(`${MINUS}۴۲`);
    expect(formatter("bn").number(-7, 1)).toBe(`${MINUS}৭.০`);
    expect(formatter("fa").signed(42, 0)).toBe("+۴۲");
  });

  it.each([-0, -0.0004, -0.00049, 0.0004])("%s rounds to nothing, and that has no sign", (value) => {
    expect(en.number(value, 3)).toBe("0.000");
    expect(en.signed(value, 3)).toBe("0.000");
    expect(en.signed(value, 3, "V")).toBe(`0.000${SPACE}V`);
    expect(formatter("fa").signed(value, 3)).toBe("۰٫۰۰۰");
  });

  it("have a sign also when positive where that is asked for", () => {
    expect(en.signed(1.25, 1)).toBe("+1.3");
    expect(en.signed(-1.25, 1, "A")).toBe(`${MINUS}1.3${SPACE}A`);
    expect(en.signed(0, 1, "A")).toBe(`0.0${SPACE}A`);
  });

  it("never say a minus of nothing, whatever comes", () => {
    for (const language of ["en", "de", "fr", "de-CH", "fa", "mr"])
      for (let digits = 0; digits <= 3; digits += 1)
        for (let value = -0.6; value <= 0.6; value += 0.0037) {
          const one = formatter(language);
          const shown = one.number(value, digits);
          if (shown.startsWith(MINUS)) expect(shown.slice(1)).not.toBe(one.number(0, digits));
          expect(shown).not.toContain("-");
        }
  });
});

describe("quantities", () => {
  it.each([
    [0, `0${SPACE}W`],
    [63.4, `63${SPACE}W`],
    [-63.4, `${MINUS}63${SPACE}W`],
    [999.4, `999${SPACE}W`],
    [999.5, `1.00${SPACE}kW`],
    [-2334, `${MINUS}2.33${SPACE}kW`],
    [9994, `9.99${SPACE}kW`],
    [9995, `10.0${SPACE}kW`],
    [14_230, `14.2${SPACE}kW`],
    [1_234_567, `1,234.6${SPACE}kW`],
  ])("%s W is %s", (watts, wanted) => {
    expect(en.power(watts)).toBe(wanted);
  });

  it.each([
    [0, 1],
    [99.94, 1],
    [99.95, 0],
    [-100, 0],
    [null, 1],
    [undefined, 1],
  ])("%s A has %s decimals", (amps, digits) => {
    expect(ampDigits(amps)).toBe(digits);
  });

  it("have the decimals of their unit", () => {
    expect(en.amps(42.06)).toBe(`42.1${SPACE}A`);
    expect(en.amps(-142.06)).toBe(`${MINUS}142${SPACE}A`);
    expect(en.volts(55.5)).toBe(`55.50${SPACE}V`);
    expect(en.cell(3.3)).toBe("3.300");
    expect(en.millivolts(0.0584)).toBe(`58${SPACE}mV`);
    expect(en.energy(1234)).toBe(`1.2${SPACE}kWh`);
    expect(en.energy(99_949)).toBe(`99.9${SPACE}kWh`);
    expect(en.energy(99_950)).toBe(`100${SPACE}kWh`);
    expect(en.energy(0)).toBe(`0${SPACE}Wh`);
    expect(en.energy(-20)).toBe(`\u221220${SPACE}Wh`);
    expect(en.energy(999.4)).toBe(`999${SPACE}Wh`);
    expect(en.energy(999.6)).toBe(`1.0${SPACE}kWh`);
  });

  it.each([
    [3.651, "V", `3.651${SPACE}V`],
    [55.5, "V", `55.50${SPACE}V`],
    [1.44, "°C", `1.4${SPACE}°C`],
    [21, "K", `21.0${SPACE}°C`],
    [42.7, "A", `42.7${SPACE}A`],
    [80.4, "%", `80${SPACE}%`],
    [5, null, "5"],
  ])("a protection's %s %s is %s", (value, unit, wanted) => {
    expect(en.value(value, unit)).toBe(wanted);
  });
});

describe("clock", () => {
  const afternoon = new Date("2026-03-01T14:03:22Z");
  const midnight = new Date("2026-03-01T00:05:00Z");

  it("has twelve or twenty-four hours as the user wants", () => {
    const plain = (text: string) => text.replace(/\s/g, " ");
    expect(formatter("en", { time_format: "24" }).clock(afternoon)).toBe("14:03");
    expect(formatter("en", { time_format: "24" }).clock(midnight)).toBe("00:05");
    expect(plain(formatter("en", { time_format: "12" }).clock(afternoon))).toBe("2:03 PM");
    expect(plain(formatter("de", { time_format: "12" }).clock(midnight))).toBe("12:05 AM");
    expect(formatter("de", { time_format: "24" }).clock(afternoon, true)).toBe("14:03:22");
  });

  it("has what the language has where nothing is said", () => {
    expect(formatter("de", { time_format: "language" }).clock(midnight)).toBe("00:05");
    expect(formatter("en", { time_format: "language" }).clock(midnight)).toMatch(/^12:05\sAM$/);
    expect(formatter("en-GB", { time_format: "language" }).clock(midnight)).toBe("00:05");
    const halves = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions().hour12;
    expect(/M$/.test(formatter("en", { time_format: "system" }).clock(midnight))).toBe(halves);
  });

  it("is that of the server, or of the browser", () => {
    expect(formatter("de", {}, "Asia/Tokyo").clock(afternoon)).toBe("23:03");
    expect(formatter("de", { time_zone: "local" }, "Asia/Tokyo").clock(afternoon)).toBe(
      new Intl.DateTimeFormat("de", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(afternoon),
    );
  });

  it("tells the day of the same place as the hour", () => {
    const late = new Date("2026-03-01T20:00:00Z");
    expect(formatter("en", {}, "Asia/Tokyo").day(late)).toBe("Mar 2");
    expect(formatter("de", {}, "UTC").day(late)).toMatch(/^1\. M/);
  });

  it("is a dash for what is no time", () => {
    expect(en.clock(new Date("yesterday"))).toBe(DASH);
    expect(en.day(new Date(""))).toBe(DASH);
  });

  it("is made of what Home Assistant has", () => {
    const one = Formatter.of(fakeHass({ config: { time_zone: "Asia/Tokyo" } }));
    expect(one.clock(afternoon)).toBe("23:03");
  });
});

describe("spans", () => {
  it.each([
    [-5, "0 s"],
    [0.4, "0 s"],
    [59.4, "59 s"],
    [59.6, "1 min"],
    [89, "1 min"],
    [90, "2 min"],
    [3569, "59 min"],
    [3570, "1 h"],
    [3600, "1 h"],
    [5400, "1 h 30 min"],
    [86_369, "23 h 59 min"],
    [86_370, "1 d"],
    [126_000, "1 d 11 h"],
    [172_800, "2 d"],
    [257_400, "3 d"],
    [20 * 86_400, "20 d"],
  ])("%s s is %s", async (seconds, wanted) => {
    expect((await texts()).time(seconds)).toBe(wanted);
  });

  it("never have sixty minutes or twenty-four hours", () => {
    for (let seconds = 0; seconds < 400_000; seconds += 29) {
      const { unit, first, second } = span(seconds);
      const most = { seconds: 60, minutes: 60, hours: 24, hours_minutes: 24, days: 99, days_hours: 3 }[unit];
      if (first >= most || second >= (unit === "hours_minutes" ? 60 : 24))
        expect([seconds, unit, first, second]).toBe("");
    }
  });

  it("below a second an age stands still", async () => {
    const t = await texts();
    expect(t.age(0.99)).toBe("< 1 s");
    expect(t.age(1)).toBe("1 s");
    expect(t.text("age", { time: t.age(190) })).toBe("3 min old");
    expect((await texts("de")).text("age", { time: "3 min" })).toBe("3 min alt");
  });
});
