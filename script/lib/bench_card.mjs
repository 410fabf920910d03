// What the cards cost in a real Chromium: a page with stand-ins for Home Assistant's elements and a stream of
// invented readings. Prints a budget beside each figure; ends with 1 if one is exceeded.

import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const built = join(root, "custom_components", "smart_bms", "frontend");
const { findChromium, startBrowser } = await import(join(root, "frontend", "browser", "home.mjs"));
const SLOWED = 6; // a tablet against this machine
const ROUNDS = Number(process.env.SMART_BMS_BENCH_ROUNDS ?? 20);
const UPDATES = 200;
const HOUR = 7200; // updates, at 2 a second
let exceeded = 0;

if (findChromium() === undefined) {
  console.log("Left out: no Chromium was found (SMART_BMS_CHROMIUM may name one).");
  process.exit(0);
}

/** The page: what a dashboard gives to cards, and readings as a server would send them. */
const PAGE = `<!doctype html><meta charset="utf-8"><body style="margin:0"><script type="module">
class HaCard extends HTMLElement { constructor() { super(); this.attachShadow({ mode: "open" }).innerHTML = "<style>:host{display:block}</style><slot></slot>"; } }
customElements.define("ha-card", HaCard);
customElements.define("ha-icon", class extends HTMLElement {});
const listeners = new Map();
let next = 0;
const connection = {
  async subscribeMessage(callback, message) {
    const id = ++next;
    listeners.set(id, [callback, message]);
    window.subscribed?.(message);
    queueMicrotask(() => {
      if (message.type === "smart_bms/subscribe_batteries") callback({ batteries: [{ entry_id: "e", device_id: "d", name: "House battery", kind: "pack", running: true, simulated: false, members: [] }] });
      else callback({ subscription: id, number: 1, running: true, info: window.info, rights: { write: true, control: true }, data: window.reading(0) });
    });
    return async () => listeners.delete(id);
  },
  sendMessagePromise: async () => ({}),
};
window.streams = () => [...listeners.values()].filter(([, message]) => message.type === "smart_bms/subscribe").length;
window.send = (changed) => { for (const [id, [callback, message]] of listeners) if (message.type === "smart_bms/subscribe") callback({ subscription: id, number: ++next, running: true, changed }); };
window.hass = {
  connection, connected: true, language: "en", locale: { language: "en", number_format: "language", time_format: "language", time_zone: "server" },
  config: { time_zone: "Europe/Amsterdam" }, states: {}, entities: {}, devices: {}, user: { is_admin: true, name: "bench" },
  callWS: async () => ({ resources: { "component.smart_bms.entity.sensor.status.state.all_well": "All is well" } }), callService: async () => ({}),
};
window.prepare = (cells) => {
  window.cells = cells;
  window.info = { kind: "pack", entry_id: "e", device_id: "d", name: "House battery", family: "JK", model: "PB2A16S20P", simulated: false, chemistry: "lfp", cells, capacity: 314,
    cell_limits: { undervoltage: 2.7, undervoltage_release: 2.9, overvoltage: 3.6, overvoltage_release: 3.5, balance_trigger: 0.005 }, stale_after: 10, interval: 0.5, entities: {} };
};
window.reading = (at) => {
  const voltages = Array.from({ length: window.cells }, (_, place) => +(3.3 + 0.02 * Math.sin(at / 7 + place)).toFixed(3));
  const highest = voltages.indexOf(Math.max(...voltages)) + 1, lowest = voltages.indexOf(Math.min(...voltages)) + 1;
  const current = +(40 * Math.sin(at / 50)).toFixed(2);
  const side = (flows, limit) => ({ allowed: true, switched_on: true, reasons: [{ code: "fine", about: "", numbers: {} }], current: Math.max(0, flows), limit, full_limit: limit, limited_by: "", held_back: false });
  return { fresh: true, reading: at, age: 0.1, soc: 68, voltage: +(3.3 * window.cells).toFixed(2), current, power: current * 52, remaining: 213.2, stored_energy: 11000, time_to_full: null, time_to_empty: null,
    cells: { voltages, ages: [], temperatures: [], wire_resistances: [], lowest, highest, difference: +(voltages[highest - 1] - voltages[lowest - 1]).toFixed(3), mean: 3.3, marked: {} },
    temperatures: { temperature_1: 20.7, temperature_2: 20.9, mosfet: 26 }, heating: false, balancing: { active: true, current: 1.2, takes_from: [highest], gives_to: [] },
    charge: side(current, 90), discharge: side(-current, 135), charge_voltage_limit: 55.2, charge_stage: "bulk",
    status: { code: "all_well", rank: 11, level: "well", about: "", cell: null, probe: null, value: null, limit: null, release: null, unit: null, current_limit: null, seconds: null, since: 3, pack: "" }, also: [],
    protections: [{ key: "cell_overvoltage", state: "clear", value: 3.32, limit: 3.6, release: 3.5, unit: "V", margin: 0.28, comfortable: 0.1, above: true, blocks: ["charge"], seconds: null, uncertainty: null, cell: highest, probe: null }],
    connection: { state: "connected", step: null, hints: [], through: null, signal: -60 }, flow: null, last_known: null, energy: null, health: null };
};
window.update = (at) => { const { age, reading, soc, voltage, current, power, cells, balancing, charge, discharge } = window.reading(at); return { age, reading, soc, voltage, current, power, cells, balancing, charge, discharge }; };
window.start = (width = 390) => {
  const card = document.createElement("smart-bms-card");
  card.style.width = width + "px";
  card.setConfig({ type: "custom:smart-bms-card", hide: ["history"] });
  card.hass = window.hass;
  document.body.append(card);
  return card;
};
window.shifts = 0;
window.shifted = [];
new PerformanceObserver((list) => { for (const entry of list.getEntries()) { window.shifts += entry.value; for (const { node, previousRect: a, currentRect: b } of entry.sources) window.shifted.push([node?.className ?? node?.parentNode?.className ?? node?.nodeName, a.x, a.y, a.width, b.x, b.y, b.width].join(" ")); } }).observe({ type: "layout-shift", buffered: true });
window.frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
window.ready = true;
</script>`;

