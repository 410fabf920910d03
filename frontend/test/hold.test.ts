import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HoldButton } from "../src/hold.js";

/** The handlers of the button, without a page. */
interface Handlers {
  state: string;
  down(event: { button: number }): void;
  up(): void;
  key(event: { key: string; repeat: boolean; preventDefault(): void }): void;
  pressed(): void;
}

describe("a button that is held", () => {
  const confirmed = vi.fn();
  let button: HoldButton;
  let on: Handlers;

  beforeEach(() => {
    vi.useFakeTimers();
    confirmed.mockClear();
    button = new HoldButton();
    button.addEventListener("confirmed", confirmed);
    on = button as unknown as Handlers;
  });
  afterEach(() => vi.useRealTimers());

  const key = (name: string, repeat = false) => on.key({ key: name, repeat, preventDefault: () => undefined });
  const later = (ms: number) => vi.advanceTimersByTime(ms);

  it("does nothing on a tap", () => {
    on.down({ button: 0 });
    later(300);
    on.up();
    on.pressed();
    later(60_000);
    expect(confirmed).not.toHaveBeenCalled();
    expect(on.state).toBe("idle");
  });

  it("acts after 1.2 s, once", () => {
    on.down({ button: 0 });
    later(1199);
    expect(confirmed).not.toHaveBeenCalled();
    later(1);
    expect(confirmed).toHaveBeenCalledOnce();
    on.up();
    on.pressed();
    later(60_000);
    expect(confirmed).toHaveBeenCalledOnce();
  });

  it("is not held with another button of a mouse", () => {
    on.down({ button: 2 });
    later(5000);
    expect(confirmed).not.toHaveBeenCalled();
  });

  it.each([" ", "Enter"])("is held with the key '%s'", (name) => {
    key(name);
    later(600);
    key(name, true);
    later(600);
    expect(confirmed).toHaveBeenCalledOnce();
  });

  it("is not held with another key", () => {
    key("Tab");
    later(5000);
    expect(confirmed).not.toHaveBeenCalled();
  });

  it("acts at the second press of those who cannot hold, a second after the first at the earliest", () => {
    on.pressed();
    expect(on.state).toBe("armed");
    later(999);
    on.pressed();
    expect(confirmed).not.toHaveBeenCalled();
    later(1);
    on.pressed();
    expect(confirmed).toHaveBeenCalledOnce();
    expect(on.state).toBe("idle");
  });

  it("forgets a first press after 5 s", () => {
    on.pressed();
    later(5000);
    expect(on.state).toBe("idle");
    on.pressed();
    expect(confirmed).not.toHaveBeenCalled();
  });

  it("is let go also where it was armed before", () => {
    on.pressed();
    later(4500);
    on.down({ button: 0 });
    later(700);
    on.up();
    later(60_000);
    expect(confirmed).not.toHaveBeenCalled();
    expect(on.state).toBe("idle");
  });

  it("does nothing after it was taken away", () => {
    on.down({ button: 0 });
    button.disconnectedCallback();
    later(60_000);
    expect(confirmed).not.toHaveBeenCalled();
  });
});
