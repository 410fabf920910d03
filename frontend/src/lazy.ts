// Cards that are rarely on the first page: a small stand-in loads the real one when it is used.

import type { CardConfig, GridOptions, HomeAssistant } from "./ha.js";
import { Texts, textsOf } from "./i18n.js";

interface Body extends HTMLElement {
  setConfig(config: CardConfig): void;
  hass: HomeAssistant;
}

export interface LazyCard {
  grid: GridOptions;
  size: number;
  /** Blocks that its editor offers to leave out. */
  blocks: readonly string[];
  kind: string;
}

/** Load what is not on the first page. */
export function later(): Promise<typeof import("./later.js")> {
  return import("./later.js");
}

/** Return a card that is loaded when it is first shown. Its real element is `<tag>-body`. */
export function lazyCard(tag: string, card: LazyCard): CustomElementConstructor {
  return class extends HTMLElement {
    private body: Body | undefined;
    private config: CardConfig | undefined;
    private current: HomeAssistant | undefined;

    static getStubConfig(): object {
      return {};
    }

    static async getConfigForm(): Promise<object> {
      return (await later()).form(card.kind, card.blocks);
    }

    setConfig(config: CardConfig): void {
      if (config.device !== undefined && typeof config.device !== "string")
        throw new Error("device: a device id is expected");
      this.config = config;
      if (this.body !== undefined) this.body.setConfig(config);
      else void this.load();
    }

    set hass(hass: HomeAssistant) {
      this.current = hass;
      if (this.body !== undefined) this.body.hass = hass;
    }

    getCardSize(): number {
      return card.size;
    }

    getGridOptions(): GridOptions {
      return card.grid;
    }

    private async load(): Promise<void> {
      this.style.display = "block";
      try {
        await later();
      } catch {
        await this.outdated();
        return;
      }
      if (this.body !== undefined || this.config === undefined) return;
      this.body = document.createElement(`${tag}-body`) as Body;
      this.body.setConfig(this.config);
      if (this.current !== undefined) this.body.hass = this.current;
      this.append(this.body);
    }

    /** After an update the files are called otherwise: what this page was built from is not there any more. */
    private async outdated(): Promise<void> {
      const t = this.current === undefined ? new Texts("en") : await textsOf(this.current);
      this.textContent = t.text("reload");
    }
  };
}
