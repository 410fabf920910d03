// The cards in a real browser, against the demo: script/test_cards starts it and runs this.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { api, batteries, callWS, clear, logIn, openPage, show, startBrowser, until } from "./home.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SOLAR_ADDRESS = "C8:47:80:12:5A:08";
const CARAVAN_ADDRESS = "A5:C2:37:28:18:04";
const HOUSE_ADDRESS = "C8:47:80:12:5A:01";
const CARDS = [
  "card",
  "tile-card",
  "packs-card",
  "bank-card",
  "cells-card",
  "protection-card",
  "health-card",
  "energy-card",
  "control-card",
  "parameters-card",
  "log-card",
  "badge",
];

let browser;
let tokens;
let page;
let all;
const pack = (start) => all.find((one) => one.kind === "pack" && one.name.startsWith(start));
const bank = () => all.find((one) => one.kind === "bank");
const config = (name, one, more = {}) => ({
  type: `custom:smart-bms-${name}`,
  ...(one ? { device: one.device_id } : {}),
  ...more,
});
/** A card that fits to its kind of battery. */
const variant = (name) =>
  config(name, name === "bank-card" ? bank() : name === "packs-card" ? undefined : pack("House"));
const fault = (address, name, value) =>
  api(tokens, "services/smart_bms_lab/set_fault", { address, fault: name, value });
const change = (parameter, value) =>
  api(tokens, "services/smart_bms_lab/change_elsewhere", { address: CARAVAN_ADDRESS, parameter, value });

/** Keep everything that the server sends about a battery in the page, as `window.live[entry]`. */
async function follow(one, on = page) {
  await on.evaluate((entryId) => {
    window.live ??= {};
    if (window.live[entryId]) return;
    window.live[entryId] = {};
    document.querySelector("home-assistant").hass.connection.subscribeMessage(
      (message) => {
        const known = window.live[entryId];
        window.live[entryId] = {
          running: message.running,
          info: message.info ?? known.info,
          rights: message.rights ?? known.rights,
          data: message.data ?? { ...known.data, ...message.changed },
        };
        const { hass } = document.querySelector("home-assistant");
        const { subscription, number } = message;
        hass.connection.sendMessagePromise({ type: "smart_bms/confirm", subscription, number });
      },
      { type: "smart_bms/subscribe", entry_id: entryId },
    );
  }, one.entry_id);
  await on.waitForFunction((entryId) => window.live[entryId].data !== undefined, one.entry_id);
}

const live = (one, on = page) => on.evaluate((entryId) => window.live[entryId], one.entry_id);

/** Return what a card shows: its whole text, through all shadows. */
function textOf(selector, on = page) {
  return on.evaluate((wanted) => {
    const words = (node) =>
      node.nodeType === Node.TEXT_NODE
        ? node.textContent
        : ["STYLE", "SCRIPT"].includes(node.nodeName)
          ? ""
          : [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes].map(words).join(" ");
    const found = document.querySelector(wanted);
    return found === null ? "" : words(found).replace(/\s+/g, " ").trim();
  }, selector);
}

/** Errors of Home Assistant's own pages are not ours. */
const ours = (error) => error.includes("smart-bms") || error.includes("smart_bms");

const inCard = (selector, on = page) => on.locator("#stage").locator(selector);

