import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StreamMessage } from "../src/generated/messages.js";
import { BatteryList, BatteryStream, listOf, merge, type State, streamOf, type Watched } from "../src/stream.js";
import { battery, FakeConnection, fakeHass, packData, packInfo, RIGHTS } from "./support.js";

const whole = (subscription = 7, number = 1, changes = {}): StreamMessage => ({
  subscription,
  number,
  running: true,
  info: packInfo(),
  rights: RIGHTS,
  data: packData(changes),
});

const changed = (number: number, changes: Record<string, unknown>, subscription = 7): StreamMessage => ({
  subscription,
  number,
  running: true,
  changed: changes,
});

function known(state: State): Watched {
  if (typeof state !== "object") throw new Error(state);
  return state;
}

describe("what is known after a message", () => {
  it("is everything after the first one", () => {
    const state = known(merge("waiting", whole(), 1000));
    expect(state).toMatchObject({ rights: RIGHTS, receivedAt: 1000 });
    expect(state.info.name).toBe("Garage");
    expect(state.data.soc).toBe(64);
  });

  it("is what changed, and what stayed as it was", () => {
    const before = known(merge("waiting", whole(), 1000));
    const after = known(merge(before, changed(2, { soc: 65, age: 0.1 }), 2000));
    expect(after.data).toEqual({ ...before.data, soc: 65, age: 0.1 });
    expect(after.info).toBe(before.info);
    expect(after.receivedAt).toBe(2000);
    expect(before.data.soc).toBe(64);
  });

  it("may become unknown", () => {
    const before = merge("waiting", whole(), 1000);
    expect(known(merge(before, changed(2, { soc: null, age: null, fresh: false }), 2000)).data).toMatchObject({
      soc: null,
      age: null,
      fresh: false,
    });
  });

  it("has the age of its reading, not of its message", () => {
    const before = merge("waiting", whole(), 1000);
    expect(known(merge(before, changed(2, { balancing: {} }), 2000)).receivedAt).toBe(1000);
    expect(known(merge(before, changed(2, { age: 0.2 }), 2000)).receivedAt).toBe(2000);
    expect(known(merge(before, { ...whole(), data: packData({ age: 4 }) }, 3000)).receivedAt).toBe(3000);
  });

  it("has another name after a rename, without new data", () => {
    const before = known(merge("waiting", whole(), 1000));
    const info = packInfo({ name: "Shed" });
    const after = known(merge(before, { subscription: 7, number: 2, running: true, info, rights: RIGHTS }, 2000));
    expect(after.info.name).toBe("Shed");
    expect(after.data).toEqual(before.data);
    expect(after.receivedAt).toBe(1000);
  });

  it("is nothing while the entry is reloaded, and everything after it", () => {
    const before = merge("waiting", whole(), 1000);
    const stopped = merge(before, { subscription: 7, number: 2, running: false }, 2000);
    expect(stopped).toBe("stopped");
    // Nothing of before is left to be shown as new.
    expect(merge(stopped, changed(3, { soc: 70 }), 2500)).toBe("stopped");
    expect(known(merge(stopped, whole(7, 4, { soc: 50 }), 3000))).toMatchObject({ receivedAt: 3000 });
  });

  it("is anew after a reconnect, with another subscription", () => {
    const before = merge("waiting", whole(7, 400, { soc: 64, power: 66 }), 1000);
    const after = known(merge(before, whole(12, 1, { soc: 20, power: null }), 60_000));
    expect(after.data).toMatchObject({ soc: 20, power: null });
    expect(after.receivedAt).toBe(60_000);
    expect(known(merge(after, changed(2, { soc: 21, age: 0 }, 12), 61_000)).data.soc).toBe(21);
  });

  it("is not made up from changes of something that was never seen whole", () => {
    expect(merge("waiting", changed(2, { soc: 70 }), 1000)).toBe("waiting");
  });
});