const server = createServer((request, response) => {
  const name = request.url.slice(1);
  if (name.endsWith(".js")) {
    response.writeHead(200, { "Content-Type": "text/javascript" });
    response.end(readFileSync(join(built, name.split("/").pop())));
  } else {
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end(PAGE);
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const browser = await startBrowser(["--js-flags=--expose-gc", "--enable-precise-memory-info"]);

const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];

function row(what, value, unit, budget, digits = 1) {
  const held = budget === null || value <= budget;
  if (!held) exceeded += 1;
  const limit = budget === null ? "" : `${held ? "of" : "EXCEEDS"} ${budget} ${unit}`;
  console.log(`${what.padEnd(64)} ${value.toFixed(digits).padStart(8)} ${unit.padEnd(3)} ${limit}`);
}

async function open(cells) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 1400 } });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  // Time that the page's thread has worked: whatever else the machine does is not in it.
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(url);
  await page.waitForFunction(() => window.ready);
  await page.evaluate((count) => window.prepare(count), cells);
  const spent = async () => {
    const { metrics } = await cdp.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  return { page, context, cdp, spent };
}

/** Return ms of script, of style and layout, from nothing to a card with all its values. */
async function firstPaint(cells) {
  const { page, context, spent } = await open(cells);
  const before = await spent();
  await page.evaluate(async (address) => {
    await import(`${address}smart-bms.js`);
    const card = window.start();
    const done = () => card.shadowRoot?.querySelector(".cells") !== null && card.shadowRoot !== null;
    while (!done()) await window.frame();
    await window.frame();
  }, url);
  const after = await spent();
  await context.close();
  const ms = (key) => 1000 * (after[key] - before[key]);
  const layout = ms("LayoutDuration") + ms("RecalcStyleDuration");
  return { script: SLOWED * ms("ScriptDuration"), layout: SLOWED * layout, all: SLOWED * ms("TaskDuration") };
}

async function loaded(cells) {
  const opened = await open(cells);
  await opened.page.evaluate(async (address) => {
    await import(`${address}smart-bms.js`);
    window.card = window.start();
    while (!window.card.shadowRoot?.querySelector(".cells")) await window.frame();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }, url);
  return opened;
}

console.log(`Cards in Chromium ${browser.version()}`);
const size = (names) => names.reduce((sum, name) => sum + gzipSync(readFileSync(join(built, name)), { level: 9 }).length, 0);
const names = readdirSync(built).filter((name) => name.endsWith(".js"));
const first = new Set(["smart-bms.js"]);
for (const name of first) {
  for (const [, other] of readFileSync(join(built, name), "utf8").matchAll(/(?:from|import)"\.\/([^"]+)"/g)) first.add(other);
}
row("first load, gzip", size([...first]) / 1024, "kB", 30);
row("everything, gzip", size(names) / 1024, "kB", 60);

for (const [cells, budget] of [
  [16, 100],
  [255, 250],
]) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await firstPaint(cells));
  row(`script until the first paint of ${cells} cells (times ${SLOWED}, median of ${ROUNDS})`, median(rounds.map((one) => one.script)), "ms", budget);
  row("  style and layout beside that", median(rounds.map((one) => one.layout)), "ms", null);
  row("  everything that the page's thread did", median(rounds.map((one) => one.all)), "ms", null);
}