/** Fail for whatever is cut or makes its card scroll. */
async function assertNothingIsCut(on, what) {
  const cut = await on.evaluate(() => {
    const found = [];
    const visit = (root, card) => {
      for (const element of root.querySelectorAll("*")) {
        if (element.shadowRoot) visit(element.shadowRoot, element.localName === "ha-card" ? card : (card ?? element));
        const style = getComputedStyle(element);
        const words = element.textContent.trim().slice(0, 40);
        if (words === "" || element.closest(".visually-hidden, svg, style")) continue;
        // What hides its rest may have none, but where it says so with three dots.
        const hidden = style.overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1;
        if (hidden && style.textOverflow !== "ellipsis")
          found.push(`${element.localName}.${element.className}: ${words}`);
        for (const node of element.childNodes) {
          if (node.nodeType !== Node.TEXT_NODE || !node.textContent.trim()) continue;
          const range = document.createRange();
          range.selectNodeContents(node);
          const text = range.getBoundingClientRect();
          const edge = (card ?? element).getBoundingClientRect();
          if (style.textOverflow !== "ellipsis" && (text.left < edge.left - 1 || text.right > edge.right + 1)) {
            found.push(`outside: ${words}`);
          }
        }
      }
    };
    for (const card of document.getElementById("inner").children) visit(card.shadowRoot ?? card, card);
    const inner = document.getElementById("inner");
    if (inner.scrollWidth > inner.clientWidth + 1) found.push("sideways");
    return found;
  });
  assert.deepEqual(cut, [], what);
}

/** Bring each card into view: it begins to watch then, and goes on for a while. */
async function seeEach(on) {
  for (const card of await on.locator("#inner > *").all()) {
    await card.scrollIntoViewIfNeeded();
    await until(
      () =>
        card.evaluate((element) => {
          const words = (node) =>
            node.nodeType === Node.TEXT_NODE
              ? node.textContent
              : node.nodeName === "STYLE"
                ? ""
                : [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes].map(words).join(" ");
          return [element.localName, /\d/.test(words(element))];
        }),
      ([, shown]) => shown,
    );
  }
}

