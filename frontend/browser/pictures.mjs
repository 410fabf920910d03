// Takes the pictures of docs/card.md from the demo: script/card_pictures runs it.

import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { api, batteries, callWS, logIn, openPage, show, startBrowser, until } from "./home.mjs";

const target = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "..", "..", "docs", "images", "card");
const only = process.argv[3];
const MOST = 720; // px: a longer card is shown in part
mkdirSync(target, { recursive: true });
const browser = await startBrowser();
const tokens = await logIn();
const page = await openPage(browser, tokens, { path: "/profile", width: 1280, height: 2400 });
const all = await until(
  () => batteries(page),
  (found) => found.length >= 7 && found.every((one) => one.running),
);
const named = (name) => all.find((one) => one.name === name).device_id;
const HOUSE = named("House battery");
const SOLAR = named("Solar storage");
const SHED = all.find((one) => one.name.startsWith("JK-BD6A24S10P")).device_id;
const CABIN = all.find((one) => one.name.startsWith("123")).device_id;
const BANK = all.find((one) => one.kind === "bank").device_id;
const card = (name, device, more = {}) => ({ type: `custom:smart-bms-${name}`, device, ...more });

/** Take a picture of cards on the stage. */
async function picture(name, configs, { width = 390, rows, before, wait = 1500, on = page } = {}) {
  if (only && !name.includes(only)) return;
  await show(on, configs, { width, rows });
  await on.waitForTimeout(wait);
  await before?.();
  const box = await on.locator("#inner").boundingBox();
  const clip = { x: 0, y: 0, width, height: Math.min(box.height, MOST) };
  await on.screenshot({ path: join(target, `${name}.png`), animations: "disabled", clip });
  console.log(name);
}

await picture("pack", card("card", HOUSE), { wait: 4000 });
await picture("pack-held-back", card("card", named("Caravan")), { wait: 2500 });
await picture("pack-not-allowed", card("card", SHED), { wait: 2500 });
await picture("pack-sun", card("card", CABIN), { wait: 2500 });
await picture("pack-small", card("card", HOUSE), { width: 260 });
await picture("pack-wide", card("card", HOUSE), { width: 900, wait: 2500 });
await picture(
  "tiles",
  [HOUSE, SHED, BANK].map((device) => card("tile-card", device)),
);
await picture("tile-ruler", card("tile-card", HOUSE, { grid_options: { rows: 2 } }), { rows: 2 });
await picture("summary", card("tile-card", HOUSE, { grid_options: { rows: 4 } }), { rows: 4 });
await picture("batteries", card("packs-card", undefined), { wait: 3000 });
await picture("cells-limits", card("cells-card", HOUSE, { scale: "limits" }));
await picture("cells-difference", card("cells-card", HOUSE, { scale: "difference" }));
await picture("protection", card("protection-card", HOUSE));
await picture("health", card("health-card", HOUSE));
await picture("bank", card("bank-card", BANK));
await picture("energy", card("energy-card", HOUSE));
await picture("control", card("control-card", HOUSE), {
  before: async () => {
    await page.locator("smart-bms-control-card .switch .button").first().click();
    await page.locator("smart-bms-control-card .ask").waitFor();
  },
});
await picture("parameters", card("parameters-card", HOUSE), { wait: 3000 });
for (const balance_trigger of [0.012, 0.01]) {
  const parameters = { balance_trigger };
  await api(tokens, "services/smart_bms/set_parameters", { device_id: [HOUSE], parameters }).catch(() => undefined);
}
await picture("log", card("log-card", HOUSE), { wait: 2500 });
await picture(
  "badges",
  [HOUSE, SHED, SOLAR, BANK].map((device) => ({ ...card("badge", device) })),
);
await page.context().close();

if (!only || "pack-dark".includes(only)) {
  const dark = await openPage(browser, tokens, { path: "/profile", width: 1280, height: 2400, colorScheme: "dark" });
  await picture("pack-dark", card("card", HOUSE), { on: dark, wait: 4000 });
  await dark.context().close();
}

if (!only || "overview".includes(only)) {
  for (const [name, width, height] of [
    ["overview", 1280, 860],
    ["overview-phone", 390, 844],
  ]) {
    const wide = await openPage(browser, tokens, { width, height });
    const boards = await callWS(wide, { type: "lovelace/dashboards/list" });
    if (!boards.some((one) => one.url_path === "smart-bms-pictures")) {
      const made = { url_path: "smart-bms-pictures", title: "Batteries", icon: "mdi:battery-heart-variant" };
      await callWS(wide, {
        type: "lovelace/dashboards/create",
        mode: "storage",
        require_admin: false,
        show_in_sidebar: true,
        ...made,
      });
      await callWS(wide, {
        type: "lovelace/config/save",
        url_path: "smart-bms-pictures",
        config: { strategy: { type: "custom:smart-bms" } },
      });
    }
    await wide.goto(`${new URL(wide.url()).origin}/smart-bms-pictures/overview`);
    await wide.locator("smart-bms-packs-card smart-bms-pack-row").first().waitFor({ timeout: 30_000 });
    await wide.waitForTimeout(5000);
    await wide.screenshot({ path: join(target, `${name}.png`), animations: "disabled" });
    console.log(name);
    await wide.context().close();
  }
}
await browser.close();
