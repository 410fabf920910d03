/// <reference types="vite/client" />
import { describe, expect, it } from "vitest";
import { BLOCKS } from "../src/cards/pack.js";
import { fill, Texts, textsOf } from "../src/i18n.js";
import english from "../src/texts/en.json" with { type: "json" };
import { fakeHass, RESOURCES, texts } from "./support.js";

const SOURCES = import.meta.glob<string>("../src/**/*.ts", { query: "?raw", import: "default", eager: true });
const SOURCE = Object.values(SOURCES).join("\n");

const PICKED = [
  "bank",
  "cells",
  "control",
  "energy",
  "health",
  "log",
  "pack",
  "packs",
  "parameters",
  "protection",
  "tile",
];

/** Keys that are put together: how the source makes them, and which there are. */
const MADE: Record<string, string[]> = {
  "block_${block}": BLOCKS.map((block) => `block_${block}`),
  "cause_${key}": ["cause_recovering", "cause_no_data"],
  "imbalance_${key}": ["full", "rest", "load"].map((key) => `imbalance_${key}`),
  "picker_${card.key}": PICKED.map((key) => `picker_${key}`),
  "picker_${card.key}_about": PICKED.map((key) => `picker_${key}_about`),
  "outcome_${record.outcome}": ["changed_elsewhere", "different", "pending", "refused", "unknown"].map(
    (outcome) => `outcome_${outcome}`,
  ),
};

type All = Record<string, string>;
const LANGUAGES = Object.entries(import.meta.glob<All>("../src/texts/*.json", { import: "default", eager: true })).map(
  ([path, all]) => [path.replace(/.*\/|\.json/g, ""), all] as const,
);

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();

describe("texts", () => {
  it("are there in nine languages, and the cards know all of them", () => {
    expect(LANGUAGES.map(([language]) => language)).toHaveLength(9);
    for (const [language] of LANGUAGES)
      if (language !== "en") expect(SOURCE).toContain(`import("./texts/${language}.json")`);
  });

  it.each(LANGUAGES)("of %s have the keys and placeholders of the English", (_, all) => {
    expect(Object.keys(all)).toEqual(Object.keys(english));
    for (const [key, text] of Object.entries(english))
      expect(placeholders(all[key] ?? ""), key).toEqual(placeholders(text));
  });

  it("are in the order of their keys", () => {
    expect(Object.keys(english)).toEqual(Object.keys(english).sort());
  });

  it.each(LANGUAGES)("of %s are typed well", (language, all) => {
    for (const [key, text] of Object.entries(all)) {
      expect(text.trim(), key).toBe(text);
      expect(text, key).not.toBe("");
      // No dash without spaces, no three points, no straight quotation marks around a word; no long dash in English.
      expect(text, key).not.toMatch(/--|\.\.\.|\S–|–\S| {2}|"/);
      if (language === "en") expect(text, key).not.toMatch(/—/);
      expect(text.replaceAll(/\{\w+\}/g, ""), key).not.toMatch(/[{}]/);
    }
  });

  it("have every key that the source uses, and none that it does not", () => {
    for (const made of Object.keys(MADE)) expect(SOURCE).toContain(`\`${made}\``);
    const made = new Set(Object.values(MADE).flat());
    const unused = Object.keys(english).filter((key) => !made.has(key) && !new RegExp(`"${key}"`).test(SOURCE));
    expect(unused).toEqual([]);
    const used = [...SOURCE.matchAll(/\.text\(\s*"(\w+)"/g)].map((found) => found[1] as string);
    expect(used.length).toBeGreaterThan(80);
    expect([...used, ...made].filter((key) => !(key in english))).toEqual([]);
  });

  it("of the integration are there for every path that the source asks for", () => {
    const paths = [...SOURCE.matchAll(/\.of\(`([\w.]+?)\$\{/g)].map((found) => found[1] as string);
    expect(paths.length).toBeGreaterThan(5);
    for (const path of paths)
      expect(
        Object.keys(RESOURCES).some((key) => key.startsWith(`component.smart_bms.${path}`)),
        path,
      ).toBe(true);
  });

  it("of a direction fit beside a number at 320 px", () => {
    for (const [language, all] of LANGUAGES)
      for (const key of ["charge", "discharge", "cut_off", "not_allowed", "switched_off", "not_known"])
        expect(all[key]?.length, `${language} ${key}: ${all[key]}`).toBeLessThanOrEqual(16);
  });
});

describe("placeholders", () => {
  it("are filled once, and what is not known stays visible", () => {
    expect(fill("{a} and {b}", { a: "{b}", b: 2 })).toBe("{b} and 2");
    expect(fill("{a} {c}", { a: 0 })).toBe("0 {c}");
    expect(fill("{a}", { a: "" })).toBe("");
  });
});

describe("a language", () => {
  it("is English until it is loaded, and where nobody translated", async () => {
    expect(new Texts("de").text("charge")).toBe("Charge");
    expect((await texts("de")).text("charge")).toBe("Laden");
    expect((await texts("de-CH")).text("charge")).toBe("Laden");
    expect((await texts("tlh")).text("charge")).toBe("Charge");
  });

  it("asks for the integration's texts in the nearest language that there is", async () => {
    const asked: string[] = [];
    const hass = (language: string) =>
      fakeHass({
        language,
        callWS: async <T>(message: object) => {
          asked.push((message as { language: string }).language);
          return { resources: RESOURCES } as T;
        },
      });
    for (const language of ["es-419", "zh-Hans", "zh-Hant", "pt-BR"]) await new Texts(language).load(hass(language));
    expect([...new Set(asked)]).toEqual(["es", "zh-Hans", "zh-Hant", "pt-BR"]);
  });

  it("goes from right to left where it does", () => {
    for (const language of ["ar", "fa", "he", "ur"]) expect(new Texts(language).rightToLeft).toBe(true);
    for (const language of ["en", "de", "de-CH", "arn"]) expect(new Texts(language).rightToLeft).toBe(false);
  });

  it("is asked for again if Home Assistant could not answer, and only then", async () => {
    let asked = 0;
    let answers = false;
    const hass = fakeHass({
      language: "xx-once",
      callWS: async <T>() => {
        asked += 1;
        if (!answers) throw new Error("not now");
        return { resources: RESOURCES } as T;
      },
    });
    const without = await textsOf(hass);
    expect(without.loaded).toBe(false);
    expect(without.status("all_well")).toBe("all well");
    expect(without.sentence("hint_pair")).toBe("");
    answers = true;
    await Promise.resolve();
    expect((await textsOf(hass)).loaded).toBe(true);
    expect(asked).toBe(6);
    await textsOf(hass);
    expect(asked).toBe(6);
  });

  it("does not break over a key that is not there", () => {
    expect(new Texts("en").text("outcome_of_tomorrow" as "charge")).toBe("outcome_of_tomorrow");
  });
});