async function assertAccessible(on, what) {
  await on.evaluate(AXE);
  const found = await on.evaluate(async () => {
    const { violations } = await window.axe.run("#inner", { resultTypes: ["violations"] });
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map((node) => node.target.flat().join(" ")).slice(0, 3)} ${nodes[0].any[0]?.message ?? ""}`,
    );
  });
  assert.deepEqual(found, [], what);
}

before(async () => {
  browser = await startBrowser();
  tokens = await logIn();
  page = await openPage(browser, tokens, { path: "/profile" });
  all = await until(
    () => batteries(page),
    (found) => found.length >= 7 && found.every((one) => one.running && one.device_id),
    { timeout: 60_000 },
  );
});

after(async () => {
  await browser?.close();
});

describe("what a card shows is what the pack says", () => {
  for (const [family, name] of [
    ["JK", "House"],
    ["JBD", "Caravan"],
    ["Daly", "DL-"],
  ]) {
    test(`${family}: state of charge, current, voltage, each cell and its age are those that were sent, and those of the entities`, async () => {
      const one = pack(name);
      await follow(one);
      await show(page, config("card", one));
      await until(
        () =>
          page.evaluate((entryId) => {
            // Card and stream are read in one go: both change twice a second.
            const { data, info } = window.live[entryId];
            const root = document.querySelector("#stage smart-bms-card").shadowRoot;
            const text = (selector) => root?.querySelector(selector)?.textContent.replace(/\s+/g, " ").trim();
            const cells = [...(root?.querySelectorAll(".cell .voltage") ?? [])].map((cell) => cell.textContent);
            return {
              shown: [text("button.soc"), text(".flow .small"), ...cells],
              sent: [
                `${Math.round(data.soc)}%`,
                data.current === null
                  ? ""
                  : [
                      data.current > 0.05 ? "charging" : data.current < -0.05 ? "discharging" : "at rest",
                      `${data.current
                        .toFixed(1)
                        .replace("-", "−")
                        .replace(/^−(0\.0)$/, "$1")} A`,
                      `${data.voltage.toFixed(2)} V`,
                    ].join(" · "),
                ...data.cells.voltages.map((voltage) => voltage.toFixed(3)),
              ],
              count: info.cells,
            };
          }, one.entry_id),
        ({ shown, sent, count }) => JSON.stringify(shown) === JSON.stringify(sent) && shown.length === count + 2,
      );
      const { info, data } = await live(one);
      const state = async (key) => Number((await api(tokens, `states/${info.entities[key]}`)).state);
      assert.ok(Math.abs((await state("soc")) - data.soc) <= 1, "state of charge");
      assert.ok(Math.abs((await state("voltage")) - data.voltage) <= 0.01 * data.voltage, "voltage");
      const text = await textOf("#stage smart-bms-card");
      assert.match(text, new RegExp(`${info.cells} cells`));
      assert.match(text, /< 1 s|\b\d s/);
    });
  }

  test("123SmartBMS: sun, battery and load, with the lamps of its display and its relays", async () => {
    const one = pack("123");
    await follow(one);
    await show(page, config("card", one));
    await until(
      () =>
        page.evaluate((entryId) => {
          const { flow, soc } = window.live[entryId].data;
          if (flow === null) return { same: false };
          const root = document.querySelector("#stage smart-bms-card").shadowRoot;
          const text = (selector) => root?.querySelector(selector)?.textContent.replace(/\s+/g, " ").trim() ?? "";
          const amps = (value) => `${value.toFixed(1)} A`;
          const columns = text(".columns");
          const same =
            columns.includes(`source · ${amps(flow.source_current)}`) &&
            columns.includes(`load · ${amps(flow.load_current)}`);
          return { same: same && text(".battery").startsWith(`${Math.round(soc)} %`), lamps: text(".lamps"), columns };
        }, one.entry_id),
      ({ same, lamps }) => same && /E.*Vh.*Vl.*Th.*Tl/.test(lamps),
    );
    assert.match(await textOf("#stage smart-bms-card"), /Charge relay closed Load relay closed/);
  });

  test("a pack that is too cold to be charged says so in red, once for a screen reader, and its charge line is shut", async () => {
    await show(page, config("card", pack("JK-BD6A24S10P")));
    await inCard(".strip.stop[role=alert]").waitFor();
    assert.match(await textOf("#stage smart-bms-card"), /too cold.*limit 0\.0 °C.*Released at 5\.0 °C/);
    assert.equal(await inCard(".track.shut").count(), 1);
  });

  test("a bank shows the sum of its packs, each of them, and its share of the current", async () => {
    await follow(bank());
    await show(page, config("bank-card", bank()));
    await until(
      () => textOf("#stage smart-bms-bank-card"),
      (text) => ["House battery", "DL-401710015C06", "2 packs in parallel"].every((words) => text.includes(words)),
    );
    const { data } = await live(bank());
    const sum = data.members.reduce((total, member) => total + member.current, 0);
    assert.ok(Math.abs(sum - data.current) < 0.15 * Math.abs(data.current) + 2, `${sum} A of ${data.current} A`);
  });
});

describe("the dashboard", () => {
  test("one line of configuration gives an overview with all batteries, and a page for each", async () => {
    await callWS(page, {
      type: "lovelace/dashboards/create",
      mode: "storage",
      url_path: "smart-bms-test",
      title: "Test",
    });
    const strategy = { strategy: { type: "custom:smart-bms" } };
    await callWS(page, { type: "lovelace/config/save", url_path: "smart-bms-test", config: strategy });
    await clear(page);
    await page.evaluate(() => {
      history.pushState(null, "", "/smart-bms-test/overview");
      dispatchEvent(new CustomEvent("location-changed"));
    });
    await page
      .locator("smart-bms-pack-row")
      .nth(all.length - 1)
      .waitFor({ timeout: 30_000 });
    await page
      .locator("smart-bms-badge")
      .nth(all.length - 1)
      .waitFor({ state: "attached" });
    const heights = await page
      .locator("smart-bms-badge")
      .evaluateAll((badges) => badges.map((badge) => badge.getBoundingClientRect().height));
    assert.ok(Math.max(...heights) < 50, `a badge that is not seen yet is as tall as the others: ${heights}`);
    const made = await page.evaluate(async () => {
      const maker = customElements.get("ll-strategy-dashboard-smart-bms");
      return maker.generate({ type: "custom:smart-bms" }, document.querySelector("home-assistant").hass);
    });
    assert.equal(made.views.length, all.length + 1);
    const rows = await page
      .locator("smart-bms-pack-row")
      .evaluateAll((found) => found.map((row) => row.shadowRoot.textContent.replace(/\s+/g, " ")));
    assert.match(rows[0], /JK-BD6A24S10P/, "the worst one is first");
    const house = `battery-${pack("House").entry_id}`;
    await page.locator(`smart-bms-pack-row[data-id="${pack("House").entry_id}"] .tile`).click();
    await page.waitForURL(`**/smart-bms-test/${house}`, { timeout: 5000 });
    for (const name of [
      "smart-bms-card",
      "smart-bms-protection-card",
      "smart-bms-health-card",
      "smart-bms-cells-card",
    ]) {
      await page.locator(name).first().waitFor({ timeout: 15_000 });
    }
    await page.locator("smart-bms-parameters-card").first().waitFor({ state: "attached" });
    assert.equal(await page.locator("hui-error-card").count(), 0);
  });

  for (const [count, views] of [
    [1, ["House battery"]],
    [3, ["Overview", "Caravan", "DL-401710015C06", "House battery"]],
  ]) {
    test(`with ${count} ${count === 1 ? "pack there is one page, and no overview" : "packs there is an overview and a page for each"}`, async () => {
      const kept = ["House", "Caravan", "DL-"].slice(0, count).map((name) => pack(name).device_id);
      const hide = all.map((one) => one.device_id).filter((id) => !kept.includes(id));
      const made = await page.evaluate(
        (hidden) =>
          customElements
            .get("ll-strategy-dashboard-smart-bms")
            .generate({ type: "custom:smart-bms", hide: hidden }, document.querySelector("home-assistant").hass),
        hide,
      );
      assert.deepEqual(
        made.views.map((view) => view.title),
        views,
      );
    });
  }

  test("the form of a card's editor opens in Home Assistant's own editor, with our packs to choose from", async () => {
    const cards = [config("card", pack("House")), config("cells-card", pack("House"))];
    const view = { title: "Edit", path: "edit", type: "sections", sections: [{ type: "grid", cards }] };
    await callWS(page, { type: "lovelace/config/save", url_path: "smart-bms-test", config: { views: [view] } });
    await page.evaluate(() => {
      history.pushState(null, "", "/smart-bms-test/edit?edit=1");
      dispatchEvent(new CustomEvent("location-changed"));
    });
    await page.locator("smart-bms-card").first().waitFor({ timeout: 15_000 });
    await page.locator("hui-card-edit-mode").first().hover();
    await page.locator("hui-card-edit-mode").first().click();
    const form = page.locator("hui-card-element-editor ha-form").first();
    await form.waitFor({ timeout: 15_000 });
    await form.locator("ha-selector-device, ha-device-picker").first().waitFor();
    await until(
      () =>
        form.evaluate((element) => [
          element.schema.map((field) => field.name),
          element.schema.map((field) => element.computeLabel(field)),
        ]),
      ([names, labels]) => names.join() === "device,name,hide" && labels.join() === "Battery,Name,Leave out",
    );
    await page.keyboard.press("Escape");
    await page.evaluate(() => {
      history.pushState(null, "", "/profile");
      dispatchEvent(new CustomEvent("location-changed"));
    });
  });
});

describe("the card picker", () => {
  test("lists every card and the badge, and each shows a battery without an option", async () => {
    const listed = await page.evaluate(() => [
      window.customCards.map((card) => card.type),
      window.customBadges.map((badge) => badge.type),
    ]);
    for (const name of CARDS.filter((card) => card !== "badge"))
      assert.ok(listed[0].includes(`smart-bms-${name}`), name);
    assert.deepEqual(listed[1], ["smart-bms-badge"]);
    const stubs = await page.evaluate(
      (types) => types.map((type) => ({ type: `custom:${type}`, ...customElements.get(type).getStubConfig() })),
      [...listed[0].filter((type) => type.startsWith("smart-bms")), ...listed[1]],
    );
    await show(page, stubs);
    await seeEach(page);
    for (const { type } of stubs) {
      await until(
        () => textOf(`#stage ${type.replace("custom:", "")}`),
        (text) => /\d/.test(text) && !/not set up|not running/.test(text),
      ).catch((error) => assert.fail(`${type}: ${error.message}`));
    }
  });

  test("suggests the card that fits to an entity of ours, and nothing for those of others", async () => {
    await follow(pack("House"));
    await follow(bank());
    const { entities } = (await live(pack("House"))).info;
    const ours = {
      soc: "card",
      power: "card",
      cell_voltage_3: "cells-card",
      charge_allowed: "protection-card",
      charge_current_limit: "protection-card",
    };
    const suggest = (id) =>
      page.evaluate(
        (entityId) =>
          window.customCards
            .find((card) => card.getEntitySuggestion)
            .getEntitySuggestion(document.querySelector("home-assistant").hass, entityId),
        id,
      );
    for (const [key, card] of Object.entries(ours)) {
      const suggestion = await suggest(entities[key]);
      assert.deepEqual(suggestion?.config, config(card, pack("House")), key);
    }
    assert.equal((await suggest((await live(bank())).info.entities.soc)).config.type, "custom:smart-bms-bank-card");
    for (const foreign of ["sun.sun", "input_number.solar_charger", "sensor.no_such_thing"]) {
      assert.equal(await suggest(foreign), null, foreign);
    }
  });
});

