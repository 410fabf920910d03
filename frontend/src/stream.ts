// What the server sends: which batteries there are, and everything about one of them, shared by all cards of a page.

import type { BankData, BankInfo, Battery, PackData, PackInfo, Rights, StreamMessage } from "./generated/messages.js";
import type { Connection, HomeAssistant } from "./ha.js";

/** A pack or bank as it is known now. */
export interface Watched {
  info: PackInfo | BankInfo;
  rights: Rights;
  data: PackData | BankData;
  /** `performance.now()` when the age in the data was right. */
  receivedAt: number;
}

export type State = Watched | "waiting" | "stopped" | "unauthorized" | "missing";

type Listener = () => void;

const LINGER = 5000; // ms for which a stream goes on without anybody: views are left and come back to
const RETRY = 5000; // ms

/**
 * Keeps a subscription open while somebody listens, and opens it again when Home Assistant is connected again. It does
 * that itself: after a restart Home Assistant answers before it knows our commands, and a subscription that its own
 * library fails to open again is lost.
 */
abstract class Shared<Message> {
  private listeners = new Set<Listener>();
  private end: Promise<() => Promise<void>> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(protected readonly connection: Connection) {
    connection.addEventListener("ready", () => {
      // What was open ended with the old connection.
      this.end = undefined;
      this.again();
    });
  }

  protected abstract request(): object;
  protected abstract receive(message: Message): void;
  /** Return whether it may work later. */
  protected abstract failed(error: unknown): boolean;
  protected abstract forget(): void;

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    clearTimeout(this.timer);
    if (this.end === undefined) this.open();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.timer = setTimeout(() => this.close(), LINGER);
    };
  }

  protected notify(): void {
    for (const listener of [...this.listeners]) listener();
  }

  private open(): void {
    clearTimeout(this.retry);
    const end = this.connection.subscribeMessage<Message>(
      (message) => {
        if (this.end === end) this.receive(message);
      },
      this.request(),
      { resubscribe: false },
    );
    this.end = end;
    end.catch((error: unknown) => {
      if (this.end !== end) return;
      this.end = undefined;
      if (this.failed(error)) this.retry = setTimeout(() => this.again(), RETRY);
      this.notify();
    });
  }

  private again(): void {
    if (this.end === undefined && this.listeners.size > 0) this.open();
  }

  private close(): void {
    const end = this.end;
    this.end = undefined;
    clearTimeout(this.retry);
    this.forget();
    // A connection that is lost has nothing to end.
    end?.then((stop) => stop()).catch(() => undefined);
  }
}

export class BatteryStream extends Shared<StreamMessage> {
  state: State = "waiting";
  private shown: StreamMessage | undefined;
  private frame = 0;

  constructor(
    connection: Connection,
    private readonly entryId: string,
  ) {
    super(connection);
  }

  protected request(): object {
    return { type: "smart_bms/subscribe", entry_id: this.entryId };
  }

  protected receive(message: StreamMessage): void {
    this.state = merge(this.state, message, performance.now());
    this.shown = message;
    this.notify();
    // Said once it could be painted: a slow browser says it late, and is sent less.
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.confirm());
  }

  private confirm(): void {
    this.frame = 0;
    const message = this.shown;
    if (message === undefined) return;
    const { subscription, number } = message;
    this.connection.sendMessagePromise({ type: "smart_bms/confirm", subscription, number }).catch(() => undefined);
  }

  protected failed(error: unknown): boolean {
    const code = (error as { code?: string })?.code;
    this.state = code === "unauthorized" ? "unauthorized" : code === "not_found" ? "missing" : "stopped";
    return this.state === "stopped";
  }

  protected forget(): void {
    this.state = "waiting";
    this.shown = undefined;
  }
}

/** Return what is known after a message. */
export function merge(before: State, message: StreamMessage, now: number): State {
  if (!message.running) return "stopped";
  const known = typeof before === "object" ? before : undefined;
  const info = message.info ?? known?.info;
  const rights = message.rights ?? known?.rights;
  const data = message.data ?? (known && ({ ...known.data, ...message.changed } as PackData | BankData));
  if (info === undefined || rights === undefined || data === undefined) return before;
  const renewed = message.data !== undefined || message.changed?.age !== undefined;
  return { info, rights, data, receivedAt: renewed || known === undefined ? now : known.receivedAt };
}

export class BatteryList extends Shared<{ batteries: Battery[] }> {
  batteries: Battery[] | undefined;
  /** The integration is not loaded, or older than the cards. */
  missing = false;

  protected request(): object {
    return { type: "smart_bms/subscribe_batteries" };
  }

  protected receive(message: { batteries: Battery[] }): void {
    this.batteries = message.batteries;
    this.missing = false;
    this.notify();
  }

  protected failed(): boolean {
    this.missing = true;
    return true;
  }

  protected forget(): void {
    this.batteries = undefined;
  }
}

const streams = new WeakMap<Connection, Map<string, BatteryStream>>();
const lists = new WeakMap<Connection, BatteryList>();

export function streamOf(hass: HomeAssistant, entryId: string): BatteryStream {
  const ours = streams.get(hass.connection) ?? new Map<string, BatteryStream>();
  streams.set(hass.connection, ours);
  const stream = ours.get(entryId) ?? new BatteryStream(hass.connection, entryId);
  ours.set(entryId, stream);
  return stream;
}

export function listOf(hass: HomeAssistant): BatteryList {
  const list = lists.get(hass.connection) ?? new BatteryList(hass.connection);
  lists.set(hass.connection, list);
  return list;
}
