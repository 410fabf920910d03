// The demo in other languages: what people see of ours is in theirs, on the pages of Home Assistant as on the cards.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { batteries, callWS, findChromium, logIn, openPage, ready, startBrowser, URL } from "./home.mjs";

const ROOT = new globalThis.URL("../..", import.meta.url);
const SHOTS = process.env.SMART_BMS_SHOTS;
const LANGUAGES = (process.env.SMART_BMS_LANGUAGES ?? "de,zh-Hans").split(",");
const PLACES = ["custom_components/smart_bms/translations", "frontend/src/texts"];
/** Names, which are the same everywhere. */
const NAMES = /^[\w\\./-]+$/;

const read = (path) => JSON.parse(readFileSync(new globalThis.URL(path, ROOT), "utf8"));

function flat(tree, path = "") {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string" ? [[`${path}.${key}`, value]] : flat(value, `${path}.${key}`),
  );
}

/** English texts that another language has its own words for, as patterns of whole texts on a page. */
function foreign(language) {
  const found = new Map();
  for (const place of PLACES) {
    const own = new Map(flat(read(`${place}/${language}.json`)));
    const known = new Set(own.values());
    for (const [path, english] of flat(read(`${place}/en.json`))) {
      const words = english.replace(/\{\w+\}/g, "").match(/[A-Za-z]{3,}/g) ?? [];
      // One word with a placeholder may be a text of another language.
      if (own.get(path) === english || known.has(english) || words.length < (english.includes("{") ? 2 : 1)) continue;
      const pattern = english
        .split(/\{\w+\}/)
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+"))
        .join(".{0,60}?");
      found.set(english, new RegExp(`^${pattern}$`));
    }
  }
  return found;
}

/** Every text that can be seen on the page, also inside of shadow roots. */
function visibleTexts(page) {
  return page.evaluate(() => {
    const texts = new Set();
    const walk = (node) => {
      if (node.nodeType === Node.TEXT_NODE) {
        const text = node.textContent.trim();
        if (text) texts.add(text);
      }
      if (node instanceof Element) {
        if (["STYLE", "SCRIPT", "TEMPLATE"].includes(node.tagName)) return;
        for (const name of ["aria-label", "title", "label", "placeholder"]) {
          const said = node.getAttribute(name);
          if (said?.trim()) texts.add(said.trim());
        }
        if (node.shadowRoot) for (const child of node.shadowRoot.childNodes) walk(child);
      }
      for (const child of node.childNodes) walk(child);
    };
    walk(document.body);
    return [...texts];
  });
}

async function settled(page, milliseconds = 2500) {
  await page.waitForLoadState("networkidle", { timeout: 20_000 }).catch(() => {});
  await page.waitForTimeout(milliseconds);
}

async function go(page, path) {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: false } }));
  }, path);
  await settled(page);
}

describe("in another language", { skip: findChromium() === undefined && "there is no Chromium" }, () => {
  let browser;
  let tokens;

  before(async () => {
    browser = await startBrowser();
    tokens = await logIn();
  });
  after(() => browser?.close());

  it("the cards wait until Home Assistant has put its registry of elements in place", async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${URL}/manifest.json`);
    const known = await page.evaluate(async () => {
      await import("/smart_bms_cards/smart-bms.js");
      const early = customElements.get("smart-bms-card") !== undefined;
      customElements.define("home-assistant", class extends HTMLElement {});
      await customElements.whenDefined("smart-bms-card");
      return [early, window.customCards.map(({ type }) => customElements.get(type) !== undefined)];
    });
    assert.deepEqual(known, [false, known[1].map(() => true)]);
    await page.context().close();
  });

  for (const language of LANGUAGES) {
    it(`${language}: no English text of ours is left on a page`, { timeout: 280_000 }, async () => {
      const patterns = foreign(language);
      const page = await openPage(browser, tokens, { language, width: 1280, height: 1600 });
      await callWS(page, { type: "config/core/update", language });
      const all = await batteries(page);
      const devices = await callWS(page, { type: "config/device_registry/list" });
      const ours = devices.filter((device) => all.some((battery) => battery.device_id === device.id));
      const paths = [
        ...ours.slice(0, 3).map((device) => `/config/devices/device/${device.id}`),
        "/config/integrations/integration/smart_bms",
        "/config/repairs",
        "/logbook",
        "/smart-bms",
      ];
      const left = new Map();
      let number = 0;
      const look = async (where) => {
        number += 1;
        if (SHOTS) await page.screenshot({ path: `${SHOTS}/${language}-${number}.png` });
        for (const text of await visibleTexts(page)) {
          if (NAMES.test(text)) continue;
          for (const [english, pattern] of patterns) if (pattern.test(text)) left.set(text, `${where}: ${english}`);
        }
      };
      for (const path of paths) {
        await go(page, path);
        await look(path);
      }
      // Each form of the options of a pack.
      const configure = await page.evaluate(() =>
        document.querySelector("home-assistant").hass.localize("ui.panel.config.integrations.config_entry.configure"),
      );
      const menu = page.locator(
        "step-flow-menu ha-list-item, step-flow-menu ha-md-list-item, step-flow-menu ha-list-item-button, step-flow-menu [role=menuitem]",
      );
      for (let form = 0, forms = 1; form < forms; form += 1) {
        await go(page, "/config/integrations/integration/smart_bms");
        await page
          .locator(`[label="${configure}"], [title="${configure}"], [aria-label="${configure}"]`)
          .nth(1)
          .click();
        await menu.first().waitFor();
        forms = await menu.count();
        if (form === 0) await look("options");
        await menu.nth(form).click();
        // Equipment has a menu of its own.
        await page.locator("step-flow-form, step-flow-menu").first().waitFor();
        await settled(page, 800);
        await look(`options, form ${form + 1}`);
        await page.reload({ waitUntil: "commit" });
        await ready(page);
      }
      await go(page, "/config/repairs");
      await page.locator("ha-config-repairs").getByText("Smart BMS").first().click();
      await settled(page, 1200);
      await look("repair");
      const actions = Object.keys(read("custom_components/smart_bms/translations/en.json").services);
      for (const action of ["set_parameters", "evaluate_protection", "release_connection"]) {
        assert.ok(actions.includes(action));
        await page.evaluate((name) => {
          const chosen = JSON.stringify({ action: `smart_bms.${name}`, data: {} });
          localStorage.setItem("panel-dev-action-state-service-data", chosen);
          localStorage.setItem("panel-dev-action-state-yaml-mode", "false");
        }, action);
        await page.goto(`${URL}/config/tools/action`, { waitUntil: "commit" });
        await ready(page);
        await settled(page);
        await look(`action ${action}`);
      }
      await page.setViewportSize({ width: 390, height: 1400 });
      await go(page, "/smart-bms");
      await look("a phone");
      const picker = await page.evaluate(() => window.customCards.map(({ name, description }) => [name, description]));
      for (const text of picker.flat())
        for (const [english, pattern] of patterns) if (pattern.test(text)) left.set(text, `card picker: ${english}`);
      await callWS(page, { type: "config/core/update", language: "en" });
      assert.deepEqual([...left], []);
      assert.deepEqual(page.errors, []);
      await page.context().close();
    });
  }
});
