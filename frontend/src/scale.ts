// Where things are drawn: cells between their limits, protections before theirs.

import type { CellLimits, Protection } from "./generated/messages.js";

/** A part of a line, from 0 to 1. */
export interface Part {
  from: number;
  to: number;
}

export interface CellScale {
  low: number;
  high: number;
  /** Hatched: once cut off, it stays so in here. */
  lowRelease: Part | null;
  highRelease: Part | null;
  /** The ends are the pack's own limits. */
  own: boolean;
}

export function clamp(value: number, low = 0, high = 1): number {
  return Math.min(high, Math.max(low, value));
}

/** Between the pack's own limits; without them between the cells, so that at least they can be compared. */
export function limitScale(limits: CellLimits, cells: readonly (number | null)[]): CellScale | null {
  const known = cells.filter((value): value is number => value !== null);
  const low = limits.undervoltage;
  const high = limits.overvoltage;
  if (low !== null && high !== null && high > low) {
    const at = (value: number | null) => (value === null ? null : clamp((value - low) / (high - low)));
    const lowEnd = at(limits.undervoltage_release);
    const highEnd = at(limits.overvoltage_release);
    return {
      low,
      high,
      lowRelease: lowEnd === null ? null : { from: 0, to: lowEnd },
      highRelease: highEnd === null ? null : { from: highEnd, to: 1 },
      own: true,
    };
  }
  if (known.length === 0) return null;
  const least = Math.min(...known);
  const most = Math.max(...known);
  return { low: least - 0.1, high: most + 0.1, lowRelease: null, highRelease: null, own: false };
}

const STEPS = [0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2];

/** The mean in the middle, and as little on both sides as holds all cells. */
export function differenceScale(cells: readonly (number | null)[], mean: number | null): CellScale | null {
  const known = cells.filter((value): value is number => value !== null);
  if (known.length === 0) return null;
  const middle = mean ?? known.reduce((sum, value) => sum + value, 0) / known.length;
  const furthest = Math.max(...known.map((value) => Math.abs(value - middle)));
  const half = STEPS.find((step) => step >= furthest - 1e-9) ?? furthest;
  return { low: middle - half, high: middle + half, lowRelease: null, highRelease: null, own: false };
}

export function place(value: number, scale: CellScale): number {
  return clamp((value - scale.low) / (scale.high - scale.low));
}

/** Cells differ enough for it to mean something: more than what the pack itself balances. */
export function differs(difference: number | null, trigger: number | null): boolean {
  return difference !== null && difference > (trigger ?? 0.01);
}

/** How cells are laid out in a width: cells a row and height of a box in px; 0 a row is the mosaic. */
export function cellLayout(count: number, width: number): { columns: number; height: number } {
  if (count > 32) return { columns: 0, height: 0 };
  const wide = width >= 700;
  if (count <= 4) return { columns: Math.max(1, count), height: 44 };
  if (count <= 16) return { columns: width >= 1000 ? count : Math.min(8, count), height: wide ? 72 : 56 };
  return { columns: wide ? 12 : 8, height: 44 };
}

/** A protection's line: the right end is its limit, the left end twice what is comfortable. */
export function protectionLine(protection: Protection): { at: number; release: Part | null } | null {
  const { margin, comfortable, limit, release } = protection;
  const length = 2 * comfortable;
  if (margin === null || length <= 0) return null;
  const distance = limit === null || release === null ? null : Math.abs(limit - release);
  return {
    at: clamp(1 - margin / length),
    release: distance === null || distance === 0 ? null : { from: clamp(1 - distance / length), to: 1 },
  };
}

/** A gradient of a mosaic: 0 the lowest cell, 1 the highest. */
export function shade(value: number, lowest: number, highest: number): number {
  return highest - lowest < 1e-6 ? 0.5 : clamp((value - lowest) / (highest - lowest));
}
