import { describe, expect, it } from "vitest";
import { Formatter } from "../src/format.js";
import type { Status } from "../src/generated/messages.js";
import { capital, directionWord, reasonSentence, statusWords } from "../src/sentences.js";
import { direction, ENGLISH, packData, RESOURCES, reason, status, texts } from "./support.js";

const t = await texts();
const german = await texts("de");
const f = new Formatter(ENGLISH, "UTC");
const f_de = new Formatter({ ...ENGLISH, language: "de" }, "UTC");

function words(changes: Partial<Status>, hints: string[] = []) {
  const { connection } = packData();
  const found = statusWords(status(changes), { connection: { ...connection, hints } }, t, f);
  // Units are kept on the line of their number.
  return { title: found.title.replaceAll("\u00a0", " "), detail: found.detail.replaceAll("\u00a0", " ") };
}

describe("a status in words, by rank", () => {
  it("1: a password is needed", () => {
    expect(words({ rank: 1, code: "password_needed", level: "info" }, ["enter_password"])).toEqual({
      title: "Password needed",
      detail: "Enter the password of the pack: Home Assistant asks for it under Settings → Devices & services.",
    });
  });

  it("2: out of reach, since when, and at most two hints", () => {
    const hints = ["weak_signal", "wake_board", "restart_bluetooth"];
    const { title, detail } = words({ rank: 2, code: "out_of_reach", level: "info", since: 190 }, hints);
    expect(title).toBe("Out of range (3 min)");
    expect(detail).toMatch(/^The signal is weak\. .*\. This BMS sleeps .*charger\.$/);
    expect(detail).not.toContain("stuck");
  });

  it("2: without what is not known", () => {
    expect(words({ rank: 2, code: "silent", since: null })).toEqual({ title: "Connected but silent", detail: "" });
    expect(words({ rank: 2, code: "silent", since: 0.4 }, ["never heard of"])).toEqual({
      title: "Connected but silent",
      detail: "",
    });
    expect(statusWords(status({ rank: 2, code: "connecting" }), {}, t, f).title).toBe("Connecting");
  });

  it("3: tripped, with the cell, its value, its limit, and when it is released", () => {
    const found = words({
      rank: 3,
      code: "discharging_stopped_cell_empty",
      about: "cell_undervoltage",
      cell: 4,
      value: 2.571,
      limit: 2.6,
      release: 2.65,
      unit: "V",
      seconds: 12,
    });
    expect(found).toEqual({
      title: "Discharging stopped: a cell is empty",
      detail: "Cell 4 is at 2.571 V, limit 2.600 V. Released at 2.650 V. Changes in about 12 s.",
    });
  });

  it("3: an alarm without numbers is called by its name", () => {
    expect(words({ rank: 3, code: "fault", about: "current_sensor_fault" }).detail).toBe("Current sensor fault.");
    expect(words({ rank: 3, code: "fault", about: "fault" }).detail).toBe("");
  });

  it("4: a delay runs", () => {
    const found = words({ rank: 4, code: "discharging_stops_soon", about: "pack_undervoltage", seconds: 4 });
    expect(found.detail).toBe("Changes in about 4 s.");
    expect(words({ rank: 4, code: "discharging_stops_soon", seconds: 0 }).detail).toBe("");
  });

  it("5: may not, with the coldest probe", () => {
    const found = words({
      rank: 5,
      code: "charging_not_allowed_cold",
      about: "charge_undertemperature",
      probe: "temperature_2",
      value: 1.4,
      limit: 2,
      release: 5,
      unit: "°C",
    });
    expect(found.title).toBe("Charging not allowed: too cold");
    expect(found.detail).toBe("Probe 2: 1.4 °C, limit 2.0 °C. Released at 5.0 °C.");
  });

  it("6: a mismatch, without a release that is of no use here", () => {
    const found = words({ rank: 6, code: "mismatch", value: 3.66, limit: 3.65, release: 3.4, unit: "V" });
    expect(found).toEqual({ title: "Protection mismatch", detail: "3.660 V, limit 3.650 V." });
  });

  it("7: held back, to how much, and by which cell", () => {
    const found = words({
      rank: 7,
      code: "charging_held_back_cell_full",
      about: "cell_voltage",
      cell: 5,
      value: 3.592,
      limit: 3.65,
      release: 3.5,
      unit: "V",
      current_limit: 42.7,
    });
    expect(found.title).toBe("Charging held back: a cell is nearly full (42.7 A)");
    expect(found.detail).toBe("Cell 5 is at 3.592 V, limit 3.650 V.");
  });

  it("8, 9, 10: advice, full, and what is not known", () => {
    expect(words({ rank: 8, code: "cells_doubtful", about: "" })).toEqual({ title: "Check the cells", detail: "" });
    expect(words({ rank: 8, code: "changed_elsewhere", about: "balance_trigger, cell_overvoltage" }).detail).toMatch(
      /^\S.*, Cell overvoltage\.$/,
    );
    expect(words({ rank: 9, code: "full", value: 100, unit: "%" })).toEqual({ title: "Full", detail: "" });
    expect(words({ rank: 10, code: "not_known", about: "soc" }).detail).toBe("State of charge.");
  });

  it("11: all is well", () => {
    expect(words({})).toEqual({ title: "OK", detail: "" });
  });

  it("of a pack of a bank is said with its name, and with what it has", () => {
    expect(words({ rank: 3, code: "pack_stopped", pack: "Left", about: "charging_stopped_hot" })).toEqual({
      title: "Left: A pack has cut off",
      detail: "Charging stopped: too hot.",
    });
  });

  it("of an integration that is newer than the cards is at least its code", () => {
    expect(words({ rank: 8, code: "moon_is_full" }).title).toBe("moon is full");
  });

  it("never says a value or a limit that is not known", () => {
    expect(words({ rank: 7, code: "cut_off_ahead", value: null, limit: 3.65, unit: "V", seconds: 60 }).detail).toBe(
      "Changes in about 1 min.",
    );
    expect(words({ rank: 7, code: "cut_off_ahead", value: 3.6, limit: null, unit: "V" }).detail).toBe("");
  });

  it("is German with German numbers", () => {
    const found = statusWords(
      status({ rank: 7, code: "x", cell: 5, value: 3.592, limit: 3.65, unit: "V", current_limit: 42.7 }),
      {},
      german,
      f_de,
    );
    expect(found.title).toContain("(42,7\u00a0A)");
    expect(found.detail).toBe("Zelle 5 bei 3,592\u00a0V, Grenzwert 3,650\u00a0V.");
  });

  it("has words for every code that the integration has", () => {
    const codes = Object.keys(RESOURCES).filter((key) => key.includes(".entity.sensor.status.state."));
    expect(codes.length).toBeGreaterThan(60);
    for (const path of codes) {
      const code = path.slice(path.lastIndexOf(".") + 1);
      for (let rank = 1; rank <= 11; rank += 1) {
        const { title, detail } = words({ code, rank, about: "cell_overvoltage", value: 3, limit: 4, unit: "V" });
        expect(title).toBe(RESOURCES[path]);
        expect(`${title} ${detail}`).not.toMatch(/[{}]|undefined|null|NaN|\s\s/);
      }
    }
  });
});

