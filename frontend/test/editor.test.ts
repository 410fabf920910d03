import { afterEach, describe, expect, it, vi } from "vitest";
import { BLOCKS } from "../src/cards/pack.js";
import { form } from "../src/editor.js";
import { fakeHass } from "./support.js";

interface Field {
  name: string;
  required?: boolean;
  selector: {
    device?: { filter: { integration: string; manufacturer?: string }[] };
    select?: { options: { value: string; label: string }[] };
  };
}

interface Form {
  schema: Field[];
  computeLabel(field: { name: string }): string;
  computeHelper(field: { name: string }): string | undefined;
}

async function formOf(kind: string, blocks: readonly string[] = [], language = "en"): Promise<Form> {
  vi.stubGlobal("document", { querySelector: () => ({ hass: fakeHass({ language }) }) });
  return (await form(kind, blocks)) as Form;
}

describe("the form of an editor", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("has nothing that must be filled in", async () => {
    for (const kind of ["pack", "bank", "cells", "packs", "energy", "tile", "badge"])
      expect((await formOf(kind, BLOCKS)).schema.filter((field) => field.required)).toEqual([]);
  });

  it("offers our devices only, and for a bank's card banks only", async () => {
    const filter = async (kind: string) => (await formOf(kind)).schema[0]?.selector.device?.filter;
    expect(await filter("pack")).toEqual([{ integration: "smart_bms" }]);
    expect(await filter("bank")).toEqual([{ integration: "smart_bms", manufacturer: "Smart BMS" }]);
  });

  it("offers the blocks of a pack's card in words", async () => {
    const hide = (await formOf("pack", BLOCKS)).schema.find((field) => field.name === "hide");
    expect(hide?.selector.select?.options.map((option) => option.value)).toEqual([...BLOCKS]);
    expect(hide?.selector.select?.options.map((option) => option.label)).toContain("Temperatures");
    expect((await formOf("tile")).schema.map((field) => field.name)).toEqual(["device", "name"]);
  });

  it("offers the scale of the cells", async () => {
    const scale = (await formOf("cells")).schema.find((field) => field.name === "scale");
    expect(scale?.selector.select?.options).toEqual([
      { value: "limits", label: "Limits" },
      { value: "difference", label: "Difference" },
    ]);
  });

  it("of all batteries offers nothing that it would not use", async () => {
    expect((await formOf("packs")).schema).toEqual([]);
  });

  it("has a label for each field, in the user's language", async () => {
    const { schema, computeLabel, computeHelper } = await formOf("cells", BLOCKS, "de");
    expect(schema.map(computeLabel)).toEqual(["Batterie", "Name", "Ausblenden", "Skala"]);
    expect(schema.map(computeHelper)).toEqual([
      "Ohne Auswahl wird die erste angezeigt.",
      undefined,
      undefined,
      undefined,
    ]);
  });
});
