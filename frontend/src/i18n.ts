// Texts: the cards' own, and those of the integration, which Home Assistant has in the user's language.

import { span } from "./format.js";
import type { HomeAssistant } from "./ha.js";
import english from "./texts/en.json";

export type TextKey = keyof typeof english;
type Values = Record<string, string | number>;

/** Languages that are loaded when somebody needs them. */
const LANGUAGES: Record<string, () => Promise<{ default: Partial<Record<TextKey, string>> }>> = {
  cs: () => import("./texts/cs.json"),
  de: () => import("./texts/de.json"),
  es: () => import("./texts/es.json"),
  fr: () => import("./texts/fr.json"),
  nl: () => import("./texts/nl.json"),
  pl: () => import("./texts/pl.json"),
  uk: () => import("./texts/uk.json"),
  "zh-Hans": () => import("./texts/zh-Hans.json"),
};

const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);

/** The language of ours that is nearest to a user's: es for es-419. Home Assistant itself only has texts for the exact one. */
function nearest(language: string): string {
  const base = language.split("-")[0] ?? "";
  return language in LANGUAGES || !(base in LANGUAGES) ? language : base;
}

export function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, key: string) => String(values[key] ?? whole));
}

/** What nobody has a word for: an integration that is newer than the cards, or translations that cannot be had. */
function spaced(key: string): string {
  return key.replaceAll("_", " ");
}

/** Texts in one language. Until they are there, the cards' own are English and the integration's empty. */
export class Texts {
  private own: Partial<Record<TextKey, string>> = english;
  private integration: Record<string, string> = {};
  readonly rightToLeft: boolean;

  constructor(readonly language: string) {
    this.rightToLeft = RIGHT_TO_LEFT.has(language.split("-")[0] ?? "");
  }

  /** Load the cards' own texts alone, in a language. */
  async loadOwn(language: string): Promise<void> {
    const own = await LANGUAGES[nearest(language)]?.().catch(() => undefined);
    if (own !== undefined) this.own = { ...english, ...own.default };
  }

  async load(hass: HomeAssistant): Promise<void> {
    const [, ...resources] = await Promise.all([
      this.loadOwn(this.language),
      ...["entity", "exceptions", "selector"].map((category) =>
        hass
          .callWS<{ resources: Record<string, string> }>({
            type: "frontend/get_translations",
            language: nearest(this.language),
            category,
            integration: ["smart_bms"],
          })
          .then((answer) => answer.resources)
          .catch(() => ({})),
      ),
    ]);
    this.integration = Object.assign({}, ...resources);
  }

  get loaded(): boolean {
    return Object.keys(this.integration).length > 0;
  }

  /** One of the cards' own texts. */
  text(key: TextKey, values: Values = {}): string {
    return fill(this.own[key] ?? english[key] ?? key, values);
  }

  /** A text of the integration; empty if there is none. */
  of(path: string, values: Values = {}): string {
    return fill(this.integration[`component.smart_bms.${path}`] ?? "", values);
  }

  /** A sentence of the integration. */
  sentence(key: string, values: Values = {}): string {
    return this.of(`exceptions.${key}.message`, values);
  }

  /** Sentences as one text. */
  join(sentences: string[]): string {
    return sentences.filter(Boolean).join(this.language === "zh-Hans" ? "" : " ");
  }

  status(code: string): string {
    return this.of(`entity.sensor.status.state.${code}`) || spaced(code);
  }

  /** The name of a protection, an alarm, a parameter, a measurement, or a status. */
  name(key: string): string {
    return (
      this.of(`entity.sensor.nearest_protection.state.${key}`) ||
      this.of(`entity.binary_sensor.alarm_${key}.name`) ||
      this.of(`entity.number.${key}.name`) ||
      this.of(`entity.switch.${key}.name`) ||
      this.of(`entity.select.${key}.name`) ||
      this.of(`entity.sensor.${key}.name`) ||
      this.of(`selector.subject.options.${key}`) ||
      this.of(`selector.parameter.options.${key}`) ||
      this.status(key)
    );
  }

  /** What limits a current. */
  cause(key: string): string {
    if (key === "recovering" || key === "no_data") return this.text(`cause_${key}`);
    return (key === "balance_hold" && this.of(`entity.sensor.charge_stage.state.${key}`)) || this.name(key);
  }

  probe(key: string): string {
    if (key === "mosfet") return this.text("power_stage");
    const number = /^temperature_(\d+)$/.exec(key)?.[1];
    return number === undefined ? spaced(key) : this.text("probe", { number });
  }

  time(seconds: number): string {
    const { unit, first, second } = span(seconds);
    return this.text(unit, { first, second });
  }

  age(seconds: number): string {
    return seconds < 1 ? this.text("age_now") : this.time(seconds);
  }
}

const loading = new Map<string, Promise<Texts>>();

/** Texts in the user's language, loaded once for a page. */
export function textsOf(hass: HomeAssistant): Promise<Texts> {
  const language = hass.language;
  let texts = loading.get(language);
  if (texts === undefined) {
    const made = new Texts(language);
    texts = made.load(hass).then(() => made);
    loading.set(language, texts);
    // Asked again if Home Assistant could not answer.
    texts.then(() => made.loaded || loading.delete(language));
  }
  return texts;
}
