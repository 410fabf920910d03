// What colors mean, once for all cards. Everything derives from the variables of Home Assistant's themes.

import { css } from "lit";

export const roles = css`
  :host {
    --ink: var(--primary-text-color, #141414);
    --ink2: var(--secondary-text-color, #5e5e5e);
    --card: var(--ha-card-background, var(--card-background-color, #fff));
    --level: color-mix(in oklab, var(--state-sensor-battery-high-color, var(--green-color, #43a047)) 80%, var(--ink));
    --level-soft: color-mix(in oklab, var(--level) 34%, var(--card));
    --in: color-mix(in oklab, var(--energy-battery-in-color, #f06292) 80%, var(--ink));
    --out: color-mix(in oklab, var(--energy-battery-out-color, #4db6ac) 68%, var(--ink));
    --sun: color-mix(in oklab, var(--energy-solar-color, #ff9800) 72%, var(--ink));
    --bal: color-mix(in oklab, var(--purple-color, #926bc7) 78%, var(--ink));
    --hold: var(--ha-color-on-warning-normal, color-mix(in oklab, var(--warning-color, #ffa600) 52%, var(--ink)));
    --hold-soft: color-mix(in oklab, var(--ha-color-border-warning-normal, var(--warning-color, #ffa600)) 15%, var(--card));
    --stop: var(--ha-color-on-danger-normal, color-mix(in oklab, var(--error-color, #db4437) 74%, var(--ink)));
    --stop-soft: color-mix(in oklab, var(--ha-color-border-danger-normal, var(--error-color, #db4437)) 17%, var(--card));
    --act: color-mix(in oklab, var(--primary-color, #03a9f4) 62%, var(--ink));
    --edge: color-mix(in oklab, var(--ink) 50%, var(--card));
    --track: color-mix(in oklab, var(--ink) 9%, var(--card));
    --soft: color-mix(in oklab, var(--ink) 5%, var(--card));
    --line: color-mix(in oklab, var(--ink) 14%, var(--card));
    --hatch: repeating-linear-gradient(-45deg, color-mix(in oklab, var(--ink) 38%, transparent) 0 1px, transparent 1px 4px);
    --hatch-hold: repeating-linear-gradient(-45deg, var(--hold) 0 2px, transparent 2px 5px);
    --hatch-stop: repeating-linear-gradient(-45deg, var(--stop) 0 2px, transparent 2px 5px);
    display: block;
    height: 100%;
    color: var(--ink);
    font-family: var(--ha-font-family-body, Roboto, sans-serif);
    font-size: var(--ha-font-size-m, 14px);
    line-height: 1.4;
    font-variant-numeric: tabular-nums;
  }
  @media (prefers-contrast: more) {
    :host {
      --ink2: var(--ink);
      --edge: var(--ink);
    }
    .track,
    .cell .box {
      outline: 1px solid var(--ink);
    }
  }
  ha-card {
    container-type: inline-size;
    height: 100%;
    box-sizing: border-box;
    contain: content;
    overflow: hidden;
  }
  .content {
    display: grid;
    gap: 14px;
    padding: 16px;
  }
  .muted {
    color: var(--ink2);
  }
  .small {
    font-size: var(--ha-font-size-s, 12px);
  }
  .icon {
    --mdc-icon-size: 18px;
    --ha-icon-size: 18px;
    inline-size: 18px;
    block-size: 18px;
    display: inline-flex;
    flex: none;
  }
  h2,
  h3 {
    margin: 0;
    font-size: 16px;
    font-weight: 500;
    line-height: 1.3;
    overflow-wrap: anywhere;
  }
  h3 {
    font-size: 14px;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    align-items: baseline;
    gap: 2px 12px;
  }
  .track {
    position: relative;
    block-size: 8px;
    border-radius: 6px;
    background: var(--track);
    overflow: hidden;
  }
  .track > * {
    position: absolute;
    inset-block: 0;
  }
  button {
    font: inherit;
    color: inherit;
    background: none;
    border: 0;
    padding: 0;
    text-align: inherit;
    cursor: pointer;
  }
  .button {
    min-block-size: 40px;
    padding: 4px 16px;
    border: 1px solid var(--edge);
    border-radius: 20px;
    font-weight: 500;
    text-align: center;
  }
  .button[aria-disabled="true"] {
    border-style: dashed;
    color: var(--ink2);
    cursor: default;
  }
  :focus-visible {
    outline: 2px solid var(--ha-color-focus, var(--act));
    outline-offset: 2px;
  }
  .visually-hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (forced-colors: active) {
    .track,
    .cell .box,
    .strip {
      border: 1px solid CanvasText;
      forced-color-adjust: none;
      background-color: Canvas;
      color: CanvasText;
    }
  }
  @container (max-width: 339px) {
    .content {
      padding: 12px;
    }
  }
`;
