import { describe, expect, it } from "vitest";
import { cellLayout, clamp, differenceScale, differs, limitScale, place, protectionLine, shade } from "../src/scale.js";
import { cellLimits, protection } from "./support.js";

const CELLS = [3.3, 3.31, null, 3.29];

describe("between the limits", () => {
  it("are the pack's own, with what is released in between", () => {
    const scale = limitScale(cellLimits(), CELLS);
    expect(scale).toMatchObject({ low: 2.6, high: 3.6, own: true });
    expect(scale?.lowRelease?.from).toBe(0);
    expect(scale?.lowRelease?.to).toBeCloseTo(0.3);
    expect(scale?.highRelease?.from).toBeCloseTo(0.8);
    expect(scale?.highRelease?.to).toBe(1);
  });

  it("have no hatch where no release is known", () => {
    const scale = limitScale(cellLimits({ undervoltage_release: null, overvoltage_release: null }), CELLS);
    expect(scale).toMatchObject({ lowRelease: null, highRelease: null, own: true });
  });

  it.each([
    { undervoltage: null },
    { overvoltage: null },
    { undervoltage: 3.7 },
    { undervoltage: 3.6 },
    { undervoltage: null, overvoltage: null },
  ])("are around the cells with %o", (changes) => {
    const scale = limitScale(cellLimits(changes), CELLS);
    expect(scale?.own).toBe(false);
    expect(scale?.low).toBeCloseTo(3.19);
    expect(scale?.high).toBeCloseTo(3.41);
    expect(scale?.lowRelease).toBeNull();
    expect(scale?.highRelease).toBeNull();
  });

  it("are not there without limits and without cells", () => {
    expect(limitScale(cellLimits({ overvoltage: null }), [])).toBeNull();
    expect(limitScale(cellLimits({ overvoltage: null }), [null, null])).toBeNull();
    expect(limitScale(cellLimits(), [])?.own).toBe(true);
  });

  it("stay inside of the box with absurd releases", () => {
    const scale = limitScale(cellLimits({ undervoltage_release: 99, overvoltage_release: -99 }), CELLS);
    expect(scale?.lowRelease).toEqual({ from: 0, to: 1 });
    expect(scale?.highRelease).toEqual({ from: 0, to: 1 });
  });
});

describe("the difference", () => {
  it.each([
    [[3.3, 3.3], 0.01],
    [[3.3, 3.32], 0.01],
    [[3.3, 3.321], 0.025],
    [[3.3, 3.4], 0.05],
    [[3.3, 3.5], 0.1],
    [[3.2, 3.5], 0.15],
    [[3.0, 3.5], 0.25],
    [[2.6, 3.6], 0.5],
    [[0, 3.6], 2],
    [[0, 9], 4.5],
  ])("of %o is drawn to ± %s V", (cells, half) => {
    const scale = differenceScale(cells, null);
    const middle = cells.reduce((sum, value) => sum + value, 0) / cells.length;
    expect(scale?.low).toBeCloseTo(middle - half);
    expect(scale?.high).toBeCloseTo(middle + half);
    for (const cell of cells) {
      expect(cell).toBeGreaterThanOrEqual((scale?.low ?? 0) - 1e-9);
      expect(cell).toBeLessThanOrEqual((scale?.high ?? 0) + 1e-9);
    }
  });

  it("is around the mean that the pack says", () => {
    const scale = differenceScale([3.3, 3.3], 3.31);
    expect(((scale?.low ?? 0) + (scale?.high ?? 0)) / 2).toBeCloseTo(3.31);
  });

  it("is not there without cells", () => {
    expect(differenceScale([], 3.3)).toBeNull();
    expect(differenceScale([null], null)).toBeNull();
  });

  it("means something beyond what the pack balances", () => {
    expect(differs(null, 0.01)).toBe(false);
    expect(differs(0.01, 0.01)).toBe(false);
    expect(differs(0.011, 0.01)).toBe(true);
    expect(differs(0.011, null)).toBe(true);
    expect(differs(0.01, null)).toBe(false);
    expect(differs(0.011, 0.02)).toBe(false);
  });
});

