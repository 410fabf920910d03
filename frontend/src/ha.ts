// The part of Home Assistant's frontend that the cards use.

/** What makes a device of ours a bank: packs are named by their make. */
export const BANK = "Smart BMS";

export interface HassEntity {
  entity_id: string;
  state: string;
  attributes: Record<string, unknown>;
  last_changed: string;
}

export interface Connection {
  subscribeMessage<T>(
    callback: (message: T) => void,
    message: object,
    options?: { resubscribe?: boolean },
  ): Promise<() => Promise<void>>;
  addEventListener(type: "ready", listener: () => void): void;
  sendMessagePromise<T>(message: object): Promise<T>;
}

export interface HassLocale {
  language: string;
  number_format: "language" | "system" | "comma_decimal" | "decimal_comma" | "quote_decimal" | "space_comma" | "none";
  time_format: "language" | "system" | "12" | "24";
  time_zone?: string;
}

export interface HomeAssistant {
  connection: Connection;
  connected: boolean;
  language: string;
  locale: HassLocale;
  config: { time_zone: string };
  states: Record<string, HassEntity | undefined>;
  entities: Record<string, { platform?: string; device_id?: string; translation_key?: string } | undefined>;
  devices: Record<
    string,
    { id: string; name: string | null; name_by_user: string | null; manufacturer?: string | null } | undefined
  >;
  user?: { is_admin: boolean; name: string };
  callWS<T>(message: object): Promise<T>;
  callService(
    domain: string,
    service: string,
    data?: object,
    target?: object,
    notifyOnError?: boolean,
    returnResponse?: boolean,
  ): Promise<{ response?: unknown }>;
}

export interface GridOptions {
  columns?: number | "full";
  rows?: number | "auto";
  min_columns?: number;
  max_columns?: number;
  min_rows?: number;
  max_rows?: number;
}

export interface CardConfig {
  type: string;
  /** Id of the device; without one the first pack or bank is shown. */
  device?: string;
  name?: string;
  /** Blocks that are left out. */
  hide?: string[];
  scale?: "limits" | "difference";
  /** A list opens the page that the dashboard has for a battery, instead of its status. */
  pages?: boolean;
  /** How many cells of a section's grid the card takes; Home Assistant's editor sets it. */
  grid_options?: GridOptions;
}

export interface Suggestion {
  label: string;
  config: CardConfig;
}

declare global {
  interface Window {
    customCards?: object[];
    customBadges?: object[];
    customStrategies?: object[];
  }
}

/** The last part of the path of a battery's page. */
export function pageOf(entryId: string): string {
  return `battery-${entryId}`;
}

/** Go to another page of the same dashboard. */
export function openPage(page: string): void {
  history.pushState(null, "", location.pathname.replace(/[^/]*$/, page));
  window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: false } }));
}
