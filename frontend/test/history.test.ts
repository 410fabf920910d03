import { describe, expect, it } from "vitest";
import { parts, thin } from "../src/history.js";

const START = 1_000_000;
const END = START + 96_000; // one point a second

describe("a line of the last hours", () => {
  it("is empty without points", () => {
    expect(thin([], START, END)).toEqual([]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("is not there after %s, until something is known again", (value) => {
    expect(thin([[START, value]], START, END)).toEqual([]);
    const line = thin(
      [
        [START, 5],
        [START + 9500, value],
        [START + 50_500, 7],
      ],
      START,
      END,
    );
    const [before, after, ...more] = parts(line);
    expect(more).toEqual([]);
    expect(before?.map(([, one]) => one)).toEqual(Array(9).fill(5));
    expect(after?.map(([, one]) => one)).toEqual(Array(46).fill(7));
  });

  it("of what is always known is in one part", () => {
    expect(parts(thin([[START, 5]], START, END))).toHaveLength(1);
    expect(parts([])).toEqual([]);
  });

  it("has as many points as can be seen, from the left to the right", () => {
    const many = Array.from({ length: 50_000 }, (_, index): [number, number] => [
      START + ((END - START) * index) / 50_000,
      index,
    ]);
    const line = thin(many, START, END);
    expect(line).toHaveLength(96);
    for (const [index, [x, value]] of line.entries()) {
      expect(x).toBeCloseTo(((index + 0.5) * 100) / 96);
      if (index > 0) expect(value).toBeGreaterThan(line[index - 1]?.[1] ?? 0);
    }
  });

  it("has the mean of what falls together", () => {
    const line = thin(
      [
        [START + 100, 10],
        [START + 900, 20],
        [START + 1500, 40],
      ],
      START,
      END,
    );
    expect(line[0]?.[1]).toBe(15);
    expect(line[1]?.[1]).toBe(40);
  });

  it("keeps a value until the next one, also from before it began", () => {
    const line = thin(
      [
        [START - 5000, 100],
        [START + 50_500, -100],
      ],
      START,
      END,
    );
    expect(line).toHaveLength(96);
    expect(line.slice(0, 50).every(([, value]) => value === 100)).toBe(true);
    expect(line.slice(50).every(([, value]) => value === -100)).toBe(true);
  });

  it("begins where something is known", () => {
    const line = thin([[START + 48_500, 7]], START, END);
    expect(line).toHaveLength(48);
    expect(line[0]?.[0]).toBeCloseTo(50.5, 0);
  });
});