describe("when something changes", () => {
  test("a pack that falls silent has no numbers any more but a sentence with their time; when it is back, so are they", async () => {
    await show(page, [config("card", pack("Solar")), config("tile-card", pack("Solar"))]);
    await inCard("smart-bms-card .age.current").waitFor();
    await fault(SOLAR_ADDRESS, "silent", true);
    try {
      await inCard("smart-bms-card .age.stale").waitFor({ timeout: 45_000 });
      const text = await textOf("#stage smart-bms-card");
      assert.match(text, / old/);
      assert.match(text, /At \d+:\d\d.*: \d+ %/, "what was known last, with its time");
      assert.equal((await inCard("smart-bms-card button.soc").innerText()).trim(), "–");
      assert.equal((await inCard("smart-bms-card button.power").innerText()).trim(), "–");
      const cells = await inCard("smart-bms-card .cell .voltage").allInnerTexts();
      assert.deepEqual([...new Set(cells)], ["–"]);
      assert.equal(await inCard("smart-bms-card .box.missing").count(), 8);
      assert.equal(await inCard("smart-bms-card .strip.well").count(), 0);
      assert.doesNotMatch(await textOf("#stage smart-bms-tile-card"), /\d %/);
    } finally {
      await fault(SOLAR_ADDRESS, "silent", false);
    }
    await inCard("smart-bms-card .age.current").waitFor({ timeout: 45_000 });
    assert.match(await inCard("smart-bms-card button.soc").innerText(), /^\d+\s*%$/);
  });

  test("an alarm turns the card red and shuts what it stops; and it is over when the pack says so", async () => {
    await show(page, config("card", pack("Caravan")));
    await inCard(".age.current").waitFor();
    await change("cell_undervoltage", "3.60");
    try {
      await inCard(".strip.stop").waitFor({ timeout: 40_000 });
      assert.match(await textOf("#stage smart-bms-card"), /a cell is empty.*Discharge not allowed/);
      assert.equal(await inCard(".direction.shut").count(), 1, "nothing may be taken out");
    } finally {
      await change("cell_undervoltage", "2.7");
    }
    await inCard(".strip.stop").waitFor({ state: "detached", timeout: 60_000 });
  });

  test("renamed and disabled entities change nothing: the card is tied to the pack", async () => {
    await follow(pack("Caravan"));
    const { info } = await live(pack("Caravan"));
    await show(page, config("card", pack("Caravan")));
    await inCard(".age.current").waitFor();
    const update = (entity_id, more) => callWS(page, { type: "config/entity_registry/update", entity_id, ...more });
    try {
      await update(info.entities.power, { new_entity_id: "sensor.quite_another_name" });
      await update(info.entities.soc, { disabled_by: "user" });
      await page.waitForTimeout(2500);
      assert.match(await inCard("button.soc").innerText(), /^\d+\s*%$/);
      assert.match(await inCard("button.power").innerText(), /\d\sk?W/);
    } finally {
      await update("sensor.quite_another_name", { new_entity_id: info.entities.power });
      await update(info.entities.soc, { disabled_by: null });
    }
  });
});

