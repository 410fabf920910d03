import { describe, expect, it } from "vitest";
import { isOver } from "../src/blocks/directions.js";

describe("more flows than may", () => {
  it.each([
    ["while a limit rises from 0", true, 0, 20.5, true],
    ["also where it is not known whether anything may", null, 10, 20, true],
    ["not for what measures a little more", true, 20, 20.9, false],
    ["not without a limit", true, null, 20, false],
    ["not without a current", true, 0, null, false],
    ["not where nothing may flow: that is said already", false, 0, 20, false],
  ])("%s", (_, allowed, limit, current, expected) => {
    expect(isOver({ allowed, limit, current })).toBe(expected);
  });
});