describe("a stream", () => {
  let frames: (() => void)[] = [];
  const connection = () => new FakeConnection();

  beforeEach(() => {
    vi.useFakeTimers();
    frames = [];
    vi.stubGlobal("requestAnimationFrame", (frame: () => void) => frames.push(frame));
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const paint = () => {
    for (const frame of frames.splice(0)) frame();
  };

  it("is one for all who watch a battery", () => {
    const hass = fakeHass();
    expect(streamOf(hass, "pack")).toBe(streamOf({ ...hass }, "pack"));
    expect(streamOf(hass, "pack")).not.toBe(streamOf(hass, "other"));
    expect(streamOf(hass, "pack")).not.toBe(streamOf(fakeHass(), "pack"));
    expect(listOf(hass)).toBe(listOf({ ...hass }));
    expect(listOf(hass)).not.toBe(listOf(fakeHass()));
  });

  it("is subscribed once, tells everybody, and goes on a little when they leave", async () => {
    const server = connection();
    const stream = new BatteryStream(server, "pack");
    const [one, other] = [vi.fn(), vi.fn()];
    const leave = [stream.listen(one), stream.listen(other)];
    expect(server.subscriptions).toHaveLength(1);
    expect(server.last().request).toEqual({ type: "smart_bms/subscribe", entry_id: "pack" });
    server.last().accept();
    server.last().send(whole());
    expect(one).toHaveBeenCalledOnce();
    expect(other).toHaveBeenCalledOnce();
    expect(known(stream.state).data.soc).toBe(64);

    for (const end of leave) end();
    await vi.advanceTimersByTimeAsync(4000);
    const back = stream.listen(one);
    expect(server.subscriptions).toHaveLength(1);
    expect(known(stream.state).data.soc).toBe(64);
    back();
    await vi.advanceTimersByTimeAsync(6000);
    expect(server.last().ended).toBe(true);
    expect(stream.state).toBe("waiting");

    stream.listen(one);
    expect(server.subscriptions).toHaveLength(2);
  });

  it("does not hear what comes late from a subscription that it ended", async () => {
    const server = connection();
    const stream = new BatteryStream(server, "pack");
    stream.listen(() => undefined)();
    await vi.advanceTimersByTimeAsync(6000);
    server.last().send(whole());
    expect(stream.state).toBe("waiting");
  });

  it("confirms what is painted: a slow browser says the newest number, once", () => {
    const server = connection();
    const stream = new BatteryStream(server, "pack");
    stream.listen(() => undefined);
    server.last().send(whole(7, 1));
    expect(server.sent).toEqual([]);
    paint();
    expect(server.sent).toEqual([{ type: "smart_bms/confirm", subscription: 7, number: 1 }]);
    for (let number = 2; number <= 9; number += 1) server.last().send(changed(number, { soc: 60 + number, age: 0 }));
    expect(frames).toHaveLength(1);
    paint();
    expect(server.sent).toHaveLength(2);
    expect(server.sent.at(-1)).toEqual({ type: "smart_bms/confirm", subscription: 7, number: 9 });
    expect(known(stream.state).data.soc).toBe(69);
  });

  it("confirms nothing of what it has left", async () => {
    const server = connection();
    const stream = new BatteryStream(server, "pack");
    const leave = stream.listen(() => undefined);
    server.last().send(whole());
    leave();
    await vi.advanceTimersByTimeAsync(6000);
    paint();
    expect(server.sent).toEqual([]);
  });

  it("is opened again by itself after a reconnect, under another number", async () => {
    const server = connection();
    const stream = new BatteryStream(server, "pack");
    stream.listen(() => undefined);
    const before = server.last();
    expect(before.options).toEqual({ resubscribe: false });
    before.accept();
    before.send(whole(7, 30));
    paint();
    server.reconnect();
    expect(server.subscriptions).toHaveLength(2);
    expect(before.ended).toBe(false); // the number may be another subscription's by now
    before.send(changed(31, { soc: 1 }));
    expect(known(stream.state).data.soc).toBe(64);
    server.last().send(whole(2, 1, { soc: 50 }));
    paint();
    expect(known(stream.state).data.soc).toBe(50);
    expect(server.sent.at(-1)).toEqual({ type: "smart_bms/confirm", subscription: 2, number: 1 });
  });

  it("is not opened again for nobody", () => {
    const server = connection();
    const stream = new BatteryStream(server, "pack");
    stream.listen(() => undefined)();
    server.reconnect();
    expect(server.subscriptions).toHaveLength(1);
  });

  it.each([
    ["unauthorized", "unauthorized", 1],
    ["not_found", "missing", 1],
    ["unknown_command", "stopped", 2],
  ])("that is refused as %s is %s", async (code, wanted, subscriptions) => {
    const server = connection();
    const stream = new BatteryStream(server, "pack");
    const listener = vi.fn();
    stream.listen(listener);
    server.last().refuse(code);
    await vi.advanceTimersByTimeAsync(0);
    expect(stream.state).toBe(wanted);
    expect(listener).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(5000);
    expect(server.subscriptions).toHaveLength(subscriptions);
  });

  it("is tried again until Home Assistant knows the integration after a restart", async () => {
    const server = connection();
    const list = new BatteryList(server);
    const leave = list.listen(() => undefined);
    for (let time = 1; time <= 4; time += 1) {
      server.last().refuse("unknown_command");
      await vi.advanceTimersByTimeAsync(0);
      expect(list.missing).toBe(true);
      await vi.advanceTimersByTimeAsync(5000);
      expect(server.subscriptions).toHaveLength(time + 1);
    }
    server.last().accept();
    server.last().send({ batteries: [battery("Garage")] });
    expect(list.missing).toBe(false);
    expect(list.batteries).toHaveLength(1);
    leave();
    await vi.advanceTimersByTimeAsync(6000);
    expect(list.batteries).toBeUndefined();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.subscriptions).toHaveLength(5);
  });

  it("is not tried again when everybody has left", async () => {
    const server = connection();
    const list = new BatteryList(server);
    const leave = list.listen(() => undefined);
    server.last().refuse("unknown_command");
    await vi.advanceTimersByTimeAsync(0);
    leave();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.subscriptions).toHaveLength(1);
  });
});
