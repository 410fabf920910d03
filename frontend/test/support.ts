// A Home Assistant for tests: a connection whose server is played by the test, and the integration's own translations.

import translations from "../../custom_components/smart_bms/translations/en.json" with { type: "json" };
import type {
  Battery,
  CellLimits,
  Direction,
  PackData,
  PackInfo,
  Protection,
  Reason,
  Rights,
  Status,
} from "../src/generated/messages.js";
import type { Connection, HassLocale, HomeAssistant } from "../src/ha.js";
import { Texts } from "../src/i18n.js";

export const ENGLISH: HassLocale = {
  language: "en",
  number_format: "language",
  time_format: "24",
  time_zone: "server",
};

/** Texts as Home Assistant sends them: paths with dots. */
function flat(tree: object, path: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === "string" ? [[`${path}.${key}`, value]] : Object.entries(flat(value as object, `${path}.${key}`)),
    ),
  );
}

export const RESOURCES = flat(translations, "component.smart_bms");

interface Subscribed {
  request: object;
  options: { resubscribe?: boolean } | undefined;
  ended: boolean;
  send(message: unknown): void;
  accept(): void;
  refuse(code: string): void;
}

/** A connection of which the test is the other end. */
export class FakeConnection implements Connection {
  readonly subscriptions: Subscribed[] = [];
  readonly sent: object[] = [];
  private readonly ready: (() => void)[] = [];

  subscribeMessage<T>(callback: (message: T) => void, request: object, options?: { resubscribe?: boolean }) {
    return new Promise<() => Promise<void>>((resolve, reject) => {
      const subscribed: Subscribed = {
        request,
        options,
        ended: false,
        send: (message) => callback(message as T),
        accept: () =>
          resolve(async () => {
            subscribed.ended = true;
          }),
        refuse: (code) => reject({ code, message: code }),
      };
      this.subscriptions.push(subscribed);
    });
  }

  async sendMessagePromise<T>(message: object): Promise<T> {
    this.sent.push(message);
    return {} as T;
  }

  addEventListener(_type: "ready", listener: () => void): void {
    this.ready.push(listener);
  }

  /** What was open is gone; the socket is another one. */
  reconnect(): void {
    for (const listener of this.ready) listener();
  }

  last(): Subscribed {
    const last = this.subscriptions.at(-1);
    if (last === undefined) throw new Error("nothing is subscribed");
    return last;
  }
}

export function fakeHass(changes: Partial<HomeAssistant> = {}): HomeAssistant {
  return {
    connection: new FakeConnection(),
    connected: true,
    language: "en",
    locale: ENGLISH,
    config: { time_zone: "UTC" },
    states: {},
    entities: {},
    devices: {},
    user: { is_admin: true, name: "Somebody" },
    callWS: async <T>() => ({ resources: RESOURCES }) as T,
    callService: async () => ({}),
    ...changes,
  };
}

/** Texts in a language; those of the integration are English. */
export async function texts(language = "en"): Promise<Texts> {
  const made = new Texts(language);
  await made.load(fakeHass({ language }));
  return made;
}

export function status(changes: Partial<Status> = {}): Status {
  return {
    code: "all_well",
    rank: 11,
    level: "well",
    about: "",
    cell: null,
    probe: null,
    value: null,
    limit: null,
    release: null,
    unit: null,
    current_limit: null,
    seconds: null,
    since: null,
    pack: "",
    ...changes,
  };
}

export function reason(code: string, about = "", numbers: Reason["numbers"] = {}): Reason {
  return { code, about, numbers };
}

export function direction(changes: Partial<Direction> = {}): Direction {
  return {
    allowed: true,
    switched_on: true,
    reasons: [],
    current: 10,
    limit: 100,
    full_limit: 100,
    limited_by: "",
    held_back: false,
    ...changes,
  };
}

export function cellLimits(changes: Partial<CellLimits> = {}): CellLimits {
  return {
    undervoltage: 2.6,
    undervoltage_release: 2.9,
    overvoltage: 3.6,
    overvoltage_release: 3.4,
    balance_trigger: 0.01,
    ...changes,
  };
}

export function protection(changes: Partial<Protection> = {}): Protection {
  return {
    key: "cell_overvoltage",
    state: "clear",
    value: 3.4,
    limit: 3.6,
    release: 3.5,
    unit: "V",
    margin: 0.2,
    comfortable: 0.2,
    above: true,
    blocks: ["charge"],
    seconds: null,
    uncertainty: null,
    cell: 5,
    probe: null,
    ...changes,
  };
}

export const RIGHTS: Rights = { write: false, control: false };

export function packInfo(changes: Partial<PackInfo> = {}): PackInfo {
  return {
    kind: "pack",
    entry_id: "pack",
    device_id: "device",
    name: "Garage",
    family: "JK",
    model: "JK-B2A24S20P",
    simulated: false,
    chemistry: "lfp",
    cells: 4,
    capacity: 280,
    cell_limits: cellLimits(),
    stale_after: 10,
    interval: 0.5,
    entities: {},
    ...changes,
  };
}

export function packData(changes: Partial<PackData> = {}): PackData {
  return {
    fresh: true,
    reading: 1,
    age: 0.2,
    soc: 64,
    voltage: 13.2,
    current: 5,
    power: 66,
    remaining: 179.2,
    stored_energy: null,
    time_to_full: null,
    time_to_empty: null,
    cells: {
      voltages: [3.3, 3.31, 3.29, 3.3],
      ages: [],
      temperatures: [],
      wire_resistances: [],
      lowest: 3,
      highest: 2,
      difference: 0.02,
      mean: 3.3,
      marked: {},
    },
    temperatures: { temperature_1: 21 },
    heating: false,
    balancing: { active: false, current: null, takes_from: [], gives_to: [] },
    charge: direction(),
    discharge: direction(),
    charge_voltage_limit: null,
    charge_stage: "bulk",
    status: status(),
    also: [],
    protections: [],
    connection: { state: "connected", step: null, hints: [], through: null, signal: null },
    flow: null,
    last_known: null,
    energy: null,
    health: null,
    ...changes,
  };
}

export function battery(name: string, changes: Partial<Battery> = {}): Battery {
  return {
    entry_id: name.toLowerCase(),
    device_id: `device of ${name}`,
    name,
    kind: "pack",
    running: true,
    simulated: false,
    members: [],
    ...changes,
  };
}
