// What every block of a card is given.

import type { Formatter } from "./format.js";
import type { BankData, BankInfo, PackData, PackInfo, Rights } from "./generated/messages.js";
import type { CardConfig, HomeAssistant } from "./ha.js";
import type { Texts } from "./i18n.js";

export interface Context<Info = PackInfo | BankInfo, Data = PackData | BankData> {
  hass: HomeAssistant;
  t: Texts;
  f: Formatter;
  info: Info;
  data: Data;
  rights: Rights;
  config: CardConfig;
  /** Seconds since the newest reading; null before the first one. */
  age: number | null;
  /** The values may be shown as current. */
  fresh: boolean;
  width: number;
  /** Opens what Home Assistant knows of an entity, by its key. */
  more(key: string): void;
}

export type PackContext = Context<PackInfo, PackData>;
export type BankContext = Context<BankInfo, BankData>;