describe("places", () => {
  it("are from 0 to 1, whatever the value", () => {
    const scale = limitScale(cellLimits(), CELLS);
    if (scale === null) throw new Error("no scale");
    expect(place(2.6, scale)).toBe(0);
    expect(place(3.1, scale)).toBeCloseTo(0.5);
    expect(place(3.6, scale)).toBe(1);
    for (const absurd of [-65.536, 0, 65.535, 1e9]) {
      expect(place(absurd, scale)).toBeGreaterThanOrEqual(0);
      expect(place(absurd, scale)).toBeLessThanOrEqual(1);
    }
  });

  it("are clamped", () => {
    expect(clamp(-1)).toBe(0);
    expect(clamp(2)).toBe(1);
    expect(clamp(5, 1, 3)).toBe(3);
  });

  it("are shades from the lowest to the highest cell, and one for equal cells", () => {
    expect(shade(3.3, 3.3, 3.3)).toBe(0.5);
    expect(shade(3.3, 3.3, 3.4)).toBe(0);
    expect(shade(3.4, 3.3, 3.4)).toBe(1);
    expect(shade(9, 3.3, 3.4)).toBe(1);
  });
});

describe("a protection's line", () => {
  it("has its limit at the right end, and twice what is comfortable at the left", () => {
    expect(protectionLine(protection({ margin: 0 }))?.at).toBe(1);
    expect(protectionLine(protection({ margin: 0.2 }))?.at).toBeCloseTo(0.5);
    expect(protectionLine(protection({ margin: 0.4 }))?.at).toBeCloseTo(0);
    expect(protectionLine(protection({ margin: 50 }))?.at).toBe(0);
    expect(protectionLine(protection({ margin: -1 }))?.at).toBe(1);
  });

  it("is the same for limits above and below, of volts, amps and degrees", () => {
    const one = protectionLine(protection());
    const below = protectionLine(protection({ above: false, limit: 2.6, release: 2.7 }));
    const hot = protectionLine(protection({ unit: "°C", limit: 60, release: 55, margin: 10, comfortable: 10 }));
    expect(below?.at).toBeCloseTo(one?.at ?? 0);
    expect(below?.release?.from).toBeCloseTo(one?.release?.from ?? 0);
    expect(hot?.at).toBeCloseTo(0.5);
    expect(hot?.release?.from).toBeCloseTo(0.75);
  });

  it("has no hatch without a release, or one at the limit", () => {
    expect(protectionLine(protection({ release: null }))?.release).toBeNull();
    expect(protectionLine(protection({ limit: null }))?.release).toBeNull();
    expect(protectionLine(protection({ release: 3.6 }))?.release).toBeNull();
    expect(protectionLine(protection({ release: -99 }))?.release).toEqual({ from: 0, to: 1 });
  });

  it("is not drawn where the margin is not known or nothing is comfortable", () => {
    expect(protectionLine(protection({ margin: null }))).toBeNull();
    expect(protectionLine(protection({ comfortable: 0 }))).toBeNull();
    expect(protectionLine(protection({ comfortable: 0, margin: 0 }))).toBeNull();
  });
});

describe("the layout", () => {
  it.each([
    [1, 390, 1, 44],
    [4, 390, 4, 44],
    [5, 320, 5, 56],
    [8, 390, 8, 56],
    [16, 390, 8, 56],
    [16, 699, 8, 56],
    [16, 700, 8, 72],
    [16, 999, 8, 72],
    [16, 1000, 16, 72],
    [13, 1200, 13, 72],
    [17, 390, 8, 44],
    [24, 700, 12, 44],
    [32, 320, 8, 44],
    [33, 390, 0, 0],
    [255, 1200, 0, 0],
  ])("of %s cells in %s px has %s a row, %s px high", (count, width, columns, height) => {
    expect(cellLayout(count, width)).toEqual({ columns, height });
  });

  it("leaves each cell at least 30 px for any number of cells", () => {
    for (let count = 0; count <= 255; count += 1)
      for (const width of [288, 300, 358, 390, 520, 700, 1000, 1400]) {
        const { columns, height } = cellLayout(count, width);
        if (count > 32) expect([columns, height]).toEqual([0, 0]);
        else {
          expect(columns).toBeGreaterThanOrEqual(1);
          expect((width - 4 * (columns - 1)) / columns).toBeGreaterThanOrEqual(30);
          expect(height).toBeGreaterThanOrEqual(40);
        }
      }
  });
});