describe("a reason", () => {
  it("is a whole sentence with its numbers", () => {
    const found = reasonSentence(
      reason("tripped", "cell_undervoltage", { value: 2.571, limit: 2.6, release: 2.65, unit: "V" }),
      t,
      f,
    );
    expect(found).toBe("Cell undervoltage: 2.571 V, limit 2.6 V, released at 2.65 V.");
  });

  it("names all that it is about", () => {
    const found = reasonSentence(reason("pack_blocks", "current_sensor_fault, cell_overvoltage"), t, f);
    expect(found).toBe("The pack is blocking it. It reports: Current sensor fault, Cell overvoltage.");
  });

  it("has a dash for what is not known", () => {
    const found = reasonSentence(reason("waits_for_charge_restart", "", { value: null, limit: 90 }), t, f);
    expect(found).toContain("below 90 % (now – %)");
  });

  it("is empty where there are no words for it", () => {
    expect(reasonSentence(reason("from_the_future"), t, f)).toBe("");
  });

  it("has words for every code that the integration has, and one full stop", () => {
    const keys = Object.keys(RESOURCES).filter((key) => key.includes(".exceptions.reason_"));
    expect(keys.length).toBeGreaterThan(20);
    const numbers = { value: 3.3, limit: 3.6, release: 3.5, seconds: 3, charge: 90, discharge: 20, unit: "V" };
    for (const key of keys) {
      const code = key.replace(/^.*\.reason_/, "").replace(/\.message$/, "");
      const found = reasonSentence(reason(code, "cell_overvoltage", numbers), t, f);
      expect(found).toMatch(/^[A-Z].*[^.]\.$/);
      expect(found).not.toMatch(/[{}]|undefined|null|NaN/);
    }
  });
});

describe("behind the name of a direction", () => {
  it.each([
    [{}, ""],
    [{ allowed: null }, "not known"],
    [{ allowed: false, reasons: [reason("switched_off")] }, "switched off"],
    [{ allowed: false, reasons: [reason("switched_off"), reason("tripped")] }, "cut off"],
    [{ allowed: false, reasons: [reason("would_trip")] }, "not allowed"],
    [{ allowed: false, reasons: [] }, "not allowed"],
  ])("%o is %s", (changes, wanted) => {
    expect(directionWord(direction(changes), t)).toBe(wanted);
  });
});

describe("names", () => {
  it("are the integration's words", () => {
    expect(t.name("cell_overvoltage")).toBe("Cell overvoltage");
    expect(t.name("default_password")).toBe("Default password in use");
    expect(t.name("smart_sleep")).toBe("Smart sleep");
    expect(t.name("something_else")).toBe("something else");
    expect(t.probe("mosfet")).toBe("MOSFETs");
    expect(t.probe("temperature_2")).toBe("probe 2");
    expect(t.probe("board")).toBe("board");
  });

  it("of what limits a current are those of what is measured", () => {
    expect(t.cause("cell_highest")).toBe("Highest cell voltage");
    expect(t.cause("coldest")).toBe("Lowest temperature");
    expect(t.cause("temperature_spread")).toBe("Temperature imbalance");
    expect(t.cause("power_stage")).toBe("MOSFET temperature");
    expect(t.cause("soc")).toBe("State of charge");
    expect(t.cause("recovering")).toBe("slow recovery");
    expect(t.cause("no_data")).toBe("no current data");
    for (const key of ["cell_lowest", "cell_spread", "pack_voltage", "charge_current", "discharge_current", "hottest"])
      expect(t.cause(key)).toMatch(/^[A-Z]/);
    expect(words({ rank: 7, code: "x", about: "cell_highest" }).detail).toBe("Highest cell voltage.");
  });

  it("begin a sentence", () => {
    expect(capital("probe 2")).toBe("Probe 2");
    expect(capital("äußere")).toBe("Äußere");
    expect(capital("")).toBe("");
  });
});
