// What all cards share: they find their battery, watch it while they are seen, and render at most once a frame.

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { icon } from "./blocks/icon.js";
import type { Context } from "./context.js";
import { Formatter } from "./format.js";
import type { Battery } from "./generated/messages.js";
import type { CardConfig, HomeAssistant } from "./ha.js";
import { type TextKey, type Texts, textsOf } from "./i18n.js";
import { type BatteryStream, listOf, streamOf, type Watched } from "./stream.js";
import { roles } from "./styles.js";

/** One timer for the ages of all cards that are seen. */
const aging = new Set<() => void>();
let agingTimer: ReturnType<typeof setInterval> | undefined;

function ageWith(card: () => void): () => void {
  aging.add(card);
  agingTimer ??= setInterval(() => {
    if (!document.hidden) for (const one of aging) one();
  }, 1000);
  return () => {
    aging.delete(card);
    if (aging.size === 0) {
      clearInterval(agingTimer);
      agingTimer = undefined;
    }
  };
}

/** An element that is given `hass` with every change of any state, and renders only when something of its own changed. */
export abstract class HassElement<Config extends CardConfig = CardConfig> extends LitElement {
  protected config: Config | undefined;
  protected texts: Texts | undefined;
  protected formatter: Formatter | undefined;
  protected seen = false;
  private current: HomeAssistant | undefined;
  private observer: IntersectionObserver | undefined;
  private readonly visibility = () => this.look();
  private onScreen = false;

  setConfig(config: Config): void {
    if (config.device !== undefined && typeof config.device !== "string")
      throw new Error("device: a device id is expected");
    if (config.hide !== undefined && !Array.isArray(config.hide)) throw new Error("hide: a list of blocks is expected");
    this.config = config;
    this.look();
    this.requestUpdate();
  }

  set hass(hass: HomeAssistant) {
    const before = this.current;
    this.current = hass;
    if (before?.language !== hass.language) this.loadTexts(hass);
    if (before?.locale !== hass.locale || before?.config !== hass.config) {
      this.formatter = Formatter.of(hass);
      this.requestUpdate();
    }
    if (before?.connected !== hass.connected) this.requestUpdate();
    if (before === undefined || before.connection !== hass.connection) this.look();
    this.statesChanged(before, hass);
  }

  get hass(): HomeAssistant {
    return this.current as HomeAssistant;
  }