describe("control", () => {
  const section = (key) => inCard(`.switch[data-key="${key}"]`);

  test("asking shows what it means and where to keep it; keeping it changes nothing", async () => {
    await show(page, config("control-card", pack("House")));
    const charge = section("charge_switch");
    await charge.locator(".button").click();
    await charge.locator(".ask").waitFor();
    assert.match(await charge.locator(".ask").innerText(), /not charged until/);
    const focused = () =>
      page.evaluate(
        () => document.querySelector("#stage smart-bms-control-card-body").shadowRoot.activeElement?.className,
      );
    await until(focused, (found) => found === "button keep");
    const log = await callWS(page, { type: "smart_bms/write_log", entry_id: pack("House").entry_id });
    await page.keyboard.press("Enter");
    await charge.locator(".ask").waitFor({ state: "detached" });
    await charge.locator(".button").click();
    await charge.locator("smart-bms-hold button").click({ delay: 300 }); // a tap is not enough
    await page.waitForTimeout(800);
    await page.keyboard.press("Escape");
    assert.deepEqual(await callWS(page, { type: "smart_bms/write_log", entry_id: pack("House").entry_id }), log);
  });

  test("holding changes it, and the pack itself confirms; with the keyboard alone too", async () => {
    const balance = section("balance_switch");
    await balance.locator(".button").click();
    await balance.locator("smart-bms-hold button").click({ delay: 1500 });
    await balance.locator(".strip.well").waitFor({ timeout: 15_000 });
    assert.match(await balance.innerText(), /Confirmed by the pack at \d/);
    await until(
      () => balance.locator(".title + .small").innerText(),
      (state) => state === "Off",
    );
    await balance.locator(".button").focus();
    await page.keyboard.press("Enter");
    await balance.locator("smart-bms-hold").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.down("Space");
    await page.waitForTimeout(1500);
    await page.keyboard.up("Space");
    await until(
      () => balance.locator(".title + .small").innerText(),
      (state) => state === "On",
    );
    const { records } = await callWS(page, { type: "smart_bms/write_log", entry_id: pack("House").entry_id });
    assert.deepEqual(
      records.slice(0, 2).map(({ parameter, new: wished, outcome }) => [parameter, wished, outcome]),
      [
        ["balance_switch", true, "confirmed"],
        ["balance_switch", false, "confirmed"],
      ],
    );
  });

  test("a pack that keeps what it had is said to have refused", async () => {
    await fault(HOUSE_ADDRESS, "forget_writes", true);
    const balance = section("balance_switch");
    try {
      await balance.locator(".button").click();
      await balance.locator("smart-bms-hold button").click({ delay: 1500 });
      await balance.locator(".strip.stop[role=alert]").waitFor({ timeout: 20_000 });
      assert.match(await balance.innerText(), /Refused/);
      assert.equal(await balance.locator(".title + .small").innerText(), "On");
    } finally {
      await fault(HOUSE_ADDRESS, "forget_writes", false);
    }
  });

  test("without permission, and for those who are no administrators, the buttons say why they do nothing", async () => {
    await show(page, config("control-card", pack("JK-BD6A24S10P")));
    await until(
      () => textOf("#stage smart-bms-control-card"),
      (text) => /Control is off for this pack/.test(text),
    );
    const { user } = await callWS(page, { type: "config/auth/create", name: "Guest", group_ids: ["system-users"] });
    await callWS(page, {
      type: "config/auth_provider/homeassistant/create",
      user_id: user.id,
      username: "guest",
      password: "guest",
    });
    const guest = await openPage(browser, await logIn("guest"), { path: "/profile" });
    try {
      await show(guest, [
        config("control-card", pack("House")),
        config("card", pack("House")),
        config("log-card", pack("House")),
      ]);
      const button = guest.locator('.switch[data-key="balance_switch"] .button');
      await button.waitFor();
      assert.equal(await button.getAttribute("aria-disabled"), "true");
      await button.click({ force: true });
      await guest.waitForTimeout(500);
      assert.equal(await guest.locator("#stage .ask").count(), 0);
      assert.match(await textOf("#stage smart-bms-control-card", guest), /Only administrators may change a pack/);
      assert.match(await textOf("#stage smart-bms-log-card", guest), /Only administrators/);
      assert.match(await textOf("#stage smart-bms-card", guest), /\d+ %/, "what may be read is read");
      const answer = await guest.evaluate(
        (entry_id) =>
          document
            .querySelector("home-assistant")
            .hass.callWS({ type: "smart_bms/write_log", entry_id })
            .catch((error) => error.code),
        pack("House").entry_id,
      );
      assert.equal(answer, "unauthorized", "the server decides");
    } finally {
      await guest.context().close();
      await callWS(page, { type: "config/auth/delete", user_id: user.id });
    }
  });
});