for (const [cells, budget] of [
  [16, 4],
  [255, 8],
]) {
  const { page, context } = await loaded(cells);
  await page.evaluate((count) => {
    window.updates = Array.from({ length: count }, (_, at) => window.update(at + 1));
    window.made = 0;
    new MutationObserver((list) => {
      for (const change of list) for (const node of change.addedNodes) window.made += node.nodeType === 1 ? 1 : 0;
    }).observe(window.card.shadowRoot, { childList: true, subtree: true });
    window.shifts = 0;
  }, UPDATES);
  // From a message to the end of the render that it asks for; what the browser does between the two is not in it.
  const times = await page.evaluate(async () => {
    const found = [];
    let rendering = 0;
    const original = window.card.performUpdate;
    window.card.performUpdate = function () {
      const start = performance.now();
      original.call(this);
      rendering += performance.now() - start;
    };
    for (const update of window.updates) {
      rendering = 0;
      const start = performance.now();
      window.send(update);
      const received = performance.now() - start;
      await window.frame();
      await window.frame();
      found.push(received + rendering);
    }
    return found;
  });
  row(`script per update of ${cells} cells (median of ${UPDATES})`, median(times), "ms", budget, 2);
  row(`  times ${SLOWED}`, SLOWED * median(times), "ms", null, 2);
  if (cells === 16) {
    const found = await page.evaluate(async () => {
      let renders = 0;
      const original = window.card.performUpdate;
      window.card.performUpdate = function () {
        renders += 1;
        original.call(this);
      };
      let most = 0;
      for (let burst = 0; burst < 20; burst += 1) {
        const before = renders;
        for (const update of window.updates.slice(5 * burst, 5 * burst + 5)) window.send(update);
        await window.frame();
        await window.frame();
        most = Math.max(most, renders - before);
      }
      const count = (root) => {
        let sum = 0;
        for (const one of root.querySelectorAll("*")) {
          sum += 1 + (one.shadowRoot && one.localName !== "ha-card" ? count(one.shadowRoot) : 0);
        }
        return sum;
      };
      return { most, shifts: window.shifts, made: window.made, elements: count(window.card.shadowRoot) + 1 };
    });
    row("renders of one card in a frame, when five messages come at once", found.most, "", 1, 0);
    row("layout shift in all those updates: text that grows to one side", found.shifts, "", 0.01, 4);
    row("elements made anew per update", found.made / UPDATES, "", null, 2);
    row("elements of the card", found.elements, "", 260, 0);
  }
  await context.close();
}

{
  const { page, context, cdp, spent } = await loaded(16);
  const collect = async () => {
    await cdp.send("HeapProfiler.collectGarbage");
    return (await spent()).JSHeapUsedSize;
  };
  const run = (from, count) =>
    page.evaluate(
      async ([start, many]) => {
        // Frames come as fast as they can: an hour in seconds.
        const { port1, port2 } = new MessageChannel();
        const waiting = [];
        port1.onmessage = () => waiting.shift()?.(performance.now());
        window.requestAnimationFrame = (callback) => {
          waiting.push(callback);
          port2.postMessage(0);
          return 1;
        };
        for (let at = start; at < start + many; at += 1) {
          window.send(window.update(at));
          await window.frame();
          await window.frame();
        }
        port1.close();
      },
      [from, count],
    );
  await run(1, 1000);
  const before = await collect();
  const nodes = (await spent()).Nodes;
  await run(1001, HOUR);
  const after = await collect();
  row(`growth of the heap over ${HOUR} updates, an hour`, Math.max(0, after - before) / 1024, "kB", 500);
  row("growth of nodes in that hour", Math.max(0, (await spent()).Nodes - nodes), "", 0, 0);

  // Hidden: the page says so to its cards, as it does when another tab is in front.
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { get: () => window.away === true });
    window.away = true;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.waitForTimeout(5500); // streams linger a moment: views are left and come back to
  const quiet = await spent();
  const streams = await page.evaluate(() => window.streams());
  await page.waitForTimeout(3000);
  const later = await spent();
  row("subscriptions while hidden", streams, "", 0, 0);
  row("script in three seconds while hidden", 1000 * (later.ScriptDuration - quiet.ScriptDuration), "ms", 1, 2);
  await page.evaluate(() => {
    window.away = false;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.waitForFunction(() => window.streams() === 1 && window.card.shadowRoot.querySelector(".cells") !== null, null, { timeout: 5000 });
  await context.close();
}
await browser.close();
server.close();
process.exit(exceeded > 0 ? 1 : 0);