  private async loadTexts(hass: HomeAssistant): Promise<void> {
    const texts = await textsOf(hass);
    if (hass.language !== this.current?.language) return;
    this.texts = texts;
    this.dir = texts.rightToLeft ? "rtl" : "ltr";
    this.requestUpdate();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("visibilitychange", this.visibility);
    this.observer = new IntersectionObserver((entries) => {
      this.onScreen = entries.at(-1)?.isIntersecting ?? false;
      this.look();
    });
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.visibility);
    this.observer?.disconnect();
    this.onScreen = false;
    this.look();
  }

  /** Begin or end to watch, by whether anybody can see it. */
  private look(): void {
    this.seen =
      this.isConnected && this.onScreen && !document.hidden && this.current !== undefined && this.config !== undefined;
    this.seenChanged(this.seen);
  }

  protected abstract seenChanged(seen: boolean): void;
  protected statesChanged(_before: HomeAssistant | undefined, _now: HomeAssistant): void {}

  protected override async scheduleUpdate(): Promise<void> {
    // Whatever comes between two frames is painted together.
    await new Promise((resolve) => (document.hidden ? setTimeout(resolve, 250) : requestAnimationFrame(resolve)));
    super.scheduleUpdate();
  }

  protected fire(type: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

export type Kind = Battery["kind"];

/** A card of one pack or bank. */
export abstract class BatteryCard extends HassElement {
  /** What it can show. */
  static kinds: Kind[] = ["pack", "bank"];
  protected width = 390;
  /** What a card is about, where it is not everything. */
  protected about: TextKey | undefined;
  protected landmark = "region";
  private stop: (() => void)[] = [];
  private stream: BatteryStream | undefined;
  private leave: (() => void) | undefined;
  private sizes: ResizeObserver | undefined;

  protected get kinds(): Kind[] {
    return (this.constructor as typeof BatteryCard).kinds;
  }

  protected seenChanged(seen: boolean): void {
    if (!seen) {
      for (const stop of this.stop) stop();
      this.stop = [];
      this.leave?.();
      this.leave = undefined;
      this.stream = undefined;
      return;
    }
    if (this.stop.length > 0) {
      this.follow();
      return;
    }
    this.stop = [listOf(this.hass).listen(() => this.follow()), ageWith(() => this.requestUpdate())];
    this.follow();
  }

  /** Watch the battery that is meant now: it may be added, renamed, removed and added again. */
  private follow(): void {
    const battery = this.battery();
    const stream = battery === undefined ? undefined : streamOf(this.hass, battery.entry_id);
    if (stream !== this.stream) {
      this.leave?.();
      this.stream = stream;
      this.leave = stream?.listen(() => this.requestUpdate());
    }
    this.requestUpdate();
  }

  protected battery(): Battery | undefined {
    const list = this.seen ? (listOf(this.hass).batteries ?? []) : [];
    const ours = list.filter((battery) => this.kinds.includes(battery.kind));
    const device = this.config?.device;
    if (device !== undefined)
      return ours.find((battery) => battery.device_id === device || battery.entry_id === device);
    // Without a choice a pack before a bank, where both can be shown.
    return ours.find((battery) => battery.kind === this.kinds[0]) ?? ours[0];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.sizes = new ResizeObserver(([entry]) => {
      const width = Math.round(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== this.width) {
        this.width = width;
        this.requestUpdate();
      }
    });
    this.sizes.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes?.disconnect();
  }

  protected override shouldUpdate(_changed: PropertyValues): boolean {
    return this.config !== undefined && this.texts !== undefined && this.formatter !== undefined;
  }

  protected override render(): TemplateResult {
    const t = this.texts as Texts;
    const list = listOf(this.hass);
    if (!this.seen && this.stream === undefined) return this.shell(html`<div class="content waiting"></div>`, "");
    if (list.missing) return this.note(t.text("stopped"));
    const battery = this.battery();
    if (battery === undefined) {
      if (list.batteries === undefined) return this.shell(html`<div class="content waiting"></div>`, "");
      return this.note(this.config?.device === undefined ? t.text("no_battery") : t.text("missing"));
    }
    const state = this.stream?.state ?? "waiting";
    if (state === "unauthorized") return this.note(t.text("unauthorized"));
    if (state === "missing") return this.note(t.text("missing"));
    if (state === "stopped") return this.note(t.text("stopped"), battery.name);
    if (state === "waiting")
      return this.shell(html`<div class="content waiting"><h2>${battery.name}</h2></div>`, battery.name);
    return this.shell(this.card(this.context(state)), battery.name);
  }

  protected context(watched: Watched): Context {
    const { info, data, rights, receivedAt } = watched;
    const age = data.age === null ? null : data.age + (performance.now() - receivedAt) / 1000;
    const stale = info.kind === "pack" ? info.stale_after : Number.POSITIVE_INFINITY;
    // The server says when a reading is too old; without the server nobody does.
    const late = age !== null && age > stale + 2;
    const fresh = data.fresh && this.hass.connected && !late;
    return {
      hass: this.hass,
      t: this.texts as Texts,
      f: this.formatter as Formatter,
      info: this.config?.name ? { ...info, name: this.config.name } : info,
      data: fresh || !data.fresh ? data : blank(data),
      rights,
      config: this.config as CardConfig,
      age,
      fresh,
      width: this.width,
      more: (key: string) => {
        const entityId = info.entities[key];
        if (entityId !== undefined) this.fire("hass-more-info", { entityId });
      },
    };
  }

  protected abstract card(context: Context): TemplateResult;

  protected shell(content: TemplateResult, name: string): TemplateResult {
    // Cards of one battery stand side by side: each says which one it is.
    const label = [name, name && this.about ? this.texts?.text(this.about) : ""].filter(Boolean).join(", ");
    return html`<ha-card role=${label ? this.landmark : nothing} aria-label=${label || nothing}>${content}</ha-card>`;
  }

  private note(text: string, name = this.config?.name ?? ""): TemplateResult {
    return this.shell(
      html`<div class="content">${name ? html`<h2>${name}</h2>` : nothing}<div class="strip info">${icon("mdi:alert-outline")}<div>${text}</div></div></div>`,
      name,
    );
  }

  protected hides(block: string): boolean {
    return this.config?.hide?.includes(block) ?? false;
  }

  static override styles = [
    roles,
    css`
      .waiting {
        min-block-size: 96px;
      }
      .note {
        display: flex;
        gap: 10px;
      }
    `,
  ];
}

/** Return data in which nothing that was measured is left: it is too old. */
function blank<Data extends object>(data: Data): Data {
  const numbers = ["soc", "voltage", "current", "power", "remaining", "stored_energy", "time_to_full", "time_to_empty"];
  const emptied = Object.fromEntries(numbers.filter((key) => key in data).map((key) => [key, null]));
  const unknown = (side: object) => ({ ...side, allowed: null, current: null, reasons: [], held_back: false });
  const both = data as { charge?: object; discharge?: object };
  return {
    ...data,
    ...emptied,
    fresh: false,
    ...("cells" in data
      ? {
          cells: {
            voltages: [],
            ages: [],
            temperatures: [],
            wire_resistances: [],
            lowest: null,
            highest: null,
            difference: null,
            mean: null,
            marked: {},
          },
        }
      : {}),
    ...("temperatures" in data ? { temperatures: {} } : {}),
    ...(both.charge ? { charge: unknown(both.charge) } : {}),
    ...(both.discharge ? { discharge: unknown(both.discharge) } : {}),
  };
}
