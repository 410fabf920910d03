import { describe, expect, it, vi } from "vitest";
import type { Battery } from "../src/generated/messages.js";
import { dashboard, views } from "../src/strategy.js";
import { battery, FakeConnection, fakeHass, texts } from "./support.js";

interface View {
  title: string;
  path: string;
  cards?: { type: string; device?: string }[];
  badges?: { type: string; device?: string }[];
  sections?: { cards: { type: string; device?: string; heading?: string }[] }[];
}

const t = await texts();
const made = (shown: Battery[], admin = true) => views(shown, t, admin) as View[];
const packs = (count: number) => Array.from({ length: count }, (_, index) => battery(`Pack ${index + 1}`));
const bank = battery("House", { kind: "bank", members: ["pack 1", "pack 2"] });

/** Types of the cards of a view, without headings. */
const cards = (view: View | undefined) =>
  [...(view?.cards ?? []), ...(view?.sections ?? []).flatMap((section) => section.cards)]
    .filter((card) => card.type !== "heading")
    .map((card) => card.type.replace("custom:smart-bms-", ""));

describe("views", () => {
  it("without a battery say how to add one", () => {
    expect(made([])).toHaveLength(1);
    expect(cards(made([])[0])).toEqual(["packs-card"]);
  });

  it("of one pack are one, and nothing in it says bank", () => {
    const [view, ...more] = made(packs(1));
    expect(more).toEqual([]);
    expect(view?.title).toBe("Pack 1");
    expect(cards(view)[0]).toBe("card");
    expect(cards(view)).not.toContain("bank-card");
    expect(cards(view)).not.toContain("packs-card");
  });

  it.each([3, 8])("of %s packs are an overview and one for each", (count) => {
    const shown = packs(count);
    const [overview, ...each] = made(shown);
    expect(overview?.path).toBe("overview");
    expect(overview?.badges?.map((badge) => badge.device)).toEqual(shown.map((pack) => pack.device_id));
    expect(cards(overview)).toEqual(["packs-card", "card", "energy-card", "protection-card"]);
    expect(each.map((view) => view.title)).toEqual(shown.map((pack) => pack.name));
    expect(new Set(each.map((view) => view.path)).size).toBe(count);
  });

  it("of packs and a bank show the bank first", () => {
    const [overview, first, ...each] = made([bank, ...packs(2)]);
    expect(cards(overview)).toEqual(["packs-card", "bank-card", "energy-card"]);
    expect(cards(first)).toEqual(["bank-card", "energy-card"]);
    expect(each.map((view) => view.title)).toEqual(["Pack 1", "Pack 2"]);
    expect(overview?.sections?.[1]?.cards[0]?.heading).toBe("House");
  });

  it("show a bank whose packs are hidden", () => {
    const [view, ...more] = made([bank]);
    expect(more).toEqual([]);
    expect(cards(view)).toEqual(["bank-card", "energy-card"]);
  });

  it("have parameters, control and the write log for administrators only", () => {
    const own = ["control-card", "parameters-card", "log-card"];
    for (const count of [1, 3]) {
      const [admin, user] = [made(packs(count)).at(-1), made(packs(count), false).at(-1)];
      expect(cards(admin)).toEqual([...cards(user), ...own]);
      expect(cards(user)).toContain("health-card");
    }
  });

  it("name the device of each card, and keep their path when it is renamed", () => {
    const before = made([bank, ...packs(3)]);
    for (const view of before.slice(1))
      for (const section of view.sections ?? [])
        for (const card of section.cards) if (card.type !== "heading") expect(card.device).toMatch(/^device of /);
    const renamed = made([bank, ...packs(3).map((pack) => ({ ...pack, name: "Akku" }))]);
    expect(renamed.map((view) => view.path)).toEqual(before.map((view) => view.path));
  });
});

describe("the dashboard", () => {
  const ready = async (config = {}, found: Battery[] = [bank, ...packs(2)], admin = true) => {
    const connection = new FakeConnection();
    const hass = fakeHass({ connection, user: { is_admin: admin, name: "" } });
    const all = dashboard({ type: "custom:smart-bms", ...config }, hass) as Promise<{ title: string; views: View[] }>;
    connection.last().send({ batteries: found });
    connection.last().accept();
    const result = await all;
    await vi.waitFor(() => expect(connection.last().ended).toBe(true));
    return result;
  };

  it("asks what there is, and does not stay subscribed", async () => {
    const { title, views } = await ready();
    expect(title).toBe("Batteries");
    expect(views).toHaveLength(4);
  });

  it("leaves out what is hidden, and what has no device yet", async () => {
    const hidden = await ready({ hide: ["device of Pack 1", "device of House"] });
    expect(hidden.views.map((view) => view.title)).toEqual(["Pack 2"]);
    const early = await ready({}, [battery("Pack 1", { device_id: null }), battery("Pack 2")]);
    expect(early.views.map((view) => view.title)).toEqual(["Pack 2"]);
  });

  it("is for whoever looks", async () => {
    const user = await ready({}, packs(1), false);
    expect(cards(user.views[0])).not.toContain("parameters-card");
  });

  it("ends a subscription also when the answer comes after it is accepted", async () => {
    const connection = new FakeConnection();
    const all = dashboard({ type: "custom:smart-bms" }, fakeHass({ connection }));
    connection.last().accept();
    await Promise.resolve();
    await Promise.resolve();
    connection.last().send({ batteries: packs(1) });
    await all;
    await vi.waitFor(() => expect(connection.last().ended).toBe(true));
  });

  it("is there without the integration", async () => {
    const connection = new FakeConnection();
    const all = dashboard({ type: "custom:smart-bms" }, fakeHass({ connection }));
    connection.last().refuse("unknown_command");
    expect(((await all) as { views: View[] }).views).toHaveLength(1);
  });
});
