import { callWS, logIn, openPage, startBrowser, batteries } from "./home.mjs";
const lang = process.env.L, out = "/tmp/shots";
const browser = await startBrowser(); const tokens = await logIn();
const page = await openPage(browser, tokens, { language: lang, width: 1100, height: 1300 });
const go = async (to) => { await page.evaluate((t) => { history.pushState(null, "", t); window.dispatchEvent(new CustomEvent("location-changed")); }, to); await page.waitForTimeout(3000); };
const text = (key) => page.evaluate((k) => document.querySelector("home-assistant").hass.localize(k), key);
await go("/config/integrations/integration/smart_bms");
await page.screenshot({ path: `${out}/${lang}-w0.png` });
const name = (await text("ui.panel.config.integrations.config_entry.configure")) || "Konfigurieren";
console.log("configure:", name);
try {
  const buttons = page.getByRole("button", { name });
  console.log(await buttons.count());
  await page.locator(`ha-icon-button[label="${name}"], ha-icon-button-next, [title="${name}"], [aria-label="${name}"]`).nth(1).click({ timeout: 5000 });
  await page.waitForTimeout(2500);
  await page.screenshot({ path: `${out}/${lang}-w1.png` });
  const items = page.locator("step-flow-menu ha-list-item, step-flow-menu ha-md-list-item, step-flow-menu ha-list-item-button, step-flow-menu [role=menuitem]");
  console.log("menu", await items.count());
  await items.nth(2).click({ timeout: 4000 });
  await page.waitForTimeout(2500);
  await page.screenshot({ path: `${out}/${lang}-w2.png` });
} catch (e) { console.log(String(e).slice(0, 300)); }
await page.keyboard.press("Escape"); await page.waitForTimeout(500); await page.keyboard.press("Escape");
await go("/config/tools/action?action=smart_bms.set_parameters");
await page.screenshot({ path: `${out}/${lang}-w3.png` });
await go("/config/repairs"); await page.screenshot({ path: `${out}/${lang}-w4.png` });
try { await page.locator("ha-config-repairs ha-list-item, ha-config-repairs ha-md-list-item, ha-config-repairs ha-list-item-button").first().click({ timeout: 4000 }); await page.waitForTimeout(2000); await page.screenshot({ path: `${out}/${lang}-w5.png` }); } catch (e) { console.log(String(e).slice(0, 200)); }
await page.keyboard.press("Escape");
await go("/config/integrations/dashboard/add?domain=smart_bms"); await page.waitForTimeout(1500); await page.screenshot({ path: `${out}/${lang}-w6.png` });
await browser.close();
