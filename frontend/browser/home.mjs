// A real browser that is logged in to a real Home Assistant, and cards on a stage in it.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

export const URL = process.env.SMART_BMS_URL ?? "http://127.0.0.1:8123";
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];

/** Return where a Chromium is, or undefined. */
export function findChromium() {
  return [process.env.SMART_BMS_CHROMIUM, ...PLACES].find((path) => path && existsSync(path));
}

export function startBrowser(more = []) {
  return chromium.launch({
    executablePath: findChromium(),
    args: ["--no-sandbox", "--disable-dev-shm-usage", ...more],
  });
}

/** Log in as the page itself does; return what the frontend keeps of that. */
export async function logIn(username = "demo", password = username) {
  const clientId = `${URL}/`;
  const post = async (path, body) => (await fetch(URL + path, { method: "POST", body })).json();
  const begin = { client_id: clientId, redirect_uri: clientId, handler: ["homeassistant", null] };
  const flow = await post("/auth/login_flow", JSON.stringify(begin));
  const answer = { client_id: clientId, username, password };
  const step = await post(`/auth/login_flow/${flow.flow_id}`, JSON.stringify(answer));
  if (step.type !== "create_entry") throw new Error(`${username} could not log in: ${JSON.stringify(step)}`);
  const form = new URLSearchParams({ grant_type: "authorization_code", code: step.result, client_id: clientId });
  const tokens = await post("/auth/token", form);
  return { ...tokens, hassUrl: URL, clientId, expires: Date.now() + 1000 * tokens.expires_in };
}

/** Call the REST API. */
export async function api(tokens, path, body) {
  const headers = { Authorization: `Bearer ${tokens.access_token}`, "Content-Type": "application/json" };
  const init = body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`${URL}/api/${path}`, init);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Open a page of Home Assistant; errors of the page are collected in `page.errors`. */
export async function openPage(
  browser,
  tokens,
  { path = "/config/info", language, width = 1280, height = 900, ...media } = {},
) {
  const context = await browser.newContext({ viewport: { width, height }, ...media });
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(`${error.message} ${error.stack ?? ""}`));
  await page.addInitScript(
    ([kept, chosen]) => {
      localStorage.setItem("hassTokens", JSON.stringify(kept));
      if (chosen) localStorage.setItem("selectedLanguage", JSON.stringify(chosen));
    },
    [tokens, language],
  );
  await page.goto(URL + path, { waitUntil: "commit" });
  await ready(page);
  await page.evaluate(installStage);
  return page;
}

/** Wait until Home Assistant runs in a page, and knows the cards. */
export function ready(page) {
  return page.waitForFunction(
    () => document.querySelector("home-assistant")?.hass?.config && customElements.get("smart-bms-card"),
    null,
    { timeout: 60_000 },
  );
}

/** Call the websocket API as the page's user. */
export function callWS(page, message) {
  return page.evaluate((sent) => document.querySelector("home-assistant").hass.callWS(sent), message);
}

/** Return which batteries there are. */
export function batteries(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        document
          .querySelector("home-assistant")
          .hass.connection.subscribeMessage((message) => resolve(message.batteries), {
            type: "smart_bms/subscribe_batteries",
          });
      }),
  );
}

/** Show cards, one below the other in a width, over everything else; they are given `hass` as a dashboard gives it. */
export async function show(page, configs, { width = 390, rows, dir } = {}) {
  await page.evaluate(
    ([wanted, options]) => window.smartBmsStage(wanted, options),
    [[configs].flat(), { width, rows, dir }],
  );
}

export function clear(page) {
  return page.evaluate(() => window.smartBmsStage([], {}));
}

function installStage() {
  const root = document.querySelector("home-assistant");
  let cards = [];
  setInterval(() => {
    for (const card of cards) if (card.given !== root.hass) card.hass = card.given = root.hass;
  }, 50);
  window.smartBmsStage = (configs, { width, rows, dir }) => {
    document.getElementById("stage")?.remove();
    const stage = document.createElement("main");
    stage.id = "stage";
    if (dir) stage.dir = dir;
    stage.style.cssText = `position:fixed;inset:0;z-index:9999;overflow:auto;background:var(--primary-background-color);color:var(--primary-text-color)`;
    const inner = document.createElement("div");
    inner.id = "inner";
    inner.style.cssText = `inline-size:${width}px;display:grid;gap:8px;padding:8px;box-sizing:border-box`;
    stage.append(inner);
    cards = configs.map((config) => {
      const card = document.createElement(config.type.replace("custom:", ""));
      if (rows) card.style.blockSize = `${rows * 56 + (rows - 1) * 8}px`;
      card.setConfig(config);
      card.hass = card.given = root.hass;
      inner.append(card);
      return card;
    });
    document.body.append(stage);
    if (configs.length === 0) stage.remove();
  };
}

/** Wait until something holds; fail with what was seen last. */
export async function until(look, holds, { timeout = 15_000, every = 150 } = {}) {
  const end = Date.now() + timeout;
  let seen;
  for (;;) {
    seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > end) throw new Error(`not within ${timeout / 1000} s; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