describe("for everybody", () => {
  test("the cells' card is one stop of the tabulator; arrows, Home and End move in it, and the details follow", async () => {
    await show(page, config("cells-card", pack("House")));
    await inCard('.cell[tabindex="0"]').waitFor();
    assert.equal(await inCard('.cell[tabindex="0"]').count(), 1);
    const at = () =>
      page.evaluate(
        () => document.querySelector("#stage smart-bms-cells-card-body").shadowRoot.activeElement?.dataset.cell,
      );
    await inCard('.cell[tabindex="0"]').focus();
    for (const [key, cell] of [
      ["ArrowRight", "2"],
      ["ArrowDown", "10"],
      ["ArrowLeft", "9"],
      ["ArrowUp", "1"],
      ["End", "16"],
      ["ArrowRight", "16"],
      ["Home", "1"],
    ]) {
      await page.keyboard.press(key);
      await until(at, (found) => found === cell);
    }
    await until(
      () => inCard(".details h3").innerText(),
      (text) => /^Cell 1/.test(text),
    );
    assert.match((await inCard('[data-cell="1"] .visually-hidden').textContent()) ?? "", /^Cell 1, \d\.\d{3}/);
    await inCard("button", page).getByText("Difference").click();
    await until(
      () => inCard(".caption").innerText(),
      (text) => /mean \d/.test(text),
    );
    await inCard("button", page).getByText("Limits").click();
  });

  test("the last hours of the chosen cell are drawn; another cell is asked for when it is chosen", async () => {
    await clear(page);
    await page.evaluate(() => {
      const { connection } = document.querySelector("home-assistant").hass;
      const send = connection.sendMessagePromise;
      window.askedFor = [];
      window.giveBack = () => {
        connection.sendMessagePromise = send;
      };
      connection.sendMessagePromise = async (message) => {
        if (message.type !== "history/history_during_period") return send.call(connection, message);
        window.askedFor.push(...message.entity_ids);
        const at = (hours) => Date.now() / 1000 - 3600 * hours;
        const points = [11, 8, 5, 2].map((hours) => ({ s: String(3.3 + hours / 1000), lu: at(hours) }));
        return Object.fromEntries(message.entity_ids.map((id) => [id, points]));
      };
    });
    await show(page, config("cells-card", pack("House")));
    await inCard('[data-cell="5"]').click();
    const line = inCard("smart-bms-history");
    await until(
      () => line.locator(".row").innerText(),
      (text) => /Last 12 hours\s*3\.302\sV . 3\.311\sV/.test(text),
    );
    assert.match(await line.locator("path").getAttribute("d"), /^M/);
    await inCard('[data-cell="3"]').click();
    const asked = await until(
      () => page.evaluate(() => window.askedFor),
      (ids) => /_cell_3_/.test(ids.at(-1) ?? ""),
    );
    assert.equal(asked.length, 2, String(asked));
    await page.evaluate(() => window.giveBack());
  });

  const MODES = [
    ["light, 390 px", {}, {}],
    ["dark, 320 px", { colorScheme: "dark" }, { width: 320 }],
    ["German, 320 px", { language: "de", locale: "de-DE" }, { width: 320 }],
    ["Hebrew from right to left, 390 px", { language: "he" }, { dir: "rtl" }],
    ["reduced motion, more contrast, 1024 px", { reducedMotion: "reduce", contrast: "more" }, { width: 1024 }],
    ["forced colors, 390 px", { forcedColors: "active" }, {}],
  ];
  for (const [name, media, stage] of MODES) {
    test(`${name}: nothing is cut, nothing scrolls sideways, and axe finds nothing on any card`, async () => {
      const on =
        Object.keys(media).length === 0
          ? page
          : await openPage(browser, tokens, { path: "/profile", width: 1100, ...media });
      try {
        const shown = [
          ...CARDS.map(variant),
          config("card", pack("JK-BD6A24S10P")),
          config("card", pack("123")),
          config("tile-card", pack("House"), { grid_options: { rows: 4 } }),
        ];
        await show(on, shown, { width: 390, ...stage });
        await seeEach(on);
        await on.locator("#stage smart-bms-parameters-card table").waitFor();
        await assertNothingIsCut(on, name);
        await assertAccessible(on, name);
        if (media.language === "de") assert.match(await textOf("#stage smart-bms-card", on), /Laden|Ladefreigabe/);
        if (stage.dir === "rtl") {
          const [soc, power] = await Promise.all(
            ["button.soc", "button.power"].map((part) =>
              on.locator("#stage smart-bms-card").first().locator(part).boundingBox(),
            ),
          );
          assert.ok(soc.x > power.x, "mirrored");
        }
        if (media.reducedMotion) {
          const running = await on.evaluate(
            () =>
              document
                .getAnimations()
                .filter(
                  (one) =>
                    one.effect?.target?.closest?.("smart-bms-card") ||
                    one.effect?.target?.getRootNode()?.host?.localName?.startsWith("smart-bms"),
                ).length,
          );
          assert.equal(running, 0, "nothing moves");
        }
        assert.deepEqual(on.errors.filter(ours), []);
      } finally {
        if (on !== page) await on.context().close();
      }
    });
  }
});

describe("Home Assistant", () => {
  test("restarts: cards say that nothing is current, and go on by themselves when it is back", async () => {
    await show(page, [config("card", pack("House")), config("packs-card")]);
    await inCard("smart-bms-card .age.current").waitFor();
    await api(tokens, "services/homeassistant/restart", {}).catch(() => undefined);
    await until(
      () => page.evaluate(() => document.querySelector("home-assistant").hass.connected),
      (connected) => !connected,
      { timeout: 40_000 },
    );
    await until(
      () => inCard("smart-bms-card .age.current").count(),
      (count) => count === 0,
    );
    await until(
      () => inCard("smart-bms-card .age.current").count(),
      (count) => count === 1,
      { timeout: 60_000 },
    );
    assert.match(await inCard("smart-bms-card button.soc").innerText(), /^\d+\s*%$/);
    await until(
      () => inCard("smart-bms-pack-row").count(),
      (count) => count === all.length,
      { timeout: 30_000 },
    );
  });

  test("the page had no error of ours all the time", () => {
    assert.deepEqual(page.errors.filter(ours), []);
  });
});
