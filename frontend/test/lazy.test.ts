import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CardConfig, HomeAssistant } from "../src/ha.js";
import { lazyCard } from "../src/lazy.js";
import { fakeHass } from "./support.js";

vi.mock("../src/later.js", () => ({ form: async (kind: string, blocks: string[]) => ({ kind, blocks }) }));

/** As much of an element as a stand-in needs. */
class Element {
  style: Record<string, string> = {};
  textContent = "";
  readonly children: unknown[] = [];
  append(child: unknown): void {
    this.children.push(child);
  }
}

interface Card extends Element {
  setConfig(config: CardConfig): void;
  hass: HomeAssistant;
  getCardSize(): number;
  getGridOptions(): object;
}

interface Body {
  tag: string;
  configs: CardConfig[];
  hass?: HomeAssistant;
}

const CONFIG = { type: "custom:one-card" };
const GRID = { columns: 12, rows: "auto" } as const;

describe("a stand-in", () => {
  let made: Body[] = [];

  beforeEach(() => {
    made = [];
    vi.stubGlobal("HTMLElement", Element);
    vi.stubGlobal("document", {
      createElement: (tag: string) => {
        const body = { tag, configs: [] as CardConfig[], setConfig: (config: CardConfig) => body.configs.push(config) };
        made.push(body);
        return body;
      },
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  const define = () => lazyCard("one-card", { grid: GRID, size: 6, blocks: ["cells"], kind: "cells" });
  const create = () => new (define())() as unknown as Card;

  it("knows its size before anything is loaded", () => {
    const card = create();
    expect(card.getCardSize()).toBe(6);
    expect(card.getGridOptions()).toBe(GRID);
    expect(made).toEqual([]);
  });

  it("refuses what is not a device, as the real one does", () => {
    expect(() => create().setConfig({ ...CONFIG, device: 5 as unknown as string })).toThrow("device");
    expect(made).toEqual([]);
  });

  it("makes the real card once, with the newest configuration and state", async () => {
    const card = create();
    const hass = fakeHass();
    card.setConfig(CONFIG);
    card.hass = fakeHass();
    card.setConfig({ ...CONFIG, name: "Two" });
    card.hass = hass;
    await vi.waitFor(() => expect(card.children).toHaveLength(1));
    await Promise.resolve();
    expect(made).toHaveLength(1);
    expect(made[0]).toMatchObject({ tag: "one-card-body", configs: [{ ...CONFIG, name: "Two" }] });
    expect(made[0]?.hass).toBe(hass);

    const later = fakeHass();
    card.hass = later;
    card.setConfig({ ...CONFIG, name: "Three" });
    expect(made[0]?.hass).toBe(later);
    expect(made[0]?.configs.at(-1)?.name).toBe("Three");
    expect(card.children).toEqual(made);
  });

  it("has its form from what is loaded later", async () => {
    const element = define() as unknown as { getConfigForm(): Promise<object>; getStubConfig(): object };
    expect(await element.getConfigForm()).toEqual({ kind: "cells", blocks: ["cells"] });
    expect(element.getStubConfig()).toEqual({});
  });
});

describe("a stand-in of files that are not there any more", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.doUnmock("../src/later.js");
  });

  it.each([
    ["en", "Smart BMS was updated: reload the page."],
    ["de", "Smart BMS wurde aktualisiert: Lade die Seite neu."],
  ])("says so, in %s", async (language, wanted) => {
    vi.stubGlobal("HTMLElement", Element);
    vi.resetModules();
    vi.doMock("../src/later.js", () => {
      throw new Error("Failed to fetch dynamically imported module");
    });
    const lazy = await import("../src/lazy.js");
    const card = new (lazy.lazyCard("one-card", {
      grid: GRID,
      size: 6,
      blocks: [],
      kind: "pack",
    }))() as unknown as Card;
    card.hass = fakeHass({ language });
    card.setConfig(CONFIG);
    await vi.waitFor(() => expect(card.textContent).toBe(wanted));
    expect(card.children).toEqual([]);
  });
});
